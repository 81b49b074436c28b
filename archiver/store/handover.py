"""A copy of an archive as an SQLite file to share: what was found, not how it was fetched."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, insert, select, text

from archiver.errors import ArchiverError, DiskFull
from archiver.store import query, schema, search_index
from archiver.store.database import Archive, is_full
from archiver.store.models import Base

PATIENCE = 600.0
"""Seconds a query of a whole table on a server may take."""

_BATCH = 500  # rows

BOOKKEEPING = ("frontier", "sightings", "warc_files", "post_vectors", "alembic_version")
"""Tables that only serve the next crawl or can be derived again. Captures stay as evidence of what was read."""

PROVEN = ("revisions", "comments", "comment_revisions", "pages", "page_revisions", "files")
"""Tables whose rows name the capture they were read from."""

BOOKKEEPING_VIEWS = ("gaps", "topic_gaps", "comment_gaps", "run_log")
"""Views of those tables, and of what a run had to do."""


def write(database: str, target: Path, about: Mapping[str, str]) -> None:
    """Write the copy to `target`, an empty file; the same archive gives the same bytes.

    In addition to the archive's tables it has `about`, facts about the whole, and `columns`, what each column means.

    Raises ArchiverError when the file cannot be written or the server not be queried, DiskFull when there is no room.
    """
    draft = target.with_name(f"{target.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        with closing(_drafted(database, draft)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            _clean(copy)
            _describe(copy, about)
            copy.commit()
            copy.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        kind = DiskFull if is_full(error) else ArchiverError
        raise kind(f"{target}: expected to write a copy of the archive, found: {error}") from error
    finally:
        for end in ("", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def _drafted(database: str, draft: Path) -> sqlite3.Connection:
    """Return a new file with everything that is in an archive's database."""
    source = query.sqlite_file(database)
    if source is None:
        _fetch(database, draft)
        return sqlite3.connect(draft)
    copy = sqlite3.connect(draft)
    with closing(query.connect(source)) as archive:
        archive.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
        archive.backup(copy)
    return copy


def _fetch(url: str, draft: Path) -> None:
    """Make a file with the rows of an archive on a server."""
    with Archive(str(URL.create("sqlite", database=str(draft)))) as copy:
        session = copy.session
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        with query.asking(url, PATIENCE) as server:
            for table in Base.metadata.tables.values():
                columns = list(table.c)
                asked = select(*columns).order_by(*table.primary_key)
                found = server.execute(asked, execution_options={"yield_per": _BATCH})
                for batch in found.partitions():
                    session.execute(insert(table), [dict(row._mapping) for row in batch])
        search_index.rebuild(session.connection())
        copy.commit()


def _clean(copy: sqlite3.Connection) -> None:
    copy.execute("PRAGMA foreign_keys = OFF")
    for view in BOOKKEEPING_VIEWS:
        copy.execute(f"DROP VIEW IF EXISTS {view}")
    for table in BOOKKEEPING:
        copy.execute(f"DROP TABLE IF EXISTS {table}")
    proofs = " UNION ".join(f"SELECT capture_id FROM {table} WHERE capture_id IS NOT NULL" for table in PROVEN)  # noqa: S608
    copy.execute(f"DELETE FROM captures WHERE id NOT IN ({proofs})")  # noqa: S608  # tables of ours


def _describe(copy: sqlite3.Connection, about: Mapping[str, str]) -> None:
    copy.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    copy.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    copy.execute('CREATE TABLE columns ("table" TEXT, "column" TEXT, about TEXT, PRIMARY KEY ("table", "column"))')
    there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    copy.executemany(
        "INSERT INTO columns VALUES (?, ?, ?)",
        (
            (one.name, column.name, column.about)
            for one in (*schema.tables(), *schema.views())
            if one.name in there
            for column in one.columns
        ),
    )
