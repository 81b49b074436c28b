"""The tables of the full-text index: what they are of, and what they hold of a text."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archiver.store import cjk, search_pairs, search_shapes


def _spaced(*texts: str) -> tuple[str, ...]:
    return tuple(map(cjk.spaced, texts))


def _as_written(*texts: str) -> tuple[str, ...]:
    return texts


def _shape(tokens: str) -> tuple[str, ...]:
    return (search_shapes.words(tokens),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A table of the index, with what it and its columns mean."""

    name: str
    rows: str
    """The table it is the index of."""
    about: str
    columns: Mapping[str, str]
    options: str
    """What follows the columns when the table is made."""
    made_of: tuple[str, ...] = ()
    """Columns of the rows that its own are made of; those of the same names when empty."""
    entry: Callable[..., tuple[str, ...]] = _spaced
    """What it holds of a row, from the texts of these columns."""
    vital: bool = True
    """Whether search needs it; one that only makes it quicker is neither on a server nor in an older archive."""

    @property
    def statement(self) -> str:
        """The statement that makes the table."""
        return self.statement_as(self.name)

    def statement_as(self, name: str) -> str:
        """Return the statement that makes such a table under another name."""
        return f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(self.columns)}, {self.options})"

    @property
    def insert(self) -> str:
        """The statement that takes in a row: its number, then what the table holds of it."""
        return self.insert_into(self.name)

    def insert_into(self, name: str) -> str:
        """Return the statement that takes a row into such a table under another name."""
        return f"INSERT INTO {name} (rowid, {', '.join(self.columns)}) VALUES (?{', ?' * len(self.columns)})"  # noqa: S608

    @property
    def delete(self) -> str:
        """The statement that takes out a row, from the same values: the table has no copy of them."""
        columns = ", ".join((self.name, "rowid", *self.columns))
        return f"INSERT INTO {self.name} ({columns}) VALUES ('delete', ?{', ?' * len(self.columns)})"  # noqa: S608

    @property
    def is_exact(self) -> bool:
        """Whether it is told of texts as they are, which it finds in the rows itself."""
        return "content_rowid" in self.options

    @property
    def query(self) -> str:
        """The query of the rows: number, then each of the texts it is made of."""
        return f"SELECT id, {', '.join(self.made_of or self.columns)} FROM {self.rows}"  # noqa: S608


_WORDS = f"content = '', tokenize = \"{cjk.TOKENIZER}\""

TABLES = (
    FullText(
        name="posts_fts",
        rows="posts",
        about="Titles and texts of the posts for full-text search; `rowid` is the post's number.",
        columns={
            "title": "Title; in queries each Chinese character is a word. NULL: it is in posts.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        name="pairs_fts",
        rows="posts",
        about="Which posts have two Chinese characters one after the other; `rowid` is the post's number.",
        columns={"pairs": "Each pair of the text or title; after a U+2060, once more, those of the title."},
        options=f"{_WORDS}, detail = none",
        made_of=("title", "text"),
        entry=search_pairs.entry,
        vital=False,  # on a server the keys of posts_fts are such pairs
    ),
    FullText(
        name="pages_fts",
        rows="pages",
        about="Titles and texts of the independent pages for full-text search; `rowid` is the page's number.",
        columns={
            "title": "Title; queries are as in posts_fts. NULL: it is in pages.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        name="comments_fts",
        rows="comments",
        about="Authors and texts of the comments for full-text search; `rowid` is the comment's number.",
        columns={
            "author": "Name as shown; queries are as in posts_fts. NULL: it is in comments.",
            "text": "Text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        name="formulas_fts",
        rows="formulas",
        about="Source of the formulas, found by any three or more of its characters, exactly as written.",
        columns={"tex": "Exact source, that of the row in formulas with the number `rowid`."},
        # Datasette and sqlite-utils see which table an index belongs to by double quotes only.
        options='content="formulas", content_rowid="id", tokenize = "trigram case_sensitive 1"',
        entry=_as_written,
    ),
    FullText(
        name="shapes_fts",
        rows="shapes",
        about="Words of the shapes of formulas, for finding similar formulas; `rowid` is the shape's number.",
        columns={"tokens": "One word per token, the same for all letters. NULL: the tokens are in shapes."},
        options="content = '', tokenize = 'ascii'",
        entry=_shape,
    ),
)
"""Every table of the index."""


def is_whole(connection: sqlite3.Connection) -> bool:
    """Return whether a database that is only read has what search needs; an older program's lacks some tables."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return all(table.name in there for table in TABLES if table.vital)
