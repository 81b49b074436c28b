"""Whether the full-text index holds the words of the rows: search depends on it, and no checksum covers it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from archiver.store import query
from archiver.store.search_tables import TABLES, FullText

PATIENCE = 600.0
"""Seconds a query of a whole table may take."""


def differing(database: str | Path) -> list[str]:
    """Return the tables of the index that do not hold the words of the rows, or are not there.

    In a file each is built a second time, and the two are compared word by word: in how many rows a word
    is, and how often; on a server row by row. Raises as `query.connect` does.
    """
    file = query.sqlite_file(database)
    if file is None:
        return _differing_on_server(str(database))
    with query.explained(file), closing(query.connect(file)) as connection:
        connection.execute("PRAGMA query_only = OFF")  # for temporary tables: the file is open for reading only
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        # An earlier version's database lacks some.
        tables = [table for table in TABLES if (table.rows if table.vital else table.name) in there]
        return [table.name for table in tables if not _holds_the_rows(connection, table)]


def _differing_on_server(url: str) -> list[str]:
    from archiver.store import search_arrays

    with query.asking(url, PATIENCE) as connection:
        return [
            table.name
            for table in TABLES
            if table.vital and not search_arrays.holds_the_rows(connection, table.rows, table.columns)
        ]


def _holds_the_rows(connection: sqlite3.Connection, table: FullText) -> bool:
    anew = f"anew_{table.name}"
    connection.execute(table.statement_as(f"temp.{anew}"))
    connection.executemany(
        table.insert_into(f"temp.{anew}"),
        ((number, *table.entry(*texts)) for number, *texts in connection.execute(table.query)),
    )
    try:
        return _words(connection, "main", table.name) == _words(connection, "temp", anew)
    except sqlite3.DatabaseError:  # it is not there, or damaged
        return False


def _words(connection: sqlite3.Connection, schema: str, name: str) -> set[tuple[str, int, int]]:
    """Return every word of an index with the number of rows that have it, and of times (FTS5's `fts5vocab`)."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.words_{name} USING fts5vocab({schema}, {name}, row)")
    return set(connection.execute(f"SELECT term, doc, cnt FROM temp.words_{name}"))  # noqa: S608
