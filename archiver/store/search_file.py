"""The full-text index of an SQLite file (FTS5), asked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from archiver.store import cjk, coverage, search_pairs
from archiver.store.search_conditions import TRIGRAM, Condition
from archiver.store.search_kinds import SearchKind
from archiver.store.search_query import Query, Term
from archiver.store.search_shapes import Pattern


class FileIndex:
    """The index of an archive in a file; see `search_kinds.SearchIndex`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection, which is only read."""
        self._connection = connection
        self._asked: tuple[int, Pattern] | None = None
        self._ranks: Mapping[int, int] = {}

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

    def ranks(self, pattern: Pattern) -> Mapping[int, int]:
        """Return the shapes that are a formula looked for or have it in them, and how."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if (version, pattern) != self._asked:
            match = " AND ".join(map(quoted, pattern.phrases))
            found = self._connection.execute(_SHAPES, (match,))
            self._ranks = {number: rank for number, tokens in found if (rank := pattern.rank(tokens))}
            self._asked = (version, pattern)
        return self._ranks

    def listed(self, numbers: Iterable[int]) -> Condition:
        """Return the query of these numbers."""
        return Condition("SELECT value AS number FROM json_each(?)", (json.dumps(list(numbers)),))

    def exact(self, kind: SearchKind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""
        words, tables, where, values = self._matching(kind, asked)
        if words and where == _MATCHING.format(kind.index) and not asked.sort:
            return self._best(kind, words, limit, offset)
        order = f"{_rank(kind)}, {kind.newest}" if words and not asked.sort else kind.order(asked)
        counted = "" if words else ", count(*) OVER ()"  # FTS5 ranks in no query with a window
        page = f"SELECT {kind.row}{counted} FROM {tables} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        found = self.rows(page, *values, limit, offset) if limit > 0 else []
        if found and counted:
            return int(found[0][1]), [row[0] for row in found]
        total = self.rows(f"SELECT count(*) FROM {tables} WHERE {where}", *values)[0][0]  # noqa: S608
        return int(total), [row[0] for row in found]

    def _best(self, kind: SearchKind, words: str, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return what `exact` does, for nothing but words: the rows themselves, which are long, are left alone."""
        having = f"FROM {kind.index} WHERE {kind.index} MATCH ?"
        total = int(self.rows(f"SELECT count(*) {having}", words)[0][0])
        most = offset + limit if limit > 0 else 0
        sql = f"SELECT rowid, {_rank(kind)} AS score {having} ORDER BY score LIMIT ?"
        found = self.rows(sql, words, most + 1) if most else ()
        if len(found) > most:  # of those that score the same the newest come first
            last = found[-1][1]
            if found[-2][1] == last:
                found = [row for row in self.rows(sql, words, -1) if row[1] <= last]
        scores = dict[int, float]((number, score) for number, score in found)
        numbers = self._numbers(
            f"SELECT {kind.row} FROM {kind.rows} WHERE {kind.row} IN (SELECT value FROM json_each(?)) "  # noqa: S608
            f"ORDER BY {kind.newest}",
            json.dumps(list(scores)),
        )
        return total, sorted(numbers, key=scores.__getitem__)[offset:most]

    def all(self, kind: SearchKind, asked: Query) -> set[int]:
        """Return the numbers of all rows that match a query."""
        _, tables, where, values = self._matching(kind, asked)
        return set(self._numbers(f"SELECT {kind.row} FROM {tables} WHERE {where}", *values))  # noqa: S608

    def covering(self, kind: SearchKind, terms: Iterable[str]) -> dict[int, float]:
        """Return rows by what of the terms they cover, best first."""
        # A row for each of the table's, and short: to count the table itself is to read all of its texts.
        total = self.rows(f"SELECT count(*) FROM {kind.index}_docsize")[0][0]  # noqa: S608
        pairs = kind.pairs if self.has(kind.pairs) else ""
        return coverage.rank(total, (self._having(kind, pairs, term) for term in terms))

    def _having(self, kind: SearchKind, pairs: str, term: str) -> tuple[list[int], list[int]]:
        """Return the rows that have a term, and those with it in the weighty column; `pairs` is asked for a pair."""
        if pairs and search_pairs.is_pair(term):
            index, anywhere, weighty = pairs, quoted(term), quoted(search_pairs.titled(term))
        else:
            index, anywhere = kind.index, cjk.phrase(term)
            weighty = f"{kind.weighty} : {anywhere}" if kind.weighty else ""
        having = f"SELECT rowid FROM {index} WHERE {index} MATCH ?"  # noqa: S608
        found = self._numbers(having, anywhere)
        return found, self._numbers(having, weighty) if found and weighty else []

    def _numbers(self, sql: str, *values: Any) -> list[int]:
        return [number for (number,) in self._connection.execute(sql, values)]

    def _matching(self, kind: SearchKind, asked: Query) -> tuple[str, str, str, list[Any]]:
        """Return words, tables, condition and values of the rows that fulfil a query."""
        words = match(asked.words, () if asked.filters.comments else asked.titles)
        if words:
            found = (Condition(_MATCHING.format(kind.index), (words,)), *kind.conditions(asked, self))
            first, _, others = kind.rows.partition(" JOIN ")
            by_words = f"{kind.index} JOIN {first} ON {kind.row} = {kind.index}.rowid"
            tables = Condition(f"{by_words}{' JOIN ' if others else ''}{others}")
        else:
            tables, rest = kind.found_by(asked, self)
            found = kind.conditions(rest, self)
        where = " AND ".join(condition.sql for condition in found) or "TRUE"
        values = [*tables.values, *(value for condition in found for value in condition.values)]
        return words, tables.sql, where, values


def match(words: Iterable[Term], titles: Iterable[Term] = ()) -> str:
    """Return what to ask a full-text table for: all of the words, and all of the titles in the column of that name."""
    return " AND ".join([*map(_any_of, words), *(f"title : {_any_of(title)}" for title in titles)])


def _any_of(term: Term) -> str:
    found = [cjk.phrase(text.removesuffix("*")) + " *" * text.endswith("*") for text in term.spellings]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def quoted(text: str) -> str:
    """Return a string of FTS5's query language."""
    return '"' + text.replace('"', '""') + '"'


_MATCHING = "{} MATCH ?"
_SHAPES = "SELECT s.id, s.tokens FROM shapes_fts JOIN shapes AS s ON s.id = shapes_fts.rowid WHERE shapes_fts MATCH ?"


def _rank(kind: SearchKind) -> str:
    return f"bm25({', '.join((kind.index, *map(str, kind.weights)))})"
