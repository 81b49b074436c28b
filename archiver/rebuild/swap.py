"""`archiver rebuild`: a new database next to the old one, which it replaces once it is whole; and a new index."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archiver import sites
from archiver.durable import expect_file, replacing, sync_directory, writing
from archiver.errors import ArchiveDamaged, UsageError
from archiver.processes import prepare, processors
from archiver.rebuild import backups, files, former, reading
from archiver.rebuild.build import Build, RebuildCounts
from archiver.rebuild.former import DatabaseComparison
from archiver.rebuild.records import Progress
from archiver.storage.elsewhere import listed
from archiver.storage.spool import Spool, restate
from archiver.store import chronicle, drafts, query, warc_files
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.store.lock import locked
from archiver.warc import index, recovery
from archiver.warc.storage import Storage
from archiver.warc.writer import WarcWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """How a rebuild went."""

    database: str
    backup: str | None
    """Where the former database is now; None when there was none."""
    seconds: float
    processes: int
    runs: int
    captures: int
    pages: dict[str, int]
    """Pages read, by kind."""
    unrecognised: int
    """Pages that are not what their address promises; they stay gaps."""
    notes: tuple[str, ...]
    comparison: DatabaseComparison
    """What the former database had that differs."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Built:
    """What a rebuild left behind."""

    tally: RebuildCounts
    comparison: DatabaseComparison
    backup: Path | str | None = None
    """The file, or the schema on the server, where the former database is."""


_Fill = Callable[[Archive, bool], RebuildCounts]
"""Fills an empty database; the second value says that everything is to be one transaction."""


def rebuild(
    home: Path,
    db: str | None = None,
    *,
    warc_url: str | None = None,
    keep_local: int | None = None,
    processes: int | None = None,
    executor: Executor | None = None,
    progress: Progress = lambda *_: None,
) -> RebuildReport:
    """Rebuild the database of an archive from its WARC files, and put it in place of the old one.

    The former database stays next to it under another name, on a server in another schema; there an empty one gets
    everything in one transaction. `processes` read pages, by default one for each processor. `warc_url` and
    `keep_local` are those of `archiver.crawl.place.ArchiveLocation`. With an `executor` its processes read, on any
    machine: they need this version of the program, and the home under its path or its records in
    object storage.

    Raises ArchiveLocked while a run writes to the archive, UsageError when there is nothing to build from,
    ArchiverError when the executor fails; the database then stays as it was.
    """
    home = home.absolute() if executor else home  # other processes may be elsewhere
    with locked(home, db):
        return rebuild_locked(
            home,
            db,
            warc_url=warc_url,
            keep_local=keep_local,
            processes=processes,
            executor=executor,
            progress=progress,
        )


def rebuild_locked(
    home: Path,
    db: str | None = None,
    *,
    incoming: WarcWriter | None = None,
    warc_url: str | None = None,
    keep_local: int | None = None,
    processes: int | None = None,
    executor: Executor | None = None,
    progress: Progress = lambda *_: None,
) -> RebuildReport:
    """Do as `rebuild` does, for a caller that holds the archive's lock.

    What `incoming` has written becomes part of the archive with the new database, and is closed.
    """
    began = time.monotonic()
    url = database_url(home, db)
    processes = processes or processors()
    if processes > 1 and not executor:
        prepare(reading)
    notes = [] if incoming else recovered(home, db)
    former_files = warc_files.known(url)
    warc_url = warc_url or warc_files.place(former_files)
    warc = all_files(home, db, warc_url)
    if not incoming and not warc.names():
        where = f"{warc.folder} or {warc_url}" if warc_url else str(warc.folder)
        raise UsageError(f"expected WARC files to build the database from in {where}, found none; name the --home")
    open_file = incoming.path if incoming else None

    def filled(archive: Archive, whole: bool) -> RebuildCounts:
        tally = Build(archive, warc, progress, whole=whole, incoming=open_file).run(processes, executor)
        restate(archive, warc, former_files, open_file)
        return tally

    file = query.sqlite_file(url)
    built = _in_file(file, filled) if file else _on_server(url, filled)
    if incoming:
        incoming.close()
    if incoming or warc_url:
        notes += _settled(url, warc, warc_url, keep_local)
    _restore_profile(home, warc)
    tally = built.tally
    index.write_index(tally.lines, home / index.NAME)
    return RebuildReport(
        database=str(file or "the database on the server"),
        backup=str(built.backup) if built.backup else None,
        seconds=round(time.monotonic() - began, 1),
        processes=processes,
        runs=tally.runs,
        captures=tally.captures,
        pages=dict(tally.pages),
        unrecognised=tally.unrecognised,
        notes=(*notes, *tally.notes),
        comparison=built.comparison,
    )


