"""The database: a view of the WARC files that can be queried. Mapped rows never leave this package."""
