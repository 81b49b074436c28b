"""Pages of the blog: bytes in, values out. No network, no database, no clock."""
