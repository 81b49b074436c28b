"""The WARC files of an archive, wherever they are: in its folder, or as objects somewhere else.

A file is written in the folder and may go elsewhere once it is closed. Readers of records ask for a file by its name
and get it from where it is; a copy in the folder comes first.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from archiver import errors
from archiver.durable import expect_file
from archiver.warc.writer import OPEN_SUFFIX

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIX = ".warc.gz"
"""Ending of every closed file's name."""

_PIECE = 1 << 20
_ADVICE = "run `archiver verify` to see what else is damaged, then restore the file from a copy"


class WarcFile(Protocol):
    """A file that can be opened and read at any offset, such as a path."""

    @property
    def name(self) -> str:
        """Its name, without a folder."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it for reading; raise OSError when it cannot be read, or ArchiverError, which says why."""


class Objects(Protocol):
    """Closed WARC files that are not in the folder, or not only there."""

    def names(self) -> list[str]:
        """Return the names of all of them."""

    def find(self, name: str) -> WarcFile | None:
        """Return the one with this name."""


class Storage:
    """The WARC files of one archive, for reading; may be shared by threads, and pickled if its objects may be."""

    def __init__(self, folder: Path, objects: Objects | None = None) -> None:
        """Take the folder of the files that are being written, and the objects elsewhere."""
        self.folder = folder
        self.objects = objects

    def closed(self) -> dict[str, WarcFile]:
        """Return the closed files, by name and in that order; raise UsageError for a pipe or device of such a name."""
        found = {name: source for name in self._elsewhere() if (source := self._object(name))}
        found |= {path.name: path for path in self._here(SUFFIX)}
        return dict(sorted(found.items()))

    def left_open(self) -> list[Path]:
        """Return the files that are being written, or were when their writer was killed, by name."""
        return sorted(self._here(SUFFIX + OPEN_SUFFIX))

    def names(self) -> set[str]:
        """Return the names of the closed files."""
        return {*self._elsewhere(), *(path.name for path in self.folder.glob(f"*{SUFFIX}"))}

    def local(self, name: str) -> Path | None:
        """Return the file with this name in the folder, which may still be being written; None when it is not there.

        Raises ArchiveDamaged for what is not a name of a file: it comes from a database, which may come from anywhere.
        """
        if Path(name).name != name or "\0" in name or not name.strip("."):
            raise errors.ArchiveDamaged(f"expected the name of a file in {self.folder}, found {name!r}; {_ADVICE}")
        # The final name twice: the file may be renamed after the first look.
        paths = (self.folder / each for each in (name, name + OPEN_SUFFIX, name))
        found = next((path for path in paths if path.exists()), None)
        return _readable(found) if found else None

    def file(self, name: str) -> WarcFile:
        """Return the file with this name, even one that is still being written.

        Raises ArchiveDamaged when there is none.
        """
        found = self.local(name) or self._object(name)
        if found is None:
            raise errors.ArchiveDamaged(f"expected the file {self.folder / name}, found none; restore it from a copy")
        return found

    def open(self, name: str) -> BinaryIO:
        """Open the file with this name; raises as `file` and `WarcFile.open` do."""
        try:
            return self.file(name).open("rb")
        except FileNotFoundError:  # it was renamed or moved elsewhere after the look
            return self.file(name).open("rb")

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return so many bytes of a file from an offset, or as many as there are; raises as `open` does."""
        path = self.local(name)
        if path is None:
            with self.open(name) as file:
                file.seek(offset)
                return file.read(length)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)

    def _here(self, suffix: str) -> list[Path]:
        return [_readable(path) for path in self.folder.glob(f"*{suffix}")]

    def _elsewhere(self) -> list[str]:
        return self.objects.names() if self.objects else []

    def _object(self, name: str) -> WarcFile | None:
        return self.objects.find(name) if self.objects else None


def _readable(path: Path) -> Path:
    """Return a path, or raise UsageError where opening it would wait; whoever opens a folder reports it."""
    if not path.is_dir():
        expect_file(path)
    return path


def size(file: BinaryIO) -> int:
    """Return the current size of an open file, in bytes."""
    return file.seek(0, os.SEEK_END)


def pieces(source: WarcFile, most: int = _PIECE) -> Iterator[bytes]:
    """Yield the content of a file, in pieces of at most so many bytes."""
    with source.open("rb") as file:
        while piece := file.read(most):
            yield piece


class Hashed(io.RawIOBase):
    """A file whose SHA-256 is computed while it is read, mostly from front to back: nothing is read twice for it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0
        self._end = 0
        """The offset up to which it has been read without a gap."""
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset in the file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        self._position = (size(self._file) if base is None else base) + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read from there."""
        view = memoryview(buffer)
        self._read_up_to(self._position)
        self._file.seek(self._position)
        piece = self._file.read(len(view))
        view[: len(piece)] = piece
        self._take(self._position, piece)
        self._position += len(piece)
        return len(piece)

    def measure(self) -> tuple[int, str]:
        """Return the bytes of the file and its SHA-256, reading what has not been read."""
        whole = size(self._file)
        self._read_up_to(whole)
        return whole, self._sha256.hexdigest()

    def _read_up_to(self, position: int) -> None:
        while self._end < position:
            self._file.seek(self._end)
            piece = self._file.read(min(_PIECE, position - self._end))
            if not piece:
                return
            self._take(self._end, piece)

    def _take(self, start: int, piece: bytes) -> None:
        if start <= self._end < start + len(piece):
            self._sha256.update(piece[self._end - start :])
            self._end = start + len(piece)
