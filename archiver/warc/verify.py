"""Checks that an archive is, byte for byte, what was written.

Each gzip member is inflated to its end (checksum and size), each record compared with its own lengths and digests, each
request with its response. That finds whatever happens within a file. What is gone as a whole is only missed by those
who know of it, so the files are also compared with the captures in the database and with the index: a file cut between
two exchanges, a removed exchange, a missing file. After damage the check continues at the next record.

Out of reach without a second copy: up to seven bits at the end of each compressed stream, which mean nothing.
"""

from __future__ import annotations

import fcntl
import io
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from archiver.durable import in_place_of
from archiver.errors import ArchiveDamaged
from archiver.warc import forms, index, members
from archiver.warc.checks import (
    Captures,
    Check,
    CheckedFile,
    CheckedRecord,
    Descriptions,
    Digests,
    GzipHeaders,
    KnownCapture,
    KnownFile,
    Lines,
    Pairs,
    RecordPosition,
)
from archiver.warc.findings import Finding, Severity
from archiver.warc.head import Malformed
from archiver.warc.members import Broken, Large, Member
from archiver.warc.storage import Hashed, Storage, WarcFile, size
from archiver.warc.writer import OPEN_SUFFIX

__all__ = ["Finding", "KnownCapture", "KnownFile", "Severity", "VerifiedCounts", "Verifier", "verify", "verify_file"]


@dataclass(slots=True)
class VerifiedCounts:
    """What has been read so far."""

    files: int = 0
    records: int = 0
    bytes: int = 0


def verify(
    storage: Storage,
    known: Iterable[KnownCapture] | None = None,
    index_file: Path | None = None,
    tally: VerifiedCounts | None = None,
    files: Mapping[str, KnownFile] = MappingProxyType({}),
    stranded: Collection[str] = (),
) -> Iterator[Finding]:
    """Yield what is wrong with an archive's WARC files, file by file while they are read; nothing when all is well.

    `known` are the captures the database has, `index_file` is the archive's index; both as they are once everything
    written so far is in them. `files` are the files it knows, `stranded` the record ids of revisits that it knows to
    have lost their payload. A file another process is writing is checked as far as it goes. Memory holds one record,
    what is known, the ids of all records and the digests of their payloads.
    """
    archive = Verifier(known, index_file, tally, files, stranded)
    for source in sorted([*storage.closed().values(), *storage.left_open()], key=lambda each: each.name):
        yield from archive.file(source)
    yield from archive.rest()


def verify_file(path: Path, tally: VerifiedCounts | None = None) -> Iterator[Finding]:
    """Yield what is wrong with one WARC file from anywhere, as far as the file alone can tell.

    Raises UsageError for one in a coding this Python cannot undo.
    """
    yield from Verifier(tally=tally).file(path, lone=True)


class _State(Enum):
    """The state of a file."""

    CLOSED = "closed"
    IN_USE = "in use"
    """Somebody is writing to it."""
    LEFT_OPEN = "left open"
    """Its writer was killed."""


