"""Addresses of the servers that accept notifications."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import SplitResult, urlsplit


def of_server(url: str, schemes: Container[str]) -> SplitResult | None:
    """Return the parts of a server's URL; None for one of another scheme, or whose host or port cannot be one."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and bool((parts.hostname or "").encode("idna")) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if fits else None