def all_files(home: Path, db: str | None, warc_url: str | None = None) -> Storage:
    """Return the WARC files of an archive, with all that are in its object storage, even without a database.

    Raises as `archiver.storage.bucket.Bucket` does.
    """
    url = database_url(home, db)
    place = warc_url or warc_files.place(warc_files.known(url))
    return listed(home, url, place) if place else Storage(home / "warc")


def _settled(url: str, warc: Storage, warc_url: str | None, keep_local: int | None) -> list[str]:
    """Note what each WARC file is, and send those on their way that are to go into object storage."""
    notes: list[str] = []
    with Archive(url) as archive:
        spool = Spool(archive, warc.folder, warc_url, keep_local, notes.append)
        spool.settle()
        spool.close()
    return notes


def _restore_profile(home: Path, warc: Storage) -> None:
    """Write the owner's profile again where only the WARC files are left: what serves the archive needs it."""
    if sites.in_home(home) is not None:
        return
    if written := [run.start.profile for run in files.runs(warc) if run.start.profile]:
        with replacing(home / sites.FILE) as file:
            file.write("".join(f"{line}\n" for line in written[-1]).encode())


def recovered(home: Path, db: str | None) -> list[str]:
    """Close what a killed run left open, and undo a killed import; return a sentence for each file."""
    return [each.sentence for each in recovery.recover(home / "warc", files_known(home, db)).files]


def files_known(home: Path, db: str | None) -> set[str]:
    """Return the files that the database has captures of; none when there is no database that can be read."""
    try:
        with query.stream(database_url(home, db), "SELECT DISTINCT warc_file FROM captures") as found:
            return {str(name) for (name,) in found.rows}
    except (UsageError, ArchiveDamaged):
        return set()


def _on_server(url: str, filled: _Fill) -> _Built:
    """Fill the tables on a server, or make others next to those that hold something, and put them in their place."""
    with Archive(url) as archive:
        if chronicle.is_empty(archive.session):
            tally = filled(archive, True)
            archive.commit()
            return _Built(tally, DatabaseComparison())
    draft = drafts.draft_of(url)
    try:
        with Archive(draft) as archive:
            tally = filled(archive, False)
            archive.commit()
            comparison = former.compare(url, archive, draft)
            archive.commit()
        return _Built(tally, comparison, drafts.swap(url, alone=comparison.alone))
    except BaseException:
        drafts.discard(url)
        raise


def _in_file(file: Path, filled: _Fill) -> _Built:
    new = file.with_name(f"{file.name}.new")
    expect_file(file)
    backups.remove(new)
    try:
        with Archive(chronicle.file_url(new)) as archive:
            tally = filled(archive, False)
            archive.commit()
            comparison = former.compare(file, archive, new) if file.exists() else DatabaseComparison()
            archive.commit()
        return _Built(tally, comparison, _swap(new, file, alone=comparison.alone))
    finally:
        backups.remove(new)


def _swap(new: Path, file: Path, *, alone: bool) -> Path | None:
    """Put a new database in place of one, which stays under another name; return that name.

    The log of the old one must not stay next to the new one: SQLite would take it for the new one's.
    """
    chronicle.fold_log(file)
    with writing(file):
        backup = backups.name_for(file, alone=alone)
        for end in backups.LOGS:
            with suppress(FileNotFoundError):
                file.with_name(file.name + end).rename(backup.with_name(backup.name + end))
        kept = file.exists()
        if kept:
            backup.hardlink_to(file)  # not renamed: at every moment there is a database under its name
        new.replace(file)
        sync_directory(file.parent)
        backups.prune(file, backup)
    return backup if kept else None
