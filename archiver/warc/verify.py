"""Checks that an archive is, byte for byte, what was written.

Each gzip member is inflated to its end (checksum and size), each record held against its own lengths and digests, each
request against its response. That finds whatever happens within a file. What is gone as a whole is missed only by who
knows of it, so the files are also held against the captures of the database and against the index: a file cut between
two exchanges, an exchange taken out, a file that is not there. After damage the check goes on at the next record.

Out of reach without a second copy: up to seven bits at the end of each compressed stream, which mean nothing.
"""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver.warc import index, members
from archiver.warc.checks import (
    Captures,
    Check,
    Descriptions,
    Digests,
    GzipHeaders,
    KnownCapture,
    Pairs,
    Place,
    Seen,
    Whole,
)
from archiver.warc.findings import Finding, Severity
from archiver.warc.members import Malformed, Member
from archiver.warc.reader import Damage
from archiver.warc.recovery import CAPTURES, SUFFIX
from archiver.warc.writer import OPEN_SUFFIX

__all__ = ["Finding", "KnownCapture", "Severity", "Tally", "verify", "verify_file"]


@dataclass(slots=True)
class Tally:
    """What has been read so far."""

    files: int = 0
    records: int = 0
    bytes: int = 0


def verify(
    directory: Path,
    known: Iterable[KnownCapture] | None = None,
    index_file: Path | None = None,
    tally: Tally | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong with the WARC files of a folder, file by file while they are read; nothing when all is well.

    `known` are the captures the database has, `index_file` is the archive's index; both as they are once everything
    written so far is in them. A file another process is writing is checked as far as it goes. Memory holds one record,
    what is known, and the ids of all records.
    """
    archive = _Archive(known, index_file, tally or Tally())
    for path in sorted([*directory.glob(f"*{SUFFIX}"), *directory.glob(f"*{SUFFIX}{OPEN_SUFFIX}")]):
        yield from archive.file(path)
    yield from archive.rest()


def verify_file(path: Path, tally: Tally | None = None) -> Iterator[Finding]:
    """Yield what is wrong with one WARC file from anywhere, as far as it tells by itself."""
    yield from _Archive(None, None, tally or Tally()).file(path)


class _Archive:
    """What is known of all files together."""

    def __init__(self, known: Iterable[KnownCapture] | None, index_file: Path | None, tally: Tally) -> None:
        self._tally = tally
        self._places: dict[str, tuple[str, int]] = {}
        """File and offset of each record id."""
        self._known: dict[str, list[KnownCapture]] | None = None
        if known is not None:
            self._known = defaultdict(list)
            for capture in known:
                self._known[capture.warc_file].append(capture)
        self._index = _Index(index_file) if index_file else None

    def file(self, path: Path) -> Iterator[Finding]:
        """Yield what is wrong with a file."""
        name = path.name.removesuffix(OPEN_SUFFIX)
        captures = None if self._known is None else Captures(self._known.pop(name, ()))
        self._tally.files += 1
        try:
            with path.open("rb") as file:
                yield from self._read(name, file, path.name != name, captures)
        except OSError as error:
            yield Finding(
                severity=Severity.DAMAGE,
                what="unreadable file",
                file=name,
                expected="a file that can be read",
                found=error.strerror or str(error),
            )

    def _read(self, name: str, file: BinaryIO, is_open: bool, captures: Captures | None) -> Iterator[Finding]:
        growing = is_open and _in_use(file)
        descriptions = Descriptions()
        checks: list[Check] = [Digests(), descriptions, GzipHeaders(), Pairs()]
        if captures:
            checks.append(captures)
        if self._index:
            checks.append(self._index)
        stretches: list[Damage] = []
        for found in members.walk(file, name):
            self._tally.bytes += found.length
            ...
