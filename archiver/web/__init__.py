"""The archive in a browser: the blog as it was, from its records, on this machine only."""
