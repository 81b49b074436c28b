"""The full-text index: made from the rows of posts, comments and formulas, and kept up with them.

It changes in the transaction that changes the rows, so that a program killed anywhere leaves both or neither. Only
SQLite has it; with another database there is nothing to keep up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from archiver.store import cjk


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A table of the index, with what it and its columns mean."""

    name: str
    about: str
    columns: Mapping[str, str]
    options: str
    """What follows the columns when the table is made."""

    @property
    def statement(self) -> str:
        """The statement that makes the table."""
        return f"CREATE VIRTUAL TABLE {self.name} USING fts5({', '.join(self.columns)}, {self.options})"


_WORDS = f'tokenize = "{cjk.TOKENIZER}"'

TABLES = (
    FullText(
        name="posts_fts",
        about="Titles and texts of the posts for full-text search; `rowid` is the post's number. SQLite only.",
        columns={
            "title": "Title, invisible characters (U+200B, U+2060) between the Chinese ones.",
            "text": "Full text, as in posts, with the same characters in it.",
        },
        options=_WORDS,
    ),
    FullText(
        name="comments_fts",
        about="Authors and texts of the comments for full-text search; `rowid` is the comment's number.",
        columns={
            "author": "Name as shown, with those invisible characters.",
            "text": "Text, with those invisible characters.",
        },
        options=_WORDS,
    ),
    FullText(
        name="formulas_fts",
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
    if not _kept(connection):
        return {}
    for table in TABLES:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")
        connection.exec_driver_sql(table.statement)
    _fill(connection, "posts_fts", ("title", "text"), "SELECT id, title, text FROM posts")
    _fill(connection, "comments_fts", ("author", "text"), "SELECT id, author, text FROM comments")
    connection.exec_driver_sql("INSERT INTO formulas_fts (formulas_fts) VALUES ('rebuild')")
    return {table.name: _optimized(connection, table.name) for table in TABLES}


def put_post(session: Session, number: int, title: str, body: str) -> None:
    """Give a post these words."""
    connection = session.connection()
    if _kept(connection):
        connection.execute(_DELETE_POST, {"id": number})
        connection.execute(_INSERT_POST, {"id": number, "title": cjk.spaced(title), "text": cjk.spaced(body)})


def put_comments(session: Session, comments: Iterable[tuple[int, str, str]]) -> None:
    """Give comments these words: number, author, text."""
    connection = session.connection()
    rows = [{"id": number, "author": cjk.spaced(a), "text": cjk.spaced(t)} for number, a, t in comments]
    if rows and _kept(connection):
        connection.execute(_DELETE_COMMENT, [{"id": row["id"]} for row in rows])
        connection.execute(_INSERT_COMMENT, rows)


def forget_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas out; their rows must still be there."""
    connection = session.connection()
    if _kept(connection):
        connection.execute(_DELETE_FORMULAS, {"post": post_id})


def put_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas in."""
    connection = session.connection()
    if _kept(connection):
        connection.execute(_INSERT_FORMULAS, {"post": post_id})


_DELETE_POST = text("DELETE FROM posts_fts WHERE rowid = :id")
_INSERT_POST = text("INSERT INTO posts_fts (rowid, title, text) VALUES (:id, :title, :text)")
_DELETE_COMMENT = text("DELETE FROM comments_fts WHERE rowid = :id")
_INSERT_COMMENT = text("INSERT INTO comments_fts (rowid, author, text) VALUES (:id, :author, :text)")
# An index without texts of its own has to be told what it held.
_DELETE_FORMULAS = text(
    "INSERT INTO formulas_fts (formulas_fts, rowid, tex) SELECT 'delete', id, tex FROM formulas WHERE post_id = :post"
)
_INSERT_FORMULAS = text("INSERT INTO formulas_fts (rowid, tex) SELECT id, tex FROM formulas WHERE post_id = :post")


def _kept(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _optimized(connection: Connection, name: str) -> int:
    """Make a table as small and quick as it can be; return how many rows it has."""
    connection.exec_driver_sql(f"INSERT INTO {name} ({name}) VALUES ('optimize')")  # noqa: S608
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608


def _fill(connection: Connection, table: str, columns: tuple[str, str], query: str) -> None:
    sqlite: Any = connection.connection.driver_connection
    insert = f"INSERT INTO {table} (rowid, {columns[0]}, {columns[1]}) VALUES (?, ?, ?)"  # noqa: S608
    found = sqlite.execute(query)
    while rows := found.fetchmany(_BATCH):
        sqlite.executemany(insert, [(number, cjk.spaced(a), cjk.spaced(b)) for number, a, b in rows])
