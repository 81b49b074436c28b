"""The reader: the archive as pages to read, search and compare, and the same as JSON."""
