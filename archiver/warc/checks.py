"""What one WARC file can be checked for, one question each.

A check sees the file's records in order, and is asked again at the end; both give findings. The stretches of the file
that hold no whole record are reported by the reader, so a check need not report again what was in them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from archiver.counting import counted
from archiver.warc import index, members
from archiver.warc.findings import Finding, Severity
from archiver.warc.head import ANSWERS, is_capture
from archiver.warc.members import Broken, RawRecord

OURS = b"software: blog-archiver/"
"""In the warcinfo record of this program's files, which are held to this program's standards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCapture:
    """What the database says about a response record, or a revisit."""

    warc_file: str
    """Name within the folder."""
    warc_offset: int
    warc_length: int
    record_id: str
    """With its angle brackets."""
    target_uri: str
    payload_sha256: str | None = None
    """Lower-case hex over the entity without chunks; None when it is not to be compared, as for revisits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """What the database says about a closed file."""

    size: int | None = None
    sha256: str | None = None
    """Lower-case hex over all of it; None while it is not known."""
    spool: str | None = None
    """Machine and folder that have it, if that may be another one."""
    lost_at: str | None = None
    """When it was found to be lost."""


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """Where a record is and what it is about."""

    file: str
    offset: int
    end: int
    """Where the next record begins."""
    record_id: str
    url: str | None

    def finding(self, what: str, expected: str, found: str, severity: Severity = Severity.DAMAGE) -> Finding:
        """Return a finding at this place."""
        return Finding(
            severity=severity,
            what=what,
            file=self.file,
            expected=expected,
            found=found,
            offset=self.offset,
            record_id=self.record_id,
            url=self.url,
        )


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """One whole record of a file."""

    place: RecordPosition
    gzip_header: bytes
    record: RawRecord

    @property
    def type(self) -> str:
        """Type of the record."""
        return self.record.head.type

    def header(self, name: str) -> str | None:
        """Return the record's header of that (lower-case) name."""
        return self.record.head.fields.get(name)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file, once it was read."""

    name: str
    size: int
    ours: bool
    """Whether this program wrote it."""
    open: bool
    """Whether it is being written, or was when its run was killed."""
    stretches: tuple[Broken, ...]
    """Stretches without a whole record, in order."""

    def damaged(self, offset: int) -> bool:
        """Return whether an offset is within such a stretch, or at its end."""
        return any(each.offset <= offset <= each.offset + each.length for each in self.stretches)


class Check(Protocol):
    """One check of a file."""

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Look at the next record; return what is wrong with it on its own."""

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return what is wrong with the file as a whole."""


class Digests:
    """Block and payload are those from which the digests were made."""

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Return the digests that do not fit."""
        for what, label, fits in seen.record.digests():
            if fits is None:
                known = "an algorithm this Python knows (BLAKE3: with the extra `foreign`)"
                yield seen.place.finding(what, known, label, Severity.WARNING)
            elif not fits:
                yield seen.place.finding(what, label, "bytes with another one")

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return nothing more."""
        return ()


class GzipHeaders:
    """No checksum covers the first bytes of a member, but a program writes the same ones each time."""

    def __init__(self) -> None:
        self._first: dict[bytes, RecordPosition] = {}
        self._counts: Counter[bytes] = Counter()

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Take note of a record."""
        self._counts[seen.gzip_header] += 1
        self._first.setdefault(seen.gzip_header, seen.place)
        return ()

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return what differs from the others."""
        if not whole.ours:
            return
        ((usual, _),) = self._counts.most_common(1)
        for header, place in self._first.items():
            if header != usual:
                yield place.finding("gzip header", usual.hex(" "), header.hex(" "))


class Descriptions:
    """Each record names the record that describes its file, and that one names the file."""

    def __init__(self, *, lone: bool) -> None:
        """Prepare; the description of a `lone` file, from anywhere, may be in another one."""
        self.ours = False
        """Whether this program wrote the file: its first record says so, others may be copies."""
        self._lone = lone
        self._ids: set[str] = set()
        self._named: dict[str, RecordPosition] = {}

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Take note of a record; return a name of the file that is not its name."""
        if seen.type != "warcinfo":
            self._named.setdefault(seen.header("warc-warcinfo-id") or "", seen.place)
            return
        self.ours |= not self._ids and OURS in bytes(seen.record.block)
        name = seen.header("warc-filename") or seen.place.file
        copied = bool(self._ids) and not self.ours
        self._ids.add(seen.place.record_id)
        if name != seen.place.file and not copied:
            yield seen.place.finding("file name", name, seen.place.file, Severity.WARNING)

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return missing descriptions; those of other programs may be elsewhere."""
        custom = not self.ours and (self._lone or self._ids)
        severity = Severity.WARNING if custom else Severity.DAMAGE
        for named, place in self._named.items():
            lost = any(each.offset < place.offset for each in whole.stretches)
            if named and named not in self._ids and not lost:
                yield place.finding("missing record", f"the file's description {named}", "none", severity)


class Pairs:
    """Each request names its response, and each response is named by its request.

    Only for this program's files: others let the response name the request, or keep no requests.
    """

    def __init__(self) -> None:
        self._answers: dict[str, RecordPosition] = {}
        self._questions: dict[str, RecordPosition] = {}

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Take note of a record."""
        if seen.type in ANSWERS:
            self._answers[seen.place.record_id] = seen.place
        elif seen.type == "request":
            self._questions[seen.header("warc-concurrent-to") or seen.place.record_id] = seen.place
        return ()

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return those that are alone, but not those next to reported damage."""
        if not whole.ours:
            return
        for answer, place in self._answers.items():
            if answer not in self._questions and not whole.damaged(place.offset):
                yield place.finding("missing record", "the request of this response", "none")
        for question, place in self._questions.items():
            if question not in self._answers and not whole.damaged(place.end) and not whole.open:
                yield place.finding("missing record", f"the response {question} to this request", "none")


class Lines:
    """The index has the line of each record, and no others of the file."""

    def __init__(self, name: str, lines: dict[int, str] | None, *, ours: bool = True) -> None:
        """Take the index's name and its lines about the file by the offset of the record, None if it has no line.

        Other programs add further fields to lines, and lines about further records.
        """
        self._name = name
        self._lines = lines
        self._ours = ours
        self._wrong: list[RecordPosition] = []

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Compare the record with its line."""
        found = self._lines.pop(seen.place.offset, None) if self._lines else None
        if index.indexed(seen.type, seen.header("content-type")):
            expected = index.line_of(_entry(seen))
            fits = found == expected or (not self._ours and _will_do(found, expected, seen))
        else:
            fits = found is None or not self._ours
        if not fits:
            self._wrong.append(seen.place)
        return ()

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return where they disagree."""
        if self._lines is None:
            if self._wrong:
                yield self._finding(f"lines about {whole.name}", "none: rebuild the index", Severity.WARNING)
            return
        if self._wrong:
            first = self._wrong[0]
            records = counted(len(self._wrong), "record")
            what = f"the lines of {records} of {whole.name}, the first at offset {first.offset}"
            finding = self._finding(what, "others or none: rebuild the index")
            yield replace(finding, record_id=first.record_id, url=first.url)
        beside = [offset for offset in self._lines if not whole.damaged(offset)]
        if beside:
            found = f"{len(beside)} others, the first at offset {min(beside)}"
            yield self._finding(f"lines about records of {whole.name}", found)

    def _finding(self, expected: str, found: str, severity: Severity = Severity.DAMAGE) -> Finding:
        return Finding(severity=severity, what="index", file=self._name, expected=expected, found=found)


def _will_do(found: str | None, expected: str, seen: CheckedRecord) -> bool:
    """Return whether a line agrees with another in all common fields; a 304 or a non-response needs no line."""
    if found is None:
        return index.is_unchanged(expected) or seen.type not in ANSWERS
    fields, known = (json.loads(line[line.index(" {") :]) for line in (found, expected))
    if not seen.header("warc-payload-digest"):  # each program calculates its own then: py-wacz that of no payload
        known.pop("digest", None)
    return all(_means(name, fields.get(name, value), value) for name, value in known.items())


def _means(name: str, found: object, expected: str) -> bool:
    """Return whether a field means the same: other programs write numbers as such, and digests in their own ways."""
    if name == "digest" and isinstance(found, str):
        label = found if ":" in found else f"sha1:{found}"
        return members.digest_value(label) == members.digest_value(expected)
    return str(found) == expected


def _entry(seen: CheckedRecord) -> index.IndexedRecord:
    return index.IndexedRecord(
        type=seen.type,
        target_uri=seen.place.url,
        date=seen.record.head.date,
        content_type=seen.header("content-type"),
        digest=seen.header("warc-payload-digest"),
        block=bytes(seen.record.block),
        warc_file=seen.place.file,
        offset=seen.place.offset,
        length=seen.place.end - seen.place.offset,
    )


class Captures:
    """The responses are those that the database has, where it says they are."""

    def __init__(self, known: Iterable[KnownCapture]) -> None:
        self._known = {capture.warc_offset: capture for capture in known}
        self._unknown: dict[str, RecordPosition] = {}

    def see(self, seen: CheckedRecord) -> Iterable[Finding]:
        """Return where database and record disagree."""
        if not is_capture(seen.type, seen.place.url):
            return
        place = seen.place
        known = self._known.get(place.offset)
        if known is None or known.record_id != place.record_id:
            self._unknown[place.record_id] = place
            return
        del self._known[place.offset]
        if known.warc_length != place.end - place.offset:
            yield place.finding("length", f"{known.warc_length} bytes", f"{place.end - place.offset} bytes")
        if known.target_uri != place.url:
            yield place.finding("address", known.target_uri, str(place.url))
        if known.payload_sha256 and seen.type == "response" and not _has_sha256(seen.record, known.payload_sha256):
            yield place.finding("payload", f"SHA-256 {known.payload_sha256}", "another one")

    def within(self, start: int, end: int) -> list[KnownCapture]:
        """Return the known captures in a stretch without a whole record; they are then accounted for."""
        inside = [offset for offset in self._known if start <= offset < end]
        return [self._known.pop(offset) for offset in sorted(inside)]

    def end(self, whole: CheckedFile) -> Iterable[Finding]:
        """Return what the database has and the file lacks, has elsewhere, or has in addition."""
        missing = sorted(self._known.values(), key=_offset)
        for (moved, beyond), group in groupby(missing, lambda known: self._fate(known, whole)):
            yield self._lost(list(group), moved, beyond, whole)
        if not whole.open and self._unknown:
            first, *_ = self._unknown.values()
            yield first.finding(
                "unknown record",
                "responses the database knows of",
                f"{len(self._unknown)} it does not know of; the next run adds them",
                Severity.WARNING,
            )

    def _fate(self, known: KnownCapture, whole: CheckedFile) -> tuple[int | None, bool]:
        """Return by how many bytes a capture has moved, or None and whether its place is beyond the file's end."""
        place = self._unknown.pop(known.record_id, None)
        return (place.offset - known.warc_offset, False) if place else (None, known.warc_offset >= whole.size)

    def _lost(self, captures: list[KnownCapture], moved: int | None, beyond: bool, whole: CheckedFile) -> Finding:
        first = captures[0]
        number = counted(len(captures), "known response")
        if moved is not None:
            found = f"{abs(moved)} bytes {'before' if moved < 0 else 'after'}"
        else:
            found = f"the end of the file at {whole.size}" if beyond else "none"
        return Finding(
            severity=Severity.DAMAGE,
            what="missing record" if moved is None else "moved record",
            file=whole.name,
            expected=f"{number} from here on" if len(captures) > 1 else f"{number} here",
            found=found,
            offset=first.warc_offset,
            record_id=first.record_id,
            url=first.target_uri,
            affected=tuple(capture.record_id for capture in captures),
        )


def _offset(known: KnownCapture) -> int:
    return known.warc_offset


def _has_sha256(record: RawRecord, expected: str) -> bool:
    return any(hashlib.sha256(payload).hexdigest() == expected for payload in record.payloads())
