"""Archiver of the blog kexue.fm: posts, comments, images and every version of them, with the bytes they came from."""

__version__ = "0.1.0"
