"""The database rebuilt from the WARC files: what the bytes say, and nothing else.

`build` makes it, from the `files` of each run in their order, with pages read (`reading`) on several processes
(`pool`). `former` says what reads differently from the database it replaces; `importing` brings other programs' WARC
files into the archive.
"""
