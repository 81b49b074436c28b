"""The full-text index of an archive on a server (`search_arrays`), asked: gives what SQLite's does, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from archiver.store import coverage
from archiver.store.search_arrays import formula_keys
from archiver.store.search_conditions import TRIGRAM, Condition
from archiver.store.search_kinds import SearchKind
from archiver.store.search_matches import Match, Matches, ranked
from archiver.store.search_query import Query, Term
from archiver.store.search_shapes import Pattern, phrase_keys
from archiver.store.search_words import Words, words
from archiver.store.server import spelled

TABLES = ("posts_fts", "pages_fts", "comments_fts", "formulas_fts", "shapes_fts")

_COLUMNS = {"posts_fts": ("title", "text"), "pages_fts": ("title", "text"), "comments_fts": ("author", "text")}


@dataclass(frozen=True)
class _Phrase:
    """Words one after the other, and whether they have to be in the title."""

    words: Words
    titled: bool
    term: int = 0
    """Which of the terms they will do for."""


class ServerIndex:
    """The index of an archive on a server; see `search_kinds.SearchIndex`."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection, which is only read, in a transaction."""
        self._connection = connection
        self._ranks: dict[Pattern, Mapping[int, int]] = {}
        # The planner does not count what it costs to read arrays that are stored outside their rows; and to compile a
        # query takes longer than to answer it.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")

    @property
    def is_whole(self) -> bool:
        """Whether every table of the index is there."""
        asked = ", ".join("to_regclass(?) IS NOT NULL" for _ in TABLES)
        return all(self.rows(f"SELECT {asked}", *TABLES)[0])

    def has(self, table: str) -> bool:
        """Return whether there is a table of this name."""
        return bool(self.rows("SELECT to_regclass(?) IS NOT NULL", table)[0][0])

    def rows(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a query."""
        return self._connection.exec_driver_sql(_spelled(sql), values).all()

    def matched(self, index: str, words: Iterable[Term], titles: Iterable[Term] = ()) -> Condition:
        """Return the query of the rows with all of these words, and with all of the titles in the title."""
        parts = [_any_of(index, phrases) for phrases in _by_term(_phrases(words, titles))] or [Condition("FALSE")]
        where = " AND ".join(part.sql for part in parts)
        values = tuple(value for part in parts for value in part.values)
        return Condition(f"SELECT w.id FROM {index} AS w WHERE {where}", values)  # noqa: S608

    def formulas_with(self, tex: str) -> Condition:
        """Return the condition on formulas `f` to hold a piece of TeX."""
        holds = _holds(tex)
        if len(tex) < TRIGRAM:
            return holds
        sql = f"f.id IN (SELECT w.id FROM formulas_fts AS w WHERE w.keys @> ?) AND {holds.sql}"  # noqa: S608
        return Condition(sql, (formula_keys(tex), tex))

    def ranks(self, pattern: Pattern) -> Mapping[int, int]:
        """Return the shapes that are a formula looked for or have it in them, and how."""
        if pattern not in self._ranks:
            wanted = sorted({key for phrase in pattern.phrases for key in phrase_keys(phrase)})
            found = self.rows(_SHAPES, wanted)
            self._ranks[pattern] = {number: rank for number, tokens in found if (rank := pattern.rank(tokens))}
        return self._ranks[pattern]

    def listed(self, numbers: Iterable[int]) -> Condition:
        """Return the query of these numbers."""
        return Condition("SELECT unnest(CAST(? AS bigint[])) AS number", (list(numbers),))

    def exact(self, kind: SearchKind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""
        found = self.matches(kind, asked, offset + limit if limit > 0 else 0)
        return found.total, [number for _, number in ranked([found], asked.sort)[offset : offset + max(0, limit)]]

    def matches(self, kind: SearchKind, asked: Query, most: int) -> Matches:
        """Return what matches all of a query, to be ranked by itself or with others; no rows but the first `most`.

        Where words decide the order, any row may be among the first, so that all of them come.
        """
        phrases = _asked(asked)
        if not phrases:
            return Matches() if _terms(asked) else self._without_words(kind, asked, most)
        having = self._having(kind.index, phrases)
        found = self._fulfilling(kind, asked, _with_all(phrases, having))
        count, size = self.rows(f"SELECT count(*), coalesce(sum(size), 0) FROM {kind.index}")[0]  # noqa: S608
        return Matches(
            total=len(found),
            rows=self._counted(kind, phrases, found) if most > 0 else (),
            count=count,
            size=size,
            having=[len(each) for each in having],
        )

    def all(self, kind: SearchKind, asked: Query) -> set[int]:
        """Return the numbers of all rows that match a query."""
        phrases = _asked(asked)
        if phrases:
            found = self._fulfilling(kind, asked, _with_all(phrases, self._having(kind.index, phrases)))
        else:
            found = [] if _terms(asked) else self._fulfilling(kind, asked)
        return {number for number, _ in found}

    def covering(self, kind: SearchKind, terms: Iterable[str]) -> dict[int, float]:
        """Return rows by what of the terms they cover, best first."""
        return coverage.rank(*self.covered(kind, terms))

    def covered(self, kind: SearchKind, terms: Iterable[str]) -> tuple[int, list[tuple[set[int], set[int]]]]:
        """Return the number of rows, and for each of the terms the rows with it, and those with it in their title."""
        total = self.rows(f"SELECT count(*) FROM {kind.index}")[0][0]  # noqa: S608
        phrases = [_Phrase(words(term), titled=False) for term in terms]
        everywhere = self._having(kind.index, phrases)
        titled = [_Phrase(phrase.words, titled=True) for phrase in phrases] if kind.weighty else []
        titles = self._having(kind.index, titled) if titled else [set[int]() for _ in phrases]
        return total, list(zip(everywhere, titles, strict=True))

    def _without_words(self, kind: SearchKind, asked: Query, most: int) -> Matches:
        tables, rest = kind.found_by(asked, self)
        where, values = _where(kind.conditions(rest, self))
        total = self.rows(f"SELECT count(*) FROM {tables.sql} WHERE {where}", *tables.values, *values)[0][0]  # noqa: S608
        score = "0" if rest is asked else "h.score"
        page = (
            f"SELECT {kind.row}, {kind.day}, {score} FROM {tables.sql} WHERE {where} "  # noqa: S608
            f"ORDER BY {kind.order(asked)} LIMIT ?"
        )
        found = self.rows(page, *tables.values, *values, most) if most > 0 else ()
        return Matches(total=int(total), rows=[Match(*row) for row in found])

    def _fulfilling(
        self, kind: SearchKind, asked: Query, numbers: set[int] | None = None
    ) -> Sequence[tuple[int, str | None]]:
        """Return number and day of the rows, of these or of all, that fulfil all else of a query, by date."""
        found = kind.conditions(asked, self)
        if numbers is not None:
            found = (Condition(f"{kind.row} = ANY(CAST(? AS bigint[]))", (list(numbers),)), *found)
        where, values = _where(found)
        sql = f"SELECT {kind.row}, {kind.day} FROM {kind.rows} WHERE {where} ORDER BY {kind.by_date(asked)}"  # noqa: S608
        return [(number, day) for number, day in self.rows(sql, *values)]

    def _having(self, index: str, phrases: Sequence[_Phrase]) -> list[set[int]]:
        """Return the rows that have each phrase."""
        found: list[set[int]] = [set() for _ in phrases]
        each = [_having(index, phrase) for phrase in phrases]
        sql = " UNION ALL ".join(
            f"SELECT {at}, w.id FROM {index} AS w WHERE {one.sql}"  # noqa: S608
            for at, one in enumerate(each)
        )
        if sql:
            for at, number in self.rows(sql, *(value for one in each for value in one.values)):
                found[at].add(number)
        return found

    def _counted(
        self, kind: SearchKind, phrases: Sequence[_Phrase], found: Sequence[tuple[int, str | None]]
    ) -> Sequence[Match]:
        """Return rows, of which number and day are given, with how often each phrase is in them."""
        counted = [
            (at, weight, _times(column, phrase.words))
            for at, phrase in enumerate(phrases)
            for column, weight in zip(_COLUMNS[kind.index], kind.weights or (1.0, 1.0), strict=True)
            if column == "title" or not phrase.titled
        ]
        columns = ", ".join(["w.id", "w.size", *(times.sql for _, _, times in counted)])
        values = [value for _, _, times in counted for value in times.values]
        sql = f"SELECT {columns} FROM {kind.index} AS w WHERE w.id = ANY(CAST(? AS bigint[]))"  # noqa: S608
        rows = {}
        for number, size, *times in self.rows(sql, *values, [number for number, _ in found]):
            often = [0.0] * len(phrases)
            for (at, weight, _), found_ in zip(counted, times, strict=True):
                often[at] += weight * found_
            rows[number] = size, tuple(often)
        return [Match(number, day, 0, *rows[number]) for number, day in found]


_SHAPES = "SELECT s.id, s.tokens FROM shapes_fts AS w JOIN shapes AS s ON s.id = w.id WHERE w.keys @> ?"


def _holds(tex: str) -> Condition:
    return Condition("instr(f.tex, ?)", (tex,))


def _terms(asked: Query) -> bool:
    return bool(asked.words or (asked.titles and not asked.filters.comments))


def _asked(asked: Query) -> list[_Phrase]:
    return _phrases(asked.words, () if asked.filters.comments else asked.titles)


def _phrases(terms: Iterable[Term], titles: Iterable[Term] = ()) -> list[_Phrase]:
    """Return what to look for; of what has no words, SQLite takes no notice either."""
    titled = [(term, False) for term in terms] + [(term, True) for term in titles]
    found = [
        _Phrase(replace(words(text), begins=text.endswith("*")), in_title, number)
        for number, (term, in_title) in enumerate(titled)
        for text in term.spellings
    ]
    return [phrase for phrase in found if phrase.words.words]


def _by_term(phrases: Iterable[_Phrase]) -> list[list[_Phrase]]:
    return [list(group) for _, group in groupby(phrases, key=attrgetter("term"))]


def _with_all(phrases: Sequence[_Phrase], having: Iterable[set[int]]) -> set[int]:
    """Return the rows with a phrase of each term, from those with each phrase."""
    found: dict[int, set[int]] = {}
    for phrase, rows in zip(phrases, having, strict=True):
        found[phrase.term] = found.get(phrase.term, set()) | rows
    return set.intersection(*found.values())


def _any_of(index: str, phrases: Iterable[_Phrase]) -> Condition:
    """Return the condition on rows `w` of an index to have one of these phrases."""
    parts = [_having(index, phrase) for phrase in phrases]
    sql = " OR ".join(f"({part.sql})" for part in parts)
    return Condition(f"({sql})", tuple(value for part in parts for value in part.values))


def _having(index: str, phrase: _Phrase) -> Condition:
    """Return the condition on rows `w` of an index to have a phrase."""
    columns = ("title",) if phrase.titled else _COLUMNS[index]
    parts = [Condition("w.keys @> ?", (sorted(phrase.words.telling),))] if phrase.words.telling else []
    if phrase.titled or not phrase.words.is_key:
        held = " OR ".join(f"instr(w.{column}, ?)" for column in columns)
        parts.append(Condition(f"({held})", (phrase.words.held,) * len(columns)))
    return Condition(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def _times(column: str, phrase: Words) -> Condition:
    """Return how often a phrase is in a column of rows `w`."""
    held = phrase.held
    if phrase.overlaps:
        counted = f"(SELECT count(*) FROM regexp_matches(w.{column}, ?, 'g'))"  # noqa: S608
        return Condition(counted, (f"{held[0]}(?={held[1:]})",))
    return Condition(
        f"(octet_length(w.{column}) - octet_length(replace(w.{column}, ?, ''))) / ?", (held, len(held.encode()))
    )


def _where(found: Iterable[Condition]) -> tuple[str, list[Any]]:
    parts = list(found)
    where = " AND ".join(part.sql for part in parts) or "TRUE"
    return where, [value for part in parts for value in part.values]


def _spelled(sql: str) -> str:
    """Return a query as the server's driver takes it."""
    return spelled(sql).replace("%", "%%").replace("?", "%s")
