"""The full-text index of an SQLite file (FTS5), asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from archiver.store import cjk, coverage
from archiver.store.search_conditions import TRIGRAM, Condition
from archiver.store.search_kinds import Kind
from archiver.store.search_query import Query, Term


class FileIndex:
    """The index of an archive in a file; see `search_kinds.Index`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection, which is only read."""
        self._connection = connection

    def rows(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def has(self, table: str) -> bool:
        """Return whether there is a table of this name."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table))

    def matched(self, index: str, words: Iterable[Term], titles: Iterable[Term] = ()) -> Condition:
        """Return the query of the rows with all of these words, and with all of the titles in the title."""
        return Condition(f"SELECT rowid FROM {index} WHERE {index} MATCH ?", (match(words, titles),))  # noqa: S608

    def formulas_with(self, tex: str) -> Condition:
        """Return the condition on formulas `f` to hold a piece of TeX."""
        if len(tex) < TRIGRAM:
            return Condition("instr(f.tex, ?)", (tex,))
        return Condition("f.id IN (SELECT rowid FROM formulas_fts WHERE formulas_fts MATCH ?)", (quoted(tex),))

    def exact(self, kind: Kind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""
        words, tables, where, values = self._matching(kind, asked)
        total = self.rows(f"SELECT count(*) FROM {tables} WHERE {where}", *values)[0][0]  # noqa: S608
        by_rank = words and not asked.sort
        order = Condition(f"{_rank(kind)}, {kind.newest}") if by_rank else kind.order(asked, self.formulas_with)
        page = f"SELECT {kind.row} FROM {tables} WHERE {where} ORDER BY {order.sql} LIMIT ? OFFSET ?"  # noqa: S608
        return int(total), self._numbers(page, *values, *order.values, limit, offset)

    def all(self, kind: Kind, asked: Query) -> set[int]:
        """Return the numbers of all rows that match a query."""
        _, tables, where, values = self._matching(kind, asked)
        return set(self._numbers(f"SELECT {kind.row} FROM {tables} WHERE {where}", *values))  # noqa: S608

    def covering(self, kind: Kind, terms: Iterable[str]) -> list[int]:
        """Return rows by what of the terms they cover, best first."""
        # A row for each of the table's, and short: to count the table itself is to read all of its texts.
        total = self.rows(f"SELECT count(*) FROM {kind.index}_docsize")[0][0]  # noqa: S608
        having = f"SELECT rowid FROM {kind.index} WHERE {kind.index} MATCH ?"  # noqa: S608
        phrases = [cjk.phrase(term) for term in terms]
        titles = f"{kind.weighty} : " if kind.weighty else None
        return coverage.rank(
            total,
            (
                (everywhere, self._numbers(having, titles + phrase) if titles and everywhere else [])
                for phrase in phrases
                for everywhere in [self._numbers(having, phrase)]
            ),
        )

    def _numbers(self, sql: str, *values: Any) -> list[int]:
        return [number for (number,) in self._connection.execute(sql, values)]

    def _matching(self, kind: Kind, asked: Query) -> tuple[str, str, str, list[Any]]:
        """Return words, tables, condition and values of the rows that fulfil a query."""
        words = match(asked.words, () if asked.filters.comments else asked.titles)
        found = kind.conditions(asked, self)
        if words:
            found = (Condition(f"{kind.index} MATCH ?", (words,)), *found)
        where = " AND ".join(condition.sql for condition in found) or "TRUE"
        first, _, others = kind.rows.partition(" JOIN ")
        by_words = f"{kind.index} JOIN {first} ON {kind.row} = {kind.index}.rowid"
        tables = f"{by_words}{' JOIN ' if others else ''}{others}" if words else kind.rows
        return words, tables, where, [value for condition in found for value in condition.values]


def match(words: Iterable[Term], titles: Iterable[Term] = ()) -> str:
    """Return what to ask a full-text table for: all of the words, and all of the titles in the column of that name."""
    return " AND ".join([*map(_any_of, words), *(f"title : {_any_of(title)}" for title in titles)])


def _any_of(term: Term) -> str:
    found = [cjk.phrase(text.removesuffix("*")) + " *" * text.endswith("*") for text in term.spellings]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def quoted(text: str) -> str:
    """Return a string of FTS5's query language."""
    return '"' + text.replace('"', '""') + '"'


def _rank(kind: Kind) -> str:
    return f"bm25({', '.join((kind.index, *map(str, kind.weights)))})"
