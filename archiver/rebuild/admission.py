"""Which of another program's records come into the archive: each is read, checked and judged before anything is kept.

A record is admitted when it is a capture of the blog, is what it claims to be, and is not in the archive; with it come
its request and other records about it. Everything else is counted under the reason why it stays outside.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from archiver.urls import Site
from archiver.warc import forms, head, members, message, outside, segments
from archiver.warc.head import Head, Malformed
from archiver.warc.members import Broken, Large, RawRecord
from archiver.warc.outside import WarcSource
from archiver.warc.reader import MAX_RECORD
from archiver.warc.segments import Segments
from archiver.warc.storage import WarcFile

Key = tuple[str, str | None, str]
"""Id, address and date of a record: programs have given several records one id."""

ALONE = "records about captures that were not imported"
TOO_LARGE = f"captures of more than {MAX_RECORD >> 20} MiB"
NO_MESSAGE = "responses that are not an HTTP message with a status"
CONVERTED = "conversions of a page into something that is not a page"
INCOMPLETE = "pieces that do not make a whole record"
"""Reasons other than damage why records stay outside."""

_PAGES = ("text/html", "application/xhtml+xml")
_LEVEL = 6


@dataclass(slots=True)
class AdmittedCounts:
    """What became of the records of a source; the counts add up to all of them."""

    records: int = 0
    """All records, damaged stretches included."""
    copied: int = 0
    """Captures that were added to the archive."""
    beside: int = 0
    """Records admitted with them: requests, and descriptions of captures and files."""
    elsewhere: int = 0
    """Captures of other sites."""
    known: int = 0
    """Captures the archive already had."""
    damaged: int = 0
    """Records that are not what was written, or cannot be read."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Other records that stay outside, by reason."""
    notes: list[str] = field(default_factory=list)
    """What each damage is, and where."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be admitted."""

    head: Head
    source: str
    number: int
    """In the order of the source."""
    start: int
    size: int
    """Where its gzip member is among those set aside."""
    about: frozenset[str] = frozenset()
    """Ids of the records it names."""
    method: str | None = None
    """The method of a request, if known."""
    pieces: int = 1
    """The records it was assembled from."""

    @property
    def is_capture(self) -> bool:
        """Whether it says what was at an address."""
        return head.is_capture(self.head.type, self.head.target_uri)


