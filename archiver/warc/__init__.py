"""WARC files: writing, reading, checking and packing them; the only folder that knows warcio."""