class Verifier:
    """The check of several files that belong together."""

    def __init__(
        self,
        known: Iterable[KnownCapture] | None = None,
        index_file: Path | None = None,
        tally: VerifiedCounts | None = None,
        files: Mapping[str, KnownFile] = MappingProxyType({}),
        stranded: Collection[str] = (),
    ) -> None:
        """Take what `verify` takes."""
        self.tally = tally or VerifiedCounts()
        self._index = _IndexLines(index_file) if index_file else None
        self._places: dict[str, tuple[str, int]] = {}
        """File and offset of each record id."""
        self._payloads: set[str] = set()
        """Digests of the payloads found in records."""
        self._references: list[tuple[RecordPosition, str, str | None, Severity]] = []
        """Revisits: the record and payload digest of each, and how bad it is if that payload is missing."""
        self._known: dict[str, list[KnownCapture]] | None = None
        self._files = files
        self._stranded = frozenset(stranded)
        if known is not None:
            self._known = defaultdict(list)
            for capture in known:
                self._known[capture.warc_file].append(capture)

    def file(self, source: WarcFile, *, lone: bool = False) -> Iterator[Finding]:
        """Yield what is wrong with a file; a `lone` one comes from anywhere, and in any form."""
        name = source.name.removesuffix(OPEN_SUFFIX)
        captures = None if self._known is None else Captures(self._known.pop(name, ()))
        self.tally.files += 1
        try:
            with _opened(source) as file:
                state = _state(file)
                hashed = None if lone or state is not _State.CLOSED else Hashed(file)
                read = io.BufferedReader(hashed) if hashed else file
                lines = self._lines(name, state, here=isinstance(source, Path))
                found = _FileCheck(self, name, read, state, captures, lines, lone=lone).findings()
                damaged = False
                for finding in found:
                    damaged |= finding.severity is Severity.DAMAGE
                    yield finding
                if hashed and not damaged:
                    yield from self._other(name, hashed)
        except (ArchiveDamaged, OSError) as error:
            everything = captures.within(0, sys.maxsize) if captures else []
            reason = getattr(error, "strerror", None) or str(error)
            yield _damage("unreadable file", name, "a file that can be read", reason, everything)

    def _other(self, name: str, hashed: Hashed) -> Iterator[Finding]:
        """Yield a finding for a file that is not the one that was closed, where nothing in it shows that."""
        known = self._files.get(name)
        if known and known.sha256:
            size, sha256 = hashed.measure()
            if (size, sha256) != (known.size, known.sha256):
                expected = f"the {known.size} bytes with SHA-256 {known.sha256} that were closed"
                yield _damage("other file", name, expected, f"{size} with {sha256}")

    def stream(self, name: str, file: BinaryIO, lines: Lines) -> Iterator[Finding]:
        """Yield what is wrong with a file that is part of another one, where it is called `name`."""
        self.tally.files += 1
        yield from _FileCheck(self, name, file, _State.CLOSED, None, lines, lone=True).findings()

    def _lines(self, name: str, state: _State, *, here: bool) -> Lines | None:
        """Return the check against the index; files closed here are added to it."""
        if not self._index or state is not _State.CLOSED or not (here or self._index.knows(name)):
            return None
        return self._index.lines(name)

    def once(self, place: RecordPosition, *, ours: bool) -> Iterator[Finding]:
        """Yield a finding for a record id that was used before, as some programs do."""
        first = self._places.setdefault(place.record_id, (place.file, place.offset))
        if first != (place.file, place.offset):
            severity = Severity.DAMAGE if ours else Severity.WARNING
            found = f"the one of {first[0]}, offset {first[1]}"
            yield place.finding("record id", "one that is used once", found, severity)

    def refers(self, seen: CheckedRecord, *, ours: bool) -> None:
        """Note what a revisit refers to; another program's may have its payload elsewhere."""
        digest = seen.header("warc-payload-digest")
        if seen.type == "revisit" and (original := seen.header("warc-refers-to")):
            self._references.append((seen.place, original, digest, Severity.DAMAGE if ours else Severity.WARNING))
        elif digest:
            self._payloads.add(digest)

    def rest(self) -> Iterator[Finding]:
        """Yield findings about everything that no file led to."""
        for place, original, digest, severity in self._references:
            if original not in self._places and digest not in self._payloads:
                expected = f"the record {original} that has its payload"
                bad = Severity.LOST if place.record_id in self._stranded else severity
                yield replace(place.finding("missing record", expected, "none", bad), affected=(place.record_id,))
        for name, captures in sorted((self._known or {}).items()):
            files = {self._places[each.record_id][0] for each in captures if each.record_id in self._places}
            found = f"its records in {', '.join(sorted(files))}: rename it back" if files else "none"
            expected, known = f"a file with {len(captures)} known responses", self._files.get(name, KnownFile())
            if known.lost_at:
                found = f"none since {known.lost_at}; what was read from it is in the database alone"
                finding = _damage("lost file", name, expected, found, captures)
                yield replace(finding, severity=Severity.LOST)
                continue
            if known.spool and not files:
                found = f"none here or in object storage; it was written at {known.spool}; the next run looks for it"
            yield _damage("missing file", name, expected, found, captures)
        if self._index:
            yield from self._index.rest()


