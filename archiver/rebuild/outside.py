"""`archiver import`: another program's captures of the blog come into the archive.

Their records are copied byte for byte into a WARC file of the archive. Then the database is made again, which puts each
page at its date: what is older than what the archive has becomes an older revision.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.crawl.lock import locked
from archiver.errors import UsageError
from archiver.rebuild import files, swap
from archiver.rebuild.records import Progress
from archiver.rebuild.swap import Report
from archiver.store import chronicle, query, runs
from archiver.store.database import database_url, timestamp
from archiver.urls import Site
from archiver.warc import journal, outside
from archiver.warc.findings import Severity
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.reader import Record, iter_records
from archiver.warc.recovery import CAPTURES
from archiver.warc.verify import verify_file
from archiver.warc.wacz_checks import verify_wacz
from archiver.warc.writer import WarcWriter

UNTRUE = frozenset({"block digest", "payload digest"})
"""Findings about records that are not what was written: they are left out."""

SOFTWARE = f"copies of another program's records, by blog-archiver/{__version__}"
"""In the warcinfo record: `verify` does not hold these records to what this program does."""


@dataclass(slots=True)
class Tally:
    """What was found in a source."""

    copied: int = 0
    """Captures that are in the archive now."""
    elsewhere: int = 0
    """Captures of other sites."""
    known: int = 0
    """Captures the archive had."""
    damaged: int = 0
    """Captures that are not what was written."""
    notes: list[str] = field(default_factory=list)
    """What a check of the files found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """How an import went."""

    source: str
    tally: Tally
    rebuilt: Report

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return asdict(self)


def import_warc(
    source: Path,
    home: Path,
    db: str | None = None,
    *,
    processes: int | None = None,
    progress: Progress = lambda *_: None,
) -> ImportReport:
    """Bring the captures of the blog in a WARC file or WACZ into an archive, and make its database again.

    Raises UsageError when the source is neither, holds no capture of the blog that the archive does not have, or when
    the database is on a server: one that is not empty cannot be made again. Raises ArchiveDamaged when it cannot be
    read, ArchiveLocked while a run writes to the archive.
    """
    if chronicle.sqlite_file(database_url(home, db)) is None:
        raise UsageError("expected a database in a file: import without --db, then rebuild into an empty database")
    outside.check(source)
    with locked(home), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=home, prefix="import-")))
        tally = _copied(source, folder, home, db)
        rebuilt = swap.rebuild_locked(home, db, processes=processes, progress=progress)
    return ImportReport(source=str(source), tally=tally, rebuilt=rebuilt)


def _copied(source: Path, folder: Path, home: Path, db: str | None) -> Tally:
    """Copy what is wanted into a WARC file of the archive; nothing is left of one that did not come to its end."""
    tally = Tally()
    number, known, began = _next_run(home, db), _known(home, db), timestamp()
    start = RunStart(
        run=number, cycle=number, command=f"{journal.IMPORT} {source.name}", site=Site().base, started_at=began
    )
    packed = source.suffix.lower() == outside.PACKAGE
    tally.notes += map(str, verify_wacz(source)) if packed else []
    before = set((home / "warc").glob("*"))
    try:
        with WarcWriter(home / "warc", software=SOFTWARE, info=start.as_fields()) as writer:
            for path in outside.gathered(source, folder):
                known |= _copy(path, known, writer, tally, packed=packed)
            if not tally.copied:
                raise UsageError(f"{source}: expected captures of the blog that the archive lacks, found none")
            end = RunEnd(
                run=number, finished_at=timestamp(), outcome=runs.COMPLETE, exit_code=0, rest_until=None,
                missing_counted=False, counts={"captures": tally.copied},
            )  # fmt: skip
            writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, end.finished_at)
    except BaseException:
        for path in set((home / "warc").glob("*")) - before:
            path.unlink()
        raise
    return tally


def _copy(path: Path, known: set[str], writer: WarcWriter, tally: Tally, *, packed: bool) -> set[str]:
    """Copy what is wanted of a file; return the ids of the captures. What is `packed` was checked with its package."""
    findings = list(verify_file(path))
    tally.notes += [] if packed else map(str, findings)
    untrue = {each.offset for each in findings if each.what in UNTRUE and each.severity is Severity.DAMAGE}
    wanted = _wanted(path, known, untrue, tally)
    for record in _records(path) if wanted else ():
        if _belongs(record, wanted):
            writer.write_copy(_member(path, record))
    tally.copied += len(wanted)
    return wanted


def _next_run(home: Path, db: str | None) -> int:
    """Return a number that no run has, neither in the WARC files nor in the database."""
    found = [run.id for run in files.runs(home / "warc") if run.start.command != files.FOREIGN]
    found += [number for (number,) in _asked(home, db, "SELECT max(id) FROM runs") if number]
    return max(found, default=0) + 1


def _known(home: Path, db: str | None) -> set[str]:
    return {record_id for (record_id,) in _asked(home, db, "SELECT record_id FROM captures")}


def _asked(home: Path, db: str | None, sql: str) -> Iterator[tuple[Any, ...]]:
    try:
        with query.stream(database_url(home, db), sql) as found:
            yield from found.rows
    except UsageError:  # no database: the rebuild makes one
        return


def _records(path: Path) -> Iterator[Record]:
    return iter_records(path, on_damage=lambda _: None)


def _wanted(path: Path, known: set[str], untrue: set[int | None], tally: Tally) -> set[str]:
    """Return the ids of the captures to be taken from a file."""
    wanted = set()
    for record in _records(path):
        if record.type not in CAPTURES:
            continue
        if record.offset in untrue:
            tally.damaged += 1
        elif not _ours(record):
            tally.elsewhere += 1
        elif record.record_id in known:
            tally.known += 1
        else:
            wanted.add(record.record_id)
    return wanted


def _ours(record: Record) -> bool:
    """Return whether a record is of the blog."""
    try:
        return Site().canonical(record.target_uri or "") is not None
    except ValueError:  # no URL at all
        return False


def _belongs(record: Record, wanted: set[str]) -> bool:
    """Return whether a record goes along: a capture that is wanted, or one that is about it."""
    if record.type == "warcinfo":
        return True
    about = (record.record_id, record.header("WARC-Concurrent-To"), record.header("WARC-Refers-To"))
    return not wanted.isdisjoint(about) if record.type not in CAPTURES else record.record_id in wanted


def _member(path: Path, record: Record) -> bytes:
    """Return a record as it stands in its file."""
    with path.open("rb") as file:
        file.seek(record.offset)
        return file.read(record.length)
