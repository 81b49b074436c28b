"""WARC files of other programs, in the form of ours: closed files with one gzip member for each record.

That is how most come. A file that is not compressed, or compressed as a whole, is cut into records; the bytes of each
stay as they are. A WACZ gives the WARC files in it.
"""

from __future__ import annotations

import gzip
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from archiver import errors
from archiver.warc import members
from archiver.warc.durable import writing
from archiver.warc.members import Member
from archiver.warc.recovery import SUFFIX
from archiver.warc.writer import MAX_BLOCK

PACKAGE = ".wacz"
"""Ends the name of a package of WARC files."""

_ENTRY = re.compile(r"archive/[^/]+\.warc(?:\.gz)?")
_LENGTH = re.compile(rb"(?i)\nContent-Length:[ \t]*(\d{1,15})[ \t]*\r?\n")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK"
_VERSION = b"WARC/"
_LONGEST_HEAD = 1 << 20
_END = b"\r\n\r\n"


def check(source: Path) -> None:
    """Raise UsageError for a file that begins neither as a WARC file nor as a WACZ; damage is another question."""
    expected = _ZIP if source.suffix.lower() == PACKAGE else _VERSION
    with source.open("rb") as file, suppress(EOFError, zlib.error, gzip.BadGzipFile):
        compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        with gzip.open(file) if compressed else nullcontext(file) as content:
            start = content.read(len(_VERSION))
        if not start.startswith(expected):
            raise errors.UsageError(f"expected a WARC file or a WACZ, found {source}, which begins with {start!r}")


def gathered(source: Path, folder: Path) -> Iterator[Path]:
    """Yield the WARC files of a source, each with one gzip member a record.

    What has to be written for that goes to `folder`, and is gone when the next file comes. Raises UsageError for a file
    that is neither a WARC file nor a WACZ, ArchiveDamaged for one that breaks off where it has to be cut into records.
    """
    check(source)
    if source.suffix.lower() == PACKAGE:
        for entry in _unpacked(source, folder):
            yield from gathered(entry, folder)
        return
    with source.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if compressed and _is_cut(file, source.name):
            yield source
            return
        file.seek(0)
        with gzip.open(file) if compressed else nullcontext(file) as records:
            cut = _written(_records(cast("IO[bytes]", records), source), source, folder)
    yield cut
    cut.unlink()


def _is_cut(file: BinaryIO, name: str) -> bool:
    """Return whether the first gzip member is one record; whether it is whole is another question."""
    first = next(members.walk(file, name), None)
    if not isinstance(first, Member):
        return first is None or "more than" not in first.found
    try:
        members.parse(first.content)
    except members.Malformed:
        return False
    return True


def _unpacked(source: Path, folder: Path) -> Iterator[Path]:
    """Yield the WARC files of a package one by one."""
    try:
        with zipfile.ZipFile(source) as package:
            entries = [info for info in package.infolist() if _ENTRY.fullmatch(info.filename)]
            for info in entries:
                # As the format asks; and what is not compressed cannot swell.
                if info.compress_type != zipfile.ZIP_STORED:
                    raise errors.ArchiveDamaged(f"{source}: expected {info.filename} stored, found it compressed")
                target = folder / Path(info.filename).name
                with writing(target), package.open(info) as packed, target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
                yield target
                target.unlink()
    except zipfile.BadZipFile as error:
        raise errors.ArchiveDamaged(f"{source}: expected a WACZ, found {error}") from error


def _records(file: IO[bytes], source: Path) -> Iterator[bytes]:
    """Yield the records of a file that is not compressed, as they stand; raises ArchiveDamaged where one breaks off."""
    try:
        while line := file.readline(_LONGEST_HEAD):
            if line.strip():
                yield _record(line, file, source)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise errors.ArchiveDamaged(f"{source}: expected WARC records, found {error}") from error


def _record(line: bytes, file: IO[bytes], source: Path) -> bytes:
    head = bytearray(line)
    while line.strip() and len(head) < _LONGEST_HEAD:
        line = file.readline(_LONGEST_HEAD)
        head += line
    length = _LENGTH.search(head)
    size = int(length[1]) if length else -1
    if not head.startswith(_VERSION) or not 0 <= size <= MAX_BLOCK:
        raise errors.ArchiveDamaged(f"{source}: expected a WARC record with its length, found {bytes(head[:60])!r}")
    rest = file.read(size + len(_END))
    if len(rest) < size:
        raise errors.ArchiveDamaged(f"{source}: expected a record of {size} bytes, found {len(rest)}: it breaks off")
    return bytes(head) + rest[:size] + _END


def _written(records: Iterator[bytes], source: Path, folder: Path) -> Path:
    target = folder / f"{source.name.removesuffix('.gz').removesuffix('.warc')}-cut{SUFFIX}"
    with writing(target), target.open("wb") as file:
        for record in records:
            file.write(gzip.compress(record, mtime=0))
    return target