def _damage(what: str, name: str, expected: str, found: str, captures: Sequence[KnownCapture] = ()) -> Finding:
    return Finding(
        severity=Severity.DAMAGE,
        what=what,
        file=name,
        expected=expected,
        found=found,
        affected=tuple(capture.record_id for capture in captures),
    )


class _FileCheck:
    """The check of one file."""

    def __init__(
        self,
        archive: Verifier,
        name: str,
        file: BinaryIO,
        state: _State,
        captures: Captures | None,
        lines: Lines | None,
        *,
        lone: bool,
    ) -> None:
        # A file that grows is read as far as it is now: the next exchange may be half there.
        self._size = size(file)
        file.seek(0)
        self._file = file if state is _State.CLOSED else members.region(file, 0, self._size)
        self._archive = archive
        self._name = name
        self._state = state
        self._captures = captures
        self._lone = lone
        self._descriptions = Descriptions(lone=lone)
        asked: list[Check | None] = [Digests(), self._descriptions, GzipHeaders(), Pairs(), captures, lines]
        self._checks = [check for check in asked if check]
        self._stretches: list[Broken] = []

    def findings(self) -> Iterator[Finding]:
        """Read the file and yield what is wrong with it."""
        if self._state is _State.LEFT_OPEN:
            yield self._left_open()
        for found in self._walk():
            self._archive.tally.bytes += found.length
            if isinstance(found, Member):
                yield from self._member(found)
            elif isinstance(found, Large):
                yield from self._large(found)
            else:
                yield from self._broken(found)
        yield from self._end()

    def _walk(self) -> Iterator[Member | Large | Broken]:
        if not self._lone:
            yield from members.walk(self._file, self._name)
            return
        try:
            yield from forms.walk(self._file, self._name)
        except (forms.NoArchive, ArchiveDamaged):
            yield Broken(0, self._size, "a WARC or ARC file", "something else")

    def _member(self, member: Member) -> Iterator[Finding]:
        try:
            seen = _seen(self._name, member)
        except Malformed as error:
            broken = Broken(member.offset, member.length, error.expected, error.found)
            yield self._stretch("record", broken, member.content, Severity.DAMAGE)
            return
        self._archive.tally.records += 1
        for check in self._checks:
            yield from check.see(seen)
        self._archive.refers(seen, ours=self._descriptions.ours)
        yield from self._archive.once(seen.place, ours=self._descriptions.ours)

    def _large(self, large: Large) -> Iterator[Finding]:
        """Yield that a record was read to its end but not examined, or that it is not as long as it says."""
        if large.size == large.inflated:
            self._archive.tally.records += 1
            what, severity, expected, found = (
                "unchecked record",
                Severity.WARNING,
                "one that memory holds",
                "a larger one",
            )
        else:
            what, severity = "record", Severity.DAMAGE
            expected, found = f"a record of {large.size} bytes", f"{large.inflated}"
        yield self._stretch(what, Broken(large.offset, large.length, expected, found), large.head, severity)

    def _broken(self, broken: Broken) -> Iterator[Finding]:
        """Yield a finding for a broken member; a torn end is no damage while a file is open, unless it is known."""
        head = members.salvage(self._file, broken.offset)
        torn_end = self._state is not _State.CLOSED and broken.offset + broken.length == self._size
        what = "gzip member" if broken.expected == members.WHOLE else "record"
        finding = self._stretch(what, broken, head, Severity.WARNING if torn_end else Severity.DAMAGE)
        if finding.affected or not torn_end or self._state is _State.LEFT_OPEN:
            yield finding

    def _stretch(self, what: str, broken: Broken, head: bytes, severity: Severity) -> Finding:
        self._stretches.append(broken)
        hit = self._captures.within(broken.offset, broken.offset + broken.length) if self._captures else []
        record_id, url = (hit[0].record_id, hit[0].target_uri) if hit else members.subject(head)
        return Finding(
            severity=Severity.DAMAGE if hit else severity,
            what=what,
            file=self._name,
            expected=broken.expected,
            found=f"{broken.found}; {broken.length} bytes hold no whole record",
            offset=broken.offset,
            record_id=record_id,
            url=url,
            affected=tuple(capture.record_id for capture in hit),
        )

    def _end(self) -> Iterator[Finding]:
        is_open = self._state is not _State.CLOSED
        if not self._size and not is_open:
            yield _damage("empty file", self._name, "records", "none")
        whole = CheckedFile(self._name, self._size, self._descriptions.ours, is_open, tuple(self._stretches))
        for check in self._checks:
            yield from check.end(whole)

    def _left_open(self) -> Finding:
        return Finding(
            severity=Severity.WARNING,
            what="open file",
            file=self._name,
            expected="a file that was closed",
            found="one that an interrupted run left open; the next run closes it",
        )


