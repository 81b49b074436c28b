"""From a page's body to Markdown, plain text and formulas: what pages need, and nothing about pages."""

EXTRACTOR_VERSION: int = 4
"""Raised whenever the same bytes would be read differently; stored with every revision of a post."""
