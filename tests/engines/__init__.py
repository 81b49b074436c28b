"""Blogs that real engines make of our own posts, archived with no option and compared with what was put in."""