def _seen(name: str, member: Member) -> CheckedRecord:
    record = members.parse(member.content)
    place = RecordPosition(
        name,
        member.offset,
        member.offset + member.length,
        record.head.record_id,
        record.head.target_uri,
    )
    return CheckedRecord(place, member.header, record)


def _opened(source: WarcFile) -> BinaryIO:
    """Open a file; one that was still being written may have been closed since it was found."""
    try:
        return source.open("rb")
    except FileNotFoundError:
        if not isinstance(source, Path):
            raise
        return source.with_name(source.name.removesuffix(OPEN_SUFFIX)).open("rb")


def _state(file: BinaryIO) -> _State:
    if not str(getattr(file, "name", "")).endswith(OPEN_SUFFIX):
        return _State.CLOSED
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return _State.IN_USE
    except OSError:  # a file system without locks
        pass
    return _State.LEFT_OPEN


class _IndexLines:
    """The lines of an index by what they are about."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._lines: dict[str, dict[int, str]] = defaultdict(dict)
        self._there = True
        self._findings = list(self._read(path))

    def _read(self, path: Path) -> Iterator[Finding]:
        if found := in_place_of(path):
            yield self._finding(Severity.DAMAGE, "an index that can be read", found)
            return
        before = ""
        try:
            with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                for number, line in enumerate(file, 1):
                    yield from self._add(line, number, before)
                    before = line
        except FileNotFoundError:
            self._there = False
            yield self._finding(Severity.WARNING, "the index", "none: rebuild it")
        except OSError as error:
            yield self._finding(Severity.DAMAGE, "an index that can be read", error.strerror or str(error))

    def _add(self, line: str, number: int, before: str) -> Iterator[Finding]:
        try:
            warc_file, offset = index.place(line)
        except ValueError:
            yield self._finding(Severity.DAMAGE, f"CDXJ in line {number}", repr(line[:80]))
            return
        if line <= before or not line.endswith("\n"):
            yield self._finding(Severity.DAMAGE, f"whole lines in order up to line {number}", repr(line[:80]))
        self._lines[warc_file][offset] = line

    def knows(self, name: str) -> bool:
        """Return whether any line is about this file."""
        return name in self._lines

    def lines(self, name: str) -> Lines | None:
        """Return the check of a file against its lines; None when there is no index."""
        return Lines(self._name, self._lines.pop(name, None)) if self._there else None

    def rest(self) -> Iterator[Finding]:
        """Yield what is wrong with the index by itself, and lines that no file led to."""
        yield from self._findings
        for name, lines in sorted(self._lines.items()):
            yield self._finding(Severity.DAMAGE, "lines about files that are there", f"{len(lines)} about {name}")

    def _finding(self, severity: Severity, expected: str, found: str) -> Finding:
        return Finding(severity=severity, what="index", file=self._name, expected=expected, found=found)
