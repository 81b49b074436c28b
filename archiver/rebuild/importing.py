"""`archiver import`: another program's captures of the blog come into the archive.

Their records are read and judged (`admission`) before a byte becomes part of it. Those admitted are written, as
they are, into a WARC file that stays open while the database is rebuilt with it, which puts each page at its date:
whatever is older than the archive's becomes an older revision. The import has happened when the new database takes
the place of the old one; then the file is closed. Killed before that, the next run removes the file; killed after it,
the next run closes it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archiver import __version__, sites
from archiver.clock import timestamp
from archiver.errors import UsageError
from archiver.rebuild import files, swap
from archiver.rebuild.admission import Admission, AdmittedCounts, known_captures
from archiver.rebuild.records import Progress
from archiver.rebuild.swap import RebuildReport
from archiver.store import blog, query, runs
from archiver.store.location import database_url
from archiver.store.lock import locked
from archiver.urls import Site
from archiver.warc import journal, outside
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.wacz_checks import verify_wacz
from archiver.warc.writer import WarcWriter

SOFTWARE = f"copies of another program's records, by blog-archiver/{__version__}"
"""Marks the warcinfo record: `verify` does not hold these records to this program's standards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """How an import went."""

    source: str
    tally: AdmittedCounts
    rebuilt: RebuildReport | None
    """None when nothing was admitted, and nothing changed."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return asdict(self)


def import_warc(
    source: Path,
    home: Path,
    db: str | None = None,
    *,
    warc_url: str | None = None,
    keep_local: int | None = None,
    processes: int | None = None,
    progress: Progress = lambda *_: None,
) -> ImportReport:
    """Bring the captures of the blog from another program's archive into this one, and rebuild its database.

    If it fails, the archive stays as it was. Raises UsageError when the source is not an archive, ArchiveDamaged when a
    package cannot be opened, ArchiveLocked while a run writes to the archive.
    """
    outside.check(source)
    with locked(home, db), tempfile.TemporaryFile(dir=home) as aside:
        swap.recovered(home, db)
        files_there = swap.all_files(home, db, warc_url)
        site = blog.site(home, database_url(home, db))
        admission = Admission(known_captures(files_there.closed().values()), aside, site)
        if outside.is_package(source):
            # The admission says what is wrong with records in it.
            admission.tally.notes += [str(found) for found in verify_wacz(source) if found.offset is None]
        admission.read(source)
        rebuilt = None
        if admission.tally.copied:
            rebuilt = _taken(source, admission, home, db, site, processes, progress, warc_url, keep_local)
    return ImportReport(source=str(source), tally=admission.tally, rebuilt=rebuilt)


def _taken(
    source: Path,
    admission: Admission,
    home: Path,
    db: str | None,
    site: Site,
    processes: int | None,
    progress: Progress,
    warc_url: str | None,
    keep_local: int | None,
) -> RebuildReport:
    """Write what is imported, and rebuild the database with it."""
    number, began = _next_run(home, db, warc_url), timestamp()
    name = source.name.encode("utf-8", "replace").decode()
    command = f"{journal.IMPORT} {name}"
    start = RunStart(
        run=number, cycle=number, command=command, site=site.base, started_at=began,
        blog=site.origin, profile=sites.lines_of(site.profile),
    )  # fmt: skip
    # One file, however large: it is imported whole or not at all.
    writer = WarcWriter(
        home / "warc",
        site.profile.name,
        software=SOFTWARE,
        info=start.as_fields(),
        max_bytes=sys.maxsize,
        taken=swap.files_known(home, db),
    )
    try:
        for member in admission.members():
            writer.write_copy(member)
        end = RunEnd(
            run=number, finished_at=timestamp(), outcome=runs.COMPLETE, exit_code=0, rest_until=None,
            missing_counted=False, counts={"captures": admission.tally.copied},
        )  # fmt: skip
        writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, end.finished_at)
        writer.sync()
        return swap.rebuild_locked(
            home, db, incoming=writer, warc_url=warc_url, keep_local=keep_local, processes=processes, progress=progress
        )
    except BaseException:
        writer.abandon()
        swap.recovered(home, db)
        raise


def _next_run(home: Path, db: str | None, warc_url: str | None) -> int:
    """Return a number that no run has, neither in the WARC files nor in the database."""
    found = [run.id for run in files.runs(swap.all_files(home, db, warc_url)) if run.start.command != files.FOREIGN]
    found += [number for (number,) in _asked(home, db, "SELECT max(id) FROM runs") if number]
    return max(found, default=0) + 1


def _asked(home: Path, db: str | None, sql: str) -> Iterator[tuple[Any, ...]]:
    try:
        with query.stream(database_url(home, db), sql) as found:
            yield from found.rows
    except UsageError:  # no database: the rebuild makes one
        return
