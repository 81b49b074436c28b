"""The first pass: every record of every file, in the order of recording. Responses become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from archiver import items
from archiver.rebuild import reading
from archiver.rebuild.files import RunFiles
from archiver.rebuild.originals import Originals, Payload
from archiver.store import chronicle
from archiver.store.database import Archive
from archiver.warc import index, journal, recovery
from archiver.warc.captures import recorded
from archiver.warc.journal import RunEnd
from archiver.warc.reader import Damage, Record, iter_records
from archiver.warc.storage import WarcFile, size

BATCH = 400
"""Rows between two commits, while the database is discarded anyway if the rest fails."""

LOST = 100
"""Captures at the end of a killed run that may have been lost: twice what is made durable at once."""

UNMODIFIED = 304
"""Status of an answer that has no payload of its own."""

UNTOLD = "unspecified"
"""Why a revisit without its payload is not whole: WARC 1.1, section 5.13."""

UNKNOWN = "urn:unknown"
"""The original of a revisit that does not name one."""

Progress = Callable[[str, int, int], object]
"""Called with what is being done, how much of it is done, and how much there is."""


class Records:
    """What the records of an archive say, in addition to the rows they became."""

    def __init__(self, archive: Archive, commit: Callable[[], object], progress: Progress) -> None:
        self.captures = 0
        self.asked: dict[int, str] = {}
        """Captures to which redirects had led, and the address that had been requested."""
        self.superseded: set[int] = set()
        """Pages for which a run, or the one that resumed it after a kill, has a later answer: they were lost."""
        self.originals = Originals()
        """What the records hold, for the revisits that refer to them."""
        self.unresolved: list[str] = []
        """Addresses of revisits whose payload is nowhere."""
        self.damage: list[Damage] = []
        self.lines: list[str] = []
        """Lines of the index of WARC files."""
        self._session = archive.session
        self._commit = commit
        self._progress = progress
        self._rows: list[tuple[int, int, items.Capture]] = []
        self._cycle = 0
        self._pages: dict[str, tuple[int, RunFiles]] = {}
        """The last page of each address in the cycle, and the run that fetched it."""
        self._lasts: dict[int, int] = {}
        """The last capture of each run."""
        self._leads: dict[str, str] = {}
        """Where the redirects of the run lead, and what had been requested."""

    def store(self, runs: Iterable[RunFiles]) -> None:
        """Store the captures of these runs, and complete what is known of the runs."""
        ordered = list(runs)
        sizes = {file.name: _size(file) for run in ordered for file in run.paths}
        before = 0
        for run in ordered:
            self._begin(run)
            for path in run.paths:
                for record in iter_records(path, on_damage=self.damage.append):
                    self._take(run, record)
                    if len(self._rows) == BATCH:
                        self._flush()
                        self._progress("reading files", before + record.offset, sum(sizes.values()))
                before += sizes[path.name]
                self._progress("reading files", before, sum(sizes.values()))
            self._flush()
        self._settle()

    def _settle(self) -> None:
        """Link revisits that came before their originals, or name them other than by id, to them."""
        for number, payload in self.originals.settled():
            capture = chronicle.capture(self._session, number)
            if payload is None and capture.status != UNMODIFIED:
                self.unresolved.append(capture.url)
                capture = replace(capture, truncated=UNTOLD, revisit_of=capture.revisit_of or UNKNOWN)
            elif payload:
                capture = _of(capture, payload)
            chronicle.correct(self._session, number, capture)
        self._commit()

    def _begin(self, run: RunFiles) -> None:
        start = run.start
        columns = {"started_at": start.started_at, "command": start.command, "cycle": start.cycle}
        columns |= {"blog": start.blog or None, "site": start.site}
        chronicle.add_run(self._session, run.id, version=run.version, **columns)
        self._leads = {}
        if start.cycle != self._cycle:
            self._pages, self._cycle = {}, start.cycle

    def _flush(self) -> None:
        chronicle.add_captures(self._session, self._rows)
        self._rows = []
        self._commit()

    def _take(self, run: RunFiles, record: Record) -> None:
        if line := index.record_line(record):
            self.lines.append(line)
        if record.is_capture:
            self._add(run, record)
        elif source := journal.index_source(record):
            run.indexes.append((record.warc_file, record.offset, source))
        elif record.type == "metadata" and (end := RunEnd.of(record.block)):
            run.end = end

    def _add(self, run: RunFiles, record: Record) -> None:
        capture = recorded(record, recovery.location(record), run.site)
        self.captures += 1
        if record.type != "revisit":
            self.originals.add(record, capture)
        elif payload := self.originals.get(capture.revisit_of):
            capture = _of(capture, payload)
        else:
            self.originals.wait(self.captures, record)
        self._rows.append((self.captures, run.id, capture))
        asked = self._leads.pop(capture.url, capture.url)
        if asked != capture.url:
            self.asked[self.captures] = asked
        if target := reading.redirect(record, run.site):
            self._leads[target] = asked
        if capture.status == 200 and not capture.truncated and not run.start.is_import:
            before = self._pages.get(asked)
            if before and self._was_lost(*before, run):
                self.superseded.add(before[0])
            self._pages[asked] = self.captures, run
        self._lasts[run.id] = self.captures

    def _was_lost(self, capture: int, run: RunFiles, later: RunFiles) -> bool:
        """Whether a page with a later answer was not stored: given up for that, or lost in a kill.

        What a killed run had already stored, the next one only requested again if there was news of it.
        """
        return run is later or (run.end is None and capture > self._lasts[run.id] - LOST)


def _size(source: WarcFile) -> int:
    with source.open("rb") as file:
        return size(file)


def _of(revisit: items.Capture, payload: Payload) -> items.Capture:
    """Return a revisit with what it takes from its original: the payload, and the head where it has none itself."""
    found = replace(revisit, revisit_of=payload.record_id, payload_sha256=payload.sha256, truncated=payload.truncated)
    return found if revisit.status else replace(found, status=payload.status, content_type=payload.content_type)
