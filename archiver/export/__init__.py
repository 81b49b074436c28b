"""Formats the archive is handed over in."""
