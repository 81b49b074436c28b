"""Archived pictures: by their bytes what they are, whatever their server said."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.errors import ArchiverError
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.web.exchange import Exchanges

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"BM", 0, "image/bmp"),
    (b"\x00\x00\x01\x00", 0, "image/x-icon"),
)
SVG = "image/svg+xml"
SVG_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For a drawing that somebody opens by itself: within a page it runs no scripts anyway."""

_MOST_TRIES = 8  # captures of an address that turn out to be no picture


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was archived."""

    kind: str
    """Its media type."""
    data: bytes
    capture_id: int


def picture(timeline: Timeline, exchanges: Exchanges, url: str) -> Picture | None:
    """Return the latest archived picture of an address, or None."""
    canonical = _canonical(url)
    for skip in range(_MOST_TRIES):
        held = timeline.best(canonical, skip=skip) if canonical else None
        if held is None:
            return None
        try:
            data = exchanges.read(held).decoded()
        except ArchiverError:
            continue
        if 200 <= held.status < 300 and (kind := _kind(data, held.content_type)):
            return Picture(kind, data, held.id)
    return None


def _canonical(url: str) -> str | None:
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            return None
        return Site().canonical(url) or url
    except ValueError:
        return None


def _kind(data: bytes, claimed: str) -> str | None:
    for signature, place, kind in _SIGNATURES:
        if data.startswith(signature, place):
            return kind
    return SVG if claimed.lower().startswith(SVG) and b"<svg" in data[:4096].lower() else None
