"""The pictures of posts, out of the archive's records."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archiver.errors import ArchiverError
from archiver.store.library import Library
from archiver.warc.reader import read_record

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/svg+xml": ".svg",
    "image/webp": ".webp",
}
"""Media types of pictures that every reader of an export may be expected to show, and their suffixes."""

_MARKS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
"""How pictures begin, whatever the server calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as archived."""

    name: str
    """File name that is safe everywhere and no other picture has."""
    media_type: str
    data: bytes


class Pictures:
    """Finds pictures by their canonical addresses."""

    def __init__(self, library: Library, warc: Path) -> None:
        self._library = library
        self._warc = warc
        self.missing: set[str] = set()
        """Addresses asked for that the archive does not hold, or not as a picture."""

    def find(self, url: str) -> Picture | None:
        """Return a picture, or None when the archive does not hold it."""
        held = self._library.held(url)
        if held is not None:
            try:
                data = read_record(self._warc, held.warc_file, held.warc_offset).body
            except ArchiverError:  # `archiver verify` is what tells of damage
                data = b""
            media_type = _media_type(data, held.content_type)
            if data and media_type:
                return Picture(name=_name(url, SUFFIXES[media_type]), media_type=media_type, data=data)
        self.missing.add(url)
        return None

    def report(self) -> str | None:
        """Return a sentence about what is missing, if anything is."""
        if not self.missing:
            return None
        first = ", ".join(sorted(self.missing)[:3])
        return f"{len(self.missing)} pictures are not in the archive and stay links: {first} …"


def _media_type(data: bytes, named: str) -> str | None:
    for mark, media_type in _MARKS.items():
        if data.startswith(mark):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    is_svg = named.partition(";")[0].strip().lower() == "image/svg+xml" and b"<svg" in data[:2000]
    return "image/svg+xml" if is_svg else None


def _name(url: str, suffix: str) -> str:
    """Return the last part of an address after a digest of all of it: last parts repeat."""
    stem = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")[0]
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40]
    return f"{hashlib.sha256(url.encode()).hexdigest()[:8]}{'-' * bool(safe)}{safe}{suffix}"
