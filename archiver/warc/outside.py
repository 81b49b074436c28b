"""The WARC files of a source from anywhere: the file itself, or those in a WACZ and in the WACZ within it."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from archiver import errors
from archiver.warc import forms
from archiver.warc.zips import BROKEN, ZipContents

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PACKAGE = ".wacz"
"""Ending of the name of a package of WARC files."""

_ENTRY = re.compile(r"(?:.*/)?archive/.+\.w?arc(?:\.gz|\.zst)?", re.IGNORECASE)
_ZIP = b"PK\x03\x04"
_MOST_DEPTH = 3  # levels of packages in packages


@dataclass(frozen=True, slots=True)
class WarcSource:
    """One WARC file, open for reading."""

    name: str
    """Its name as the user knows it: the file's, and the path within the package."""
    file: BinaryIO
    fault: str = ""
    """Why it cannot be read, if it cannot."""


def check(path: Path) -> None:
    """Raise UsageError for what is not an archive, ArchiveDamaged for a package that cannot be opened."""
    for source in sources(path):
        if not source.fault:
            next(forms.walk(source.file, source.name), None)
            return


def sources(path: Path) -> Iterator[WarcSource]:
    """Yield the WARC files of a source; each must be read before the next is requested.

    Raises UsageError for what is not a file and for a package without any, ArchiveDamaged for one that is not a zip.
    """
    with _file(path) as file:
        start = file.read(len(_ZIP))
        file.seek(0)
        if path.suffix.lower() == PACKAGE and start != _ZIP:
            raise errors.UsageError(f"expected a WARC file or a WACZ, found {path}, which begins with {start!r}")
        if start != _ZIP:
            yield WarcSource(path.name, file)
            return
        found = False
        for source in _packed(file, path.name, _MOST_DEPTH):
            found = True
            yield source
    if not found:
        raise errors.UsageError(
            f"expected a WARC file or a WACZ with WARC files in its folder archive, found none in {path}"
        )


def is_package(path: Path) -> bool:
    """Return whether a file is a package of WARC files, by its name or first bytes; UsageError if there is none."""
    with _file(path) as file:
        return path.suffix.lower() == PACKAGE or file.read(len(_ZIP)) == _ZIP


def _file(path: Path) -> BinaryIO:
    """Open a file; a pipe might never answer, and can be read only once."""
    if path.exists() and not path.is_file():
        raise errors.UsageError(
            f"expected a file, found {path}, which is none; save what comes from it as a file first"
        )
    return path.open("rb")


def _packed(file: BinaryIO, name: str, depth: int) -> Iterator[WarcSource]:
    """Yield the WARC files of a package one by one, and those of the packages in it."""
    try:
        package = zipfile.ZipFile(file)
    except BROKEN as error:
        raise errors.ArchiveDamaged(f"{name}: expected a WACZ, found {error}; get it again") from error
    survey = ZipContents(file, package)
    for place, problem in survey.problems:
        if _ENTRY.fullmatch(place):
            yield WarcSource(f"{name}, {place}", file, f"expected {problem.expected}, found {problem.found}")
    for place, entry in survey.entries.items():
        inner = place.lower().endswith(PACKAGE)
        if not (inner or _ENTRY.fullmatch(place)):
            continue
        unpacked = None if entry.stored else _Unpacked(entry.open())
        with io.BufferedReader(unpacked) if unpacked else entry.region(file) as content:
            if not inner:
                yield WarcSource(f"{name}, {place}", content)
            elif depth:
                yield from _packed(content, f"{name}, {place}", depth - 1)
        if unpacked and unpacked.fault:
            yield WarcSource(f"{name}, {place}", file, f"expected an entry that is whole, found {unpacked.fault}")


class _Unpacked(io.RawIOBase):
    """The content of a compressed entry, which ends where it is broken."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.fault = ""
        """Why it is broken off; empty if it is whole as far as it was read."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with self._until_it_breaks():
            self._content.seek(offset, whence)
        return self._content.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        piece = b""
        with self._until_it_breaks():
            piece = self._content.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(piece)] = piece
        return len(piece)

    @contextmanager
    def _until_it_breaks(self) -> Iterator[None]:
        try:
            yield
        except BROKEN as error:
            self.fault = str(error) or type(error).__name__
