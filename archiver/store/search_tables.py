"""The tables of the full-text index: what they are of, and what they hold of a text."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from archiver.store import cjk, search_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A table of the index, with what it and its columns mean."""

    rows: str
    """The table it is the index of."""
    about: str
    columns: Mapping[str, str]
    options: str
    """What follows the columns when the table is made."""
    words: Callable[[str], str] = cjk.spaced
    """What it holds of a text."""

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
        """Whether it is told of texts as they are, which it finds in the rows itself."""
        return "content_rowid" in self.options

    @property
    def query(self) -> str:
        """The query of the rows: number, then the text of each column."""
        return f"SELECT id, {', '.join(self.columns)} FROM {self.rows}"  # noqa: S608

    def entry(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return what it holds of a row with these texts."""
        return tuple(texts if self.is_exact else map(self.words, texts))


_WORDS = f"content = '', tokenize = \"{cjk.TOKENIZER}\""

TABLES = (
    FullText(
        rows="posts",
        about="Titles and texts of the posts for full-text search; `rowid` is the post's number.",
        columns={
            "title": "Title; in queries each Chinese character is a word. NULL: it is in posts.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="pages",
        about="Titles and texts of the independent pages for full-text search; `rowid` is the page's number.",
        columns={
            "title": "Title; queries are as in posts_fts. NULL: it is in pages.",
            "text": "Full text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="comments",
        about="Authors and texts of the comments for full-text search; `rowid` is the comment's number.",
        columns={
            "author": "Name as shown; queries are as in posts_fts. NULL: it is in comments.",
            "text": "Text, likewise.",
        },
        options=_WORDS,
    ),
    FullText(
        rows="formulas",
        about="Source of the formulas, found by any three or more of its characters, exactly as written.",
        columns={"tex": "Exact source, that of the row in formulas with the number `rowid`."},
        # Datasette and sqlite-utils see which table an index belongs to by double quotes only.
        options='content="formulas", content_rowid="id", tokenize = "trigram case_sensitive 1"',
    ),
    FullText(
        rows="shapes",
        about="Words of the shapes of formulas, for finding similar formulas; `rowid` is the shape's number.",
        columns={"tokens": "One word per token, the same for all letters. NULL: the tokens are in shapes."},
        options="content = '', tokenize = 'ascii'",
        words=search_shapes.words,
    ),
)
"""Every table of the index."""


def is_whole(connection: sqlite3.Connection) -> bool:
    """Return whether a database that is only read has every table of the index; an older program's lacks some."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return all(table.name in there for table in TABLES)
