"""Reads WARC files that are objects: by ranges, with the last blocks in memory."""

from __future__ import annotations

import io
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from archiver.clock import timestamp
from archiver.storage.bucket import Bucket
from archiver.store import warc_files
from archiver.store.warc_files import Closed
from archiver.warc.storage import Storage

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 18
"""Bytes requested at least: one request takes longer than they do, and most records are smaller."""

MOST_BLOCKS = 128
"""Blocks kept in memory: 32 MiB."""

MOST_AHEAD = 32
"""Blocks per request for a file that is read from front to back: 8 MiB."""


class Elsewhere:
    """The files of an archive that its database says are in object storage; see `archiver.warc.storage.Objects`.

    The database is queried for an unknown name: another process may have stored a file meanwhile.
    """

    def __init__(self, database: str, known: Mapping[str, tuple[str, int]] | None = None) -> None:
        """Take the URL of the database; `known` are place (without its name) and size of files, by name."""
        self._database = database
        self._known = dict(known or {})
        self._prepare()

    def _prepare(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._blocks = Blocks()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"_database": self._database, "_known": self._known}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def names(self) -> list[str]:
        """Return the names of all files that are in object storage."""
        self._ask()
        return sorted(self._known)

    def find(self, name: str) -> Remote | None:
        """Return a file by its name; None when it is not in object storage."""
        if name not in self._known:
            self._ask()
        place = self._known.get(name)
        return Remote(self, name, *place) if place else None

    def _ask(self) -> None:
        rows = warc_files.known(self._database).values()
        self._known |= {row.name: (row.url, row.size) for row in rows if row.uploaded_at and row.url and row.size}

    def bucket(self, url: str) -> Bucket:
        """Return a place of files."""
        with self._lock:
            return self._buckets.get(url) or self._buckets.setdefault(url, Bucket(url))

    def block(self, url: str, name: str, first: int, ahead: int, size: int) -> bytes:
        """Return a block of a file; `ahead` says how many to ask for at once."""
        found = self._blocks.get((name, first))
        if found is not None:
            return found
        bucket = self.bucket(url)
        start = first * BLOCK
        data = bucket.read(name, start, min(start + ahead * BLOCK, size))
        for number in range(0, len(data), BLOCK):
            self._blocks.keep((name, first + number // BLOCK), data[number : number + BLOCK])
        return data[:BLOCK]


class Blocks:
    """The blocks read last, from all files together; may be shared by threads."""

    def __init__(self, most: int = MOST_BLOCKS) -> None:
        """Keep up to `most`."""
        self._most = most
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int]) -> bytes | None:
        """Return a block by its file and number."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[str, int], block: bytes) -> None:
        """Keep a block; those unused longest go."""
        with self._lock:
            self._kept[key] = block
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


class Remote:
    """A closed WARC file in object storage; see `archiver.warc.storage.WarcFile`."""

    def __init__(self, elsewhere: Elsewhere, name: str, url: str, size: int) -> None:
        self.name = name
        self.url = url
        self.size = size
        self._elsewhere = elsewhere

    def __str__(self) -> str:
        return f"{self.url}/{self.name}"

    def open(self, _mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open it for reading; opening and reading raise as `Bucket.read` does."""
        return io.BufferedReader(_Ranges(self), BLOCK)

    def measured(self) -> Closed:
        """Return what it is, read in a stream; raises as `Bucket.read` does."""
        bucket = self._elsewhere.bucket(self.url)
        stored_at = timestamp(bucket.objects()[self.name].stored_at)
        return Closed(size=self.size, sha256=bucket.digest(self.name), closed_at=stored_at)

    def read(self, first: int, ahead: int) -> bytes:
        """Return a block, by its number; see `Elsewhere.block`."""
        return self._elsewhere.block(self.url, self.name, first, ahead, self.size)


class _Ranges(io.RawIOBase):
    """A file that is read by ranges, which grow while it is read in sequence."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._position = 0
        self._next = -1
        """The block that follows the one last read."""
        self._ahead = 1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._remote.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        if self._position >= self._remote.size or not view:
            return 0
        number, within = divmod(self._position, BLOCK)
        if number == self._next:
            self._ahead = min(2 * self._ahead, MOST_AHEAD)
        elif number != self._next - 1:
            self._ahead = 1
        self._next = number + 1
        piece = self._remote.read(number, self._ahead)[within : within + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def storage(home: Path, database: str) -> Storage:
    """Return the WARC files of the archive in a folder, whose database has this URL, wherever they are."""
    return Storage(home / "warc", Elsewhere(database))


def listed(home: Path, database: str, url: str) -> Storage:
    """Do as `storage` does, with all files that are below a URL, whatever the database says.

    Raises as `Bucket` does.
    """
    there = Bucket(url).objects()
    return Storage(home / "warc", Elsewhere(database, {name: (url, each.size) for name, each in there.items()}))
