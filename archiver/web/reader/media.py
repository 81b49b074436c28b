"""Archived pictures, whose bytes say what they are, whatever their server said."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.errors import ArchiverError
from archiver.media import MOST_TRIES, is_digest, picture_type
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.web.exchange import Exchanges
from archiver.web.reader.desk import Desk

SVG_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Policy for a drawing opened by itself: within a page it runs no scripts anyway."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was archived."""

    kind: str
    """Its media type."""
    data: bytes
    capture_id: int | None
    """Its capture; None for one that is in a page itself."""


def picture(here: Desk, url: str) -> Picture | None:
    """Return the latest archived picture at an address, or the one that is in a page itself; or None."""
    if is_digest(url):
        found = here.pool.tuples("SELECT media_type, data FROM embedded_pictures WHERE url = :url", {"url": url})
        return next((Picture(kind, bytes(data), None) for kind, data in found), None)
    return _captured(here.timeline, here.exchanges, here.site, url)


def _captured(timeline: Timeline, exchanges: Exchanges, site: Site, url: str) -> Picture | None:
    canonical = _canonical(url, site)
    for skip in range(MOST_TRIES):
        held = timeline.best(canonical, skip=skip) if canonical else None
        if held is None:
            return None
        try:
            data = exchanges.read(held).decoded()
        except ArchiverError:
            continue
        if 200 <= held.status < 300 and (kind := picture_type(data, held.content_type)):
            return Picture(kind, data, held.id)
    return None


def _canonical(url: str, site: Site) -> str | None:
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            return None
        return site.canonical(url) or url
    except ValueError:
        return None
