"""What can be searched, posts, pages or comments, in pieces of SQL; and what a full-text index can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from archiver.store.search_conditions import Condition, Spelling, conditions, conditions_of_pages
from archiver.store.search_query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is searched."""

    row: str
    rows: str
    index: str
    weights: tuple[float, ...] = ()
    """What a word counts in each column of the index; in all of them the same when empty."""
    newest: str
    oldest: str
    day: str
    """When a row was published."""
    weighty: str | None
    """Column of the index that counts more for a sentence."""
    conditions: Callable[[Query, Spelling], tuple[Condition, ...]] = conditions
    formulas: str | None = None
    """How many formulas of a row hold a piece of TeX, with a place for the condition on formulas `f`."""

    def by_date(self, asked: Query) -> str:
        """Return the order that a query asks for; newer first if it asks for none."""
        return self.oldest if asked.sort == "oldest" else self.newest

    def order(self, asked: Query, holds: Callable[[str], Condition]) -> Condition:
        """Return the order of rows that are asked for by no word: with more formulas of a kind first, then newer.

        `holds` gives the condition on formulas `f` to hold a piece of TeX.
        """
        if asked.sort:
            return Condition(self.by_date(asked))
        holding = self.holding(asked, holds)
        return Condition(f"{holding.sql} DESC, {self.newest}", holding.values) if holding else Condition(self.newest)

    def holding(self, asked: Query, holds: Callable[[str], Condition]) -> Condition | None:
        """Return how many formulas of a row hold the TeX asked for; None where none is."""
        if not asked.tex or not self.formulas:
            return None
        one = holds(asked.tex[0])
        return Condition(self.formulas.format(one.sql), one.values)


class Index(Spelling, Protocol):
    """A full-text index of an archive, open for reading."""

    def rows(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a query with question marks."""

    def has(self, table: str) -> bool:
        """Return whether there is a table of this name: a database that an older program wrote lacks some."""

    def exact(self, kind: Kind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""

    def all(self, kind: Kind, asked: Query) -> set[int]:
        """Return the numbers of all rows that match a query."""

    def covering(self, kind: Kind, terms: Iterable[str]) -> list[int]:
        """Return rows by what of the terms they cover, best first (`coverage`)."""


POSTS = Kind(
    row="p.id",
    rows="posts AS p",
    index="posts_fts",
    weights=(10.0, 1.0),  # ten times the weight for a title, as measured in benchmarks/search.py
    newest="p.published_on DESC NULLS LAST, p.id DESC",
    oldest="p.published_on NULLS LAST, p.id",
    day="p.published_on",
    weighty="title",
    formulas="(SELECT count(*) FROM formulas AS f WHERE f.post_id = p.id AND {})",
)
PAGES = Kind(
    row="g.id",
    rows="pages AS g",
    index="pages_fts",
    weights=(10.0, 1.0),
    newest="g.id",
    oldest="g.id",
    day="NULL",
    weighty="title",
    conditions=conditions_of_pages,
)
COMMENTS = Kind(
    row="c.id",
    rows="comments AS c JOIN posts AS p ON p.id = c.post_id",
    index="comments_fts",
    newest="c.published_on DESC NULLS LAST, c.id DESC",
    oldest="c.published_on NULLS LAST, c.id",
    day="c.published_on",
    weighty=None,
)