class Admission:
    """The judgement of one source, and the records that are to be admitted."""

    def __init__(self, known: set[Key], aside: IO[bytes], site: Site) -> None:
        """Prepare; `known` are the captures the archive of a site has, `aside` an empty file for what may come in."""
        self.tally = AdmittedCounts()
        self._known = known
        self._aside = aside
        self._site = site
        self._captures: list[Candidate] = []
        self._companions: dict[int, list[Candidate]] = {}
        """By the number of the capture they belong to."""
        self._others: list[Candidate] = []
        self._segments = Segments()
        self._places: dict[str, tuple[str, int]] = {}
        """Source and offset of the first piece of a record."""

    def read(self, path: Path) -> None:
        """Judge every record of a source; raises as `outside.sources` and `forms.walk` do."""
        for source in outside.sources(path):
            if source.fault:
                self.tally.records += 1
                self._damaged(source.name, 0, source.fault)
                continue
            for found in forms.walk(source.file, source.name):
                self.tally.records += 1
                if isinstance(found, Broken):
                    self._damaged(source.name, found.offset, f"expected {found.expected}, found {found.found}")
                elif isinstance(found, Large):
                    self._large(source, found)
                else:
                    self._judge(source.name, found.offset, found.content)
        self._join()
        self._choose()

    def members(self) -> Iterator[bytes]:
        """Yield the gzip members admitted: descriptions of files, then captures by date, each after its request."""
        written: set[int] = set()
        descriptions = [other for other in self._others if other.head.type == "warcinfo"]
        for capture in sorted(self._captures, key=lambda each: (each.head.date, each.number)):
            for one in (*descriptions, *self._companions[capture.number], capture):
                if one.number not in written:
                    written.add(one.number)
                    self._aside.seek(one.start)
                    yield self._aside.read(one.size)

    def _damaged(self, source: str, offset: int, reason: str, about: Head | None = None) -> None:
        subject = f" ({about.target_uri}, record {about.record_id})" if about else ""
        self.tally.damaged += 1
        self.tally.notes.append(f"{source}, offset {offset}: {reason}; left out{subject}")

    def _large(self, source: WarcSource, large: Large) -> None:
        try:
            found = head.parse(large.head)
        except Malformed as error:
            self._damaged(source.name, large.offset, f"expected {error.expected}, found {error.found}")
            return
        if large.size != large.inflated:
            reason = f"expected a record of {large.size} bytes, found {large.inflated}"
            self._damaged(source.name, large.offset, reason, found)
        elif head.is_capture(found.type, found.target_uri) and not self._is_ours(found):
            self.tally.elsewhere += 1
        else:
            self.tally.left_out[TOO_LARGE] += 1
            self.tally.notes.append(f"{source.name}, offset {large.offset}: {large.size} bytes; left out")

    def _judge(self, source: str, offset: int, content: bytes, pieces: int = 1) -> None:
        """Set a record aside, or say why it stays outside."""
        try:
            record = members.parse(content)
        except Malformed as error:
            self._damaged(source, offset, f"expected {error.expected}, found {error.found}")
            return
        found = record.head
        if wrong := _wrong_digest(record):
            self._damaged(source, offset, wrong, found)
            self.tally.damaged += pieces - 1
        elif segments.NUMBER in found.fields:
            self._places.setdefault(found.record_id, (source, offset))
            self.tally.left_out[INCOMPLETE] += not self._segments.add(found, record.block)
        elif not head.is_capture(found.type, found.target_uri):
            self._put_aside(self._others, record, source, pieces)
        elif not self._is_ours(found):
            self.tally.elsewhere += pieces
        elif _key(found) in self._known:
            self.tally.known += pieces
        elif reason := _no_page(record):
            self.tally.left_out[reason] += pieces
        else:
            self._known.add(_key(found))
            self._put_aside(self._captures, record, source, pieces)

    def _is_ours(self, found: Head) -> bool:
        """Return whether a record is of the blog itself: the answer of a redirector is not."""
        url = self._site.asked(found.target_uri or "")
        return url is not None and self._site.owns(url)

    def _put_aside(self, where: list[Candidate], record: RawRecord, source: str, pieces: int) -> None:
        found = record.head
        member = gzip.compress(record.content, _LEVEL, mtime=0)
        start = self._aside.tell()
        self._aside.write(member)
        about = {*found.concurrent, found.fields.get("warc-refers-to", "")} - {""}
        method = message.parse(bytes(record.block)).method if found.type == "request" else None
        number = len(self._captures) + len(self._others)
        where.append(Candidate(found, source, number, start, len(member), frozenset(about), method, pieces))

    def _join(self) -> None:
        """Judge the records that were in pieces, now that the source has been read."""
        waiting, self._segments = self._segments, Segments()
        for origin in waiting.origins:
            whole = waiting.joined(origin)
            if whole is None:
                self.tally.left_out[INCOMPLETE] += waiting.of(origin)
            else:
                self._judge(*self._places[origin], whole, waiting.of(origin))

    def _choose(self) -> None:
        """Find what belongs to each capture, and which captures answer methods other than GET."""
        by_id: dict[str, list[Candidate]] = defaultdict(list)
        for capture in self._captures:
            by_id[capture.head.record_id].append(capture)
        companions: dict[int, list[Candidate]] = defaultdict(list)
        others = {other.head.record_id: other for other in self._others}
        for other in self._others:
            for capture in (each for named in other.about for each in by_id[named]):
                companions[capture.number].append(other)
        for capture in self._captures:
            companions[capture.number] += [others[named] for named in capture.about if named in others]
        self._companions = companions
        chosen = []
        for capture in self._captures:
            methods = {other.method for other in companions[capture.number] if other.method}
            if methods and "GET" not in methods:
                self.tally.left_out[f"answers to {min(methods)[:20]}"] += capture.pieces
            else:
                chosen.append(capture)
        self._captures = chosen
        self._count(companions)

    def _count(self, companions: dict[int, list[Candidate]]) -> None:
        along = {other.number: other for capture in self._captures for other in companions[capture.number]}
        sources = {capture.source for capture in self._captures}
        kept, alone = [], 0
        for other in self._others:
            if other.number in along or (other.head.type == "warcinfo" and other.source in sources):
                kept.append(other)
            else:
                alone += other.pieces
        self._others = kept
        self.tally.copied = len(self._captures)
        pieces = sum(each.pieces - 1 for each in (*self._captures, *kept))
        self.tally.beside = len(kept) + pieces
        self.tally.left_out += Counter({ALONE: alone})


def known_captures(files: Iterable[WarcFile]) -> set[Key]:
    """Return the captures that WARC files of the archive hold."""
    found = set()
    for source in files:
        with source.open("rb") as file:
            for member in members.walk(file, source.name):
                if isinstance(member, members.Member):
                    try:
                        found.add(_key(head.parse(member.content)))
                    except Malformed:
                        continue
    return found


def _key(found: Head) -> Key:
    return found.record_id, found.target_uri, found.date


def _wrong_digest(record: RawRecord) -> str:
    """Return which digest does not fit what the record holds; empty when all fit."""
    wrong = (f"{what}: expected {label}, found another one" for what, label, fits in record.digests() if fits is False)
    return next(wrong, "")


def _no_page(record: RawRecord) -> str:
    """Return why a capture of the blog shows nothing of it; empty when it does."""
    found = record.head
    if found.type == "conversion" and not found.content_type.startswith(_PAGES):
        return CONVERTED
    if found.type == "response":
        answer = message.parse(bytes(record.block)) if found.holds_http(record.block) else None
        if answer is None or answer.status is None or answer.is_interim:
            return NO_MESSAGE
    return ""
