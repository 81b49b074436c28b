"""What can be searched, posts, pages or comments, in pieces of SQL; and what a full-text index can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from archiver.store.search_conditions import Condition, Spelling, conditions, conditions_of_pages
from archiver.store.search_query import Query
from archiver.store.search_shapes import WHOLE, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKind:
    """What is searched."""

    row: str
    rows: str
    index: str
    pairs: str = ""
    """The index of its pairs of Chinese characters (`search_pairs`), if it has one."""
    weights: tuple[float, ...] = ()
    """What a word counts in each column of the index; in all of them the same when empty."""
    newest: str
    oldest: str
    day: str
    """When a row was published."""
    weighty: str | None
    """Column of the index that counts more for a sentence."""
    conditions: Callable[[Query, Spelling], tuple[Condition, ...]] = conditions
    formulas: tuple[str, str]
    """The table of the formulas of rows, and the column there that has a row's number."""
    by_fragments: bool = False
    """Whether rows with more formulas with a piece of TeX come first."""

    def by_date(self, asked: Query) -> str:
        """Return the order that a query asks for; newer first if it asks for none."""
        return self.oldest if asked.sort == "oldest" else self.newest

    def order(self, asked: Query) -> str:
        """Return the order of rows that are asked for by no word: with the best and most formulas first, then newer."""
        first = self._first(asked)
        return self.by_date(asked) if asked.sort or first is None else f"h.score DESC, {self.newest}"

    def found_by(self, asked: Query, spelling: Spelling) -> tuple[Condition, Query]:
        """Return the rows of a query without words, as tables, and what of the query they are still to fulfil.

        Where a formula is asked for, each row has with `h.score` how well and how often it holds it.
        """
        first = self._first(asked)
        if first is None:
            return Condition(self.rows), asked
        table, owner = self.formulas
        if isinstance(first, Pattern):
            found = _scored(first, spelling, table, owner)
            if first.renamed:
                rest = replace(asked, like=asked.like[1:])
            else:
                rest = replace(asked, tex=tuple(tex for tex in asked.tex if tex != first.tex))
        else:
            holds = spelling.formulas_with(first)
            sql = (
                f"SELECT f.{owner} AS number, count(*) AS score FROM {table} AS f WHERE {holds.sql} GROUP BY f.{owner}"  # noqa: S608
            )
            found, rest = Condition(sql, holds.values), replace(asked, tex=asked.tex[1:])
        rows, _, others = self.rows.partition(" JOIN ")
        joined = f"({found.sql}) AS h JOIN {rows} ON {self.row} = h.number{' JOIN ' if others else ''}{others}"
        return Condition(joined, found.values), rest

    def _first(self, asked: Query) -> Pattern | str | None:
        """Return the formula that decides the order."""
        if asked.patterns:
            return asked.patterns[0]
        return asked.fragments[0] if asked.fragments and self.by_fragments else None


def _scored(pattern: Pattern, spelling: Spelling, table: str, owner: str) -> Condition:
    """Return the query of the rows with a formula like another: more the better the best is, then for each of them."""
    ranks = spelling.ranks(pattern)
    listed = [(rank, spelling.listed(n for n, r in ranks.items() if r == rank)) for rank in sorted({*ranks.values()})]
    shapes = " UNION ALL ".join(f"SELECT number, {rank} AS rank FROM ({one.sql}) AS s{rank}" for rank, one in listed)  # noqa: S608
    best = f"min(CASE WHEN s.rank = {WHOLE} AND instr(f.tex, ?) THEN 0 ELSE s.rank END)"
    sql = (
        f"SELECT f.{owner} AS number, count(*) - {_BETTER} * {best} AS score "  # noqa: S608
        f"FROM ({shapes or 'SELECT 0 AS number, 0 AS rank WHERE FALSE'}) AS s CROSS JOIN {table} AS f "
        f"WHERE f.shape_id = s.number GROUP BY f.{owner}"
    )
    return Condition(sql, (pattern.tex, *(value for _, one in listed for value in one.values)))


_BETTER = 1_000_000
"""More than any row has formulas."""


class SearchIndex(Spelling, Protocol):
    """A full-text index of an archive, open for reading."""

    def rows(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a query with question marks."""

    def has(self, table: str) -> bool:
        """Return whether there is a table of this name: a database that an older program wrote lacks some."""

    def exact(self, kind: SearchKind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""

    def all(self, kind: SearchKind, asked: Query) -> set[int]:
        """Return the numbers of all rows that match a query."""

    def covering(self, kind: SearchKind, terms: Iterable[str]) -> dict[int, float]:
        """Return rows by what of the terms they cover, best first (`coverage`)."""


POSTS = SearchKind(
    row="p.id",
    rows="posts AS p",
    index="posts_fts",
    pairs="pairs_fts",
    weights=(10.0, 1.0),  # ten times the weight for a title, as measured in benchmarks/search.py
    newest="p.published_on DESC NULLS LAST, p.id DESC",
    oldest="p.published_on NULLS LAST, p.id",
    day="p.published_on",
    weighty="title",
    formulas=("formulas", "post_id"),
    by_fragments=True,
)
PAGES = SearchKind(
    row="g.id",
    rows="pages AS g",
    index="pages_fts",
    weights=(10.0, 1.0),
    newest="g.id",
    oldest="g.id",
    day="NULL",
    weighty="title",
    formulas=("page_formulas", "page_id"),
    conditions=conditions_of_pages,
)
COMMENTS = SearchKind(
    row="c.id",
    rows="comments AS c JOIN posts AS p ON p.id = c.post_id",
    index="comments_fts",
    newest="c.published_on DESC NULLS LAST, c.id DESC",
    oldest="c.published_on NULLS LAST, c.id",
    day="c.published_on",
    weighty=None,
    formulas=("comment_formulas", "comment_id"),
)
