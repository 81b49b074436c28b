"""The full-text index: made from the rows of posts, pages, comments and formulas, and kept up with them.

It changes in the transaction that changes the rows, so that a program killed anywhere leaves both or neither. What is
here is SQLite's; on a server it is kept in arrays (`search_arrays`).

In SQLite it holds no text of its own, which would be a quarter of the database. So to take words out, FTS5 has to be
told those that were put in: they are read from the rows, and for that the index changes first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, bindparam, inspect, text
from sqlalchemy.orm import Session

from archiver.store import cjk


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A table of the index, with what it and its columns mean."""

    rows: str
    """The table it is the index of."""
    about: str
    columns: Mapping[str, str]
    options: str
    """What follows the columns when the table is made."""

    @property
    def name(self) -> str:
        """Its own name."""
        return f"{self.rows}_fts"

    @property
    def statement(self) -> str:
        """The statement that makes the table."""
        return self.statement_as(self.name)

    def statement_as(self, name: str) -> str:
        """Return the statement that makes such a table under another name."""
        return f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(self.columns)}, {self.options})"

    @property
    def is_exact(self) -> bool:
        """Whether it holds texts as they are, and not words a character a word."""
        return "content_rowid" in self.options

    @property
    def query(self) -> str:
        """The query of the rows: number, then the text of each column."""
        return f"SELECT id, {', '.join(self.columns)} FROM {self.rows}"  # noqa: S608

    def entry(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return what it holds of a row with these texts."""
        return tuple(texts if self.is_exact else map(cjk.spaced, texts))


_WORDS = f"content = '', tokenize = \"{cjk.TOKENIZER}\""

TABLES = (
    FullText(
        rows="posts",
        about="Titles and texts of the posts for full-text search; `rowid` is the post's number.",
        columns={
            "title": "Title, to be asked for with each Chinese character a word. NULL: it is in posts.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="pages",
        about="Titles and texts of the independent pages for full-text search; `rowid` is the page's number.",
        columns={
            "title": "Title, to be asked for as in posts_fts. NULL: it is in pages.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="comments",
        about="Authors and texts of the comments for full-text search; `rowid` is the comment's number.",
        columns={
            "author": "Name as shown, to be asked for as in posts_fts. NULL: it is in comments.",
            "text": "Text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="formulas",
        about="Source of the formulas, found by any three characters of it and more, capitals and signs as they are.",
        columns={"tex": "Exact source, that of the row in formulas with the number `rowid`."},
        # Datasette and sqlite-utils see which table an index belongs to by double quotes only.
        options='content="formulas", content_rowid="id", tokenize = "trigram case_sensitive 1"',
    ),
)
"""Every table of the index."""

_BATCH = 500  # rows


def rebuild(connection: Connection) -> dict[str, int]:
    """Make the index anew from the rows, and return how many each table has; the caller makes that one transaction."""
    there = inspect(connection).get_table_names()
    tables = [table for table in TABLES if table.rows in there]  # early migrations come here, too
    if arrays := _arrays(connection):
        return {table.name: arrays.rebuild(connection, table.rows, table.columns) for table in tables}
    for table in tables:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")
        connection.exec_driver_sql(table.statement)
        _fill(connection, table)
    return {table.name: _optimized(connection, table.name) for table in tables}


def is_whole(connection: sqlite3.Connection) -> bool:
    """Return whether a database that is only read has every table of the index; an older program's lacks some."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return all(table.name in there for table in TABLES)


def reword_post(session: Session, number: int, title: str, body: str) -> None:
    """Give a post these words, before its row has them."""
    _reword(session, "posts", ("title", "text"), {number: (title, body)})


def reword_page(session: Session, number: int, title: str, body: str) -> None:
    """Give an independent page these words, before its row has them."""
    _reword(session, "pages", ("title", "text"), {number: (title, body)})


def reword_comments(session: Session, words: Mapping[int, tuple[str, str]]) -> None:
    """Give comments these words, author and text by number, before their rows have them."""
    _reword(session, "comments", ("author", "text"), words)


def _reword(session: Session, table: str, columns: tuple[str, str], words: Mapping[int, tuple[str, str]]) -> None:
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put(connection, table, words)
        return
    out, into, stored = _statements(table, columns)
    before = {row[0]: tuple(row[1:]) for row in connection.execute(stored, {"ids": list(words)})}
    changed = [number for number in words if before.get(number) != words[number]]
    for statement, held in ((out, before), (into, words)):
        rows = [
            {"id": number, "first": cjk.spaced(held[number][0]), "second": cjk.spaced(held[number][1])}
            for number in changed
            if number in held
        ]
        if rows:
            connection.execute(statement, rows)


@cache
def _statements(table: str, columns: tuple[str, str]) -> tuple[Any, Any, Any]:
    """Return what takes words out, what puts words in, and what asks for those a row has."""
    first, second = columns
    into = f"INSERT INTO {table}_fts (rowid, {first}, {second}) VALUES (:id, :first, :second)"  # noqa: S608
    out = into.replace("(rowid", f"({table}_fts, rowid").replace("(:id", "('delete', :id")
    stored = f"SELECT id, {first}, {second} FROM {table} WHERE id IN :ids"  # noqa: S608
    return text(out), text(into), text(stored).bindparams(bindparam("ids", expanding=True))


def forget_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas out; their rows must still be there."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.forget_formulas(connection, post_id)
    else:
        connection.execute(_DELETE_FORMULAS, {"post": post_id})


def put_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas in."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put_formulas(connection, post_id)
    else:
        connection.execute(_INSERT_FORMULAS, {"post": post_id})


_DELETE_FORMULAS = text(
    "INSERT INTO formulas_fts (formulas_fts, rowid, tex) SELECT 'delete', id, tex FROM formulas WHERE post_id = :post"
)
_INSERT_FORMULAS = text("INSERT INTO formulas_fts (rowid, tex) SELECT id, tex FROM formulas WHERE post_id = :post")


def _arrays(connection: Connection) -> ModuleType | None:
    """Return what keeps the index on a server, or None for SQLite."""
    if connection.dialect.name == "sqlite":
        return None
    from archiver.store import search_arrays

    return search_arrays


def _optimized(connection: Connection, name: str) -> int:
    """Make a table as small and quick as it can be; return how many rows it has."""
    connection.exec_driver_sql(f"INSERT INTO {name} ({name}) VALUES ('optimize')")  # noqa: S608
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608


def _fill(connection: Connection, table: FullText) -> None:
    """Take in all rows of a table."""
    if table.is_exact:
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({table.name}) VALUES ('rebuild')")  # noqa: S608
        return
    sqlite: Any = connection.connection.driver_connection
    first, second = table.columns
    insert = f"INSERT INTO {table.name} (rowid, {first}, {second}) VALUES (?, ?, ?)"  # noqa: S608
    found = sqlite.execute(table.query)
    while rows := found.fetchmany(_BATCH):
        sqlite.executemany(insert, [(number, *table.entry(texts)) for number, *texts in rows])
