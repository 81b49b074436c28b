"""The pictures of posts, from the archive's records, or from its database where they are in a page itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from archiver.counting import counted
from archiver.errors import ArchiverError, StorageUnreachable
from archiver.media import SUFFIXES, is_digest, picture_type
from archiver.store.library import Library
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A picture as archived."""

    name: str
    """A file name that is safe everywhere and unique to this picture."""
    media_type: str
    data: bytes


class Pictures:
    """Finds pictures by their canonical addresses."""

    def __init__(self, library: Library, warc: Storage, shown: Collection[str] = SUFFIXES) -> None:
        """Take the media types of pictures that every reader of the export may be expected to show."""
        self._library = library
        self._warc = warc
        self._shown = shown
        self.missing: set[str] = set()
        """Addresses asked for that the archive does not hold, or not as a picture."""

    def find(self, url: str) -> PictureFile | None:
        """Return a picture, or None when the archive does not hold it."""
        data, media_type = self._embedded(url) if is_digest(url) else self._captured(url)
        if media_type is not None and media_type in self._shown:
            return PictureFile(name=_name(url, SUFFIXES[media_type]), media_type=media_type, data=data)
        self.missing.add(url)
        return None

    def _embedded(self, url: str) -> tuple[bytes, str | None]:
        found = self._library.embedded_picture(url)
        return (found.data, found.media_type) if found else (b"", None)

    def _captured(self, url: str) -> tuple[bytes, str | None]:
        """Return the latest capture that is a picture: a later error page does not hide it."""
        for held in self._library.held(url):
            try:
                data = read_record(self._warc, held.warc_file, held.warc_offset).body
            except StorageUnreachable:
                raise
            except ArchiverError:  # `archiver verify` is what reports damage
                continue
            if kind := picture_type(data, held.content_type):
                return data, kind
        return b"", None

    def report(self) -> str | None:
        """Return a sentence about what is missing, if anything is."""
        if not self.missing:
            return None
        first = ", ".join(sorted(self.missing)[:3])
        return (
            f"not in the archive, so still links to the blog: {counted(len(self.missing), 'picture')}, such as {first}"
        )


def _name(url: str, suffix: str) -> str:
    """Return the last part of an address behind a digest of the whole: last parts repeat."""
    stem = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")[0]
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40]
    return f"{hashlib.sha256(url.encode()).hexdigest()[:8]}{'-' * bool(safe)}{safe}{suffix}"
