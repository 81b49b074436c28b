"""A copy of an archive's SQLite file for somebody else: what was found, not how it was asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from archiver.errors import ArchiverError, DiskFull, UsageError
from archiver.store import query, schema
from archiver.store.database import is_full

BOOKKEEPING = ("frontier", "sightings", "alembic_version")
"""Tables that only serve the next crawl. Captures stay where something was read from them, as its proof, and runs."""

PROVEN = ("revisions", "comments", "comment_revisions", "pages", "page_revisions", "files")
"""Tables whose rows name the capture they were read from."""

BOOKKEEPING_VIEWS = ("gaps", "topic_gaps", "comment_gaps", "run_log")
"""Views of those tables, and of what a run had to do."""


def write(database: str, target: Path, about: Mapping[str, str]) -> None:
    """Write the copy to `target`, an empty file; the same archive gives the same bytes.

    Beside the archive's tables it has `about`, what is known of the whole, and `columns`, what each column means.

    Raises UsageError when the archive is not in SQLite, ArchiverError when the file cannot be written,
    DiskFull when there is no room for it.
    """
    source = query.sqlite_file(database)
    if source is None:
        raise UsageError("expected an archive in SQLite, found one on a server: use its own tools to hand it over")
    draft = target.with_name(f"{target.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        with closing(query.connect(source)) as archive, closing(sqlite3.connect(draft)) as copy:
            archive.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
            archive.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            _clean(copy)
            _describe(copy, about)
            copy.commit()
            copy.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        kind = DiskFull if is_full(error) else ArchiverError
        raise kind(f"{target}: expected to write a copy of {source}, found: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


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
