"""Search of several archives on one server as if they were one: the same query language, and one order of all hits.

Each archive is asked for what matches, and how often; the scores are made of the counts of all together
(`search_matches`), so that a hit is where an index over all of them would put it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from archiver.store import coverage
from archiver.store.schemas import PATIENCE, Schemas
from archiver.store.search import (
    FEW,
    Filters,
    Hit,
    Results,
    hits_of,
    kinds_of,
    loose_terms,
    on_server,
    partly,
    understood,
)
from archiver.store.search_conditions import described
from archiver.store.search_kinds import SearchKind
from archiver.store.search_matches import Matches, ranked
from archiver.store.search_query import Query
from archiver.urls import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = tuple[str, int]
"""Name of an archive, and number of a row in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered(Results):
    """What a search of several archives found."""

    blogs: tuple[str, ...]
    """Name of the archive that each hit is in."""
    failed: Mapping[str, str]
    """Why others could not be searched, by name."""


def search(
    schemas: Schemas,
    query: str | Query,
    site: Callable[[str], Site],
    *,
    filters: Filters | None = None,
    limit: int = 20,
    offset: int = 0,
    patience: float = PATIENCE,
) -> Gathered:
    """Return what matches a query in any of the archives, as `search.search` does for one.

    `site` returns the blog of an archive by the name of its schema. One that holds no index or does not
    answer within `patience` seconds is told with those that failed; one that is not there has nothing to be found.

    Raises UsageError for a query that makes no sense, and where the server cannot be asked at all.
    """
    asked = understood(query, filters)
    kinds = kinds_of(asked.filters)

    def matches(_: str, connection: Connection) -> list[Matches]:
        index = on_server(connection)
        return [index.matches(kind, asked, offset + limit if limit > 0 else 0) for kind in kinds]

    answers = schemas.ask(matches, patience=patience)
    failed, names = dict(answers.failed), list(answers.found)
    exact, page = 0, list[tuple[SearchKind, Row, bool]]()
    for kind, found in zip(kinds, zip(*answers.found.values(), strict=True), strict=False):
        rows = [(names[at], number) for at, number in ranked(found, asked.sort)]
        page += [(kind, row, False) for row in rows[max(0, offset - exact) :][: limit - len(page)]]
        exact += sum(one.total for one in found)
    related = _related(schemas, kinds[0], asked, names, failed, patience) if exact < FEW else []
    page += [(kinds[0], row, True) for row in related[max(0, offset - exact) :][: limit - len(page)]]
    hits = _hits(schemas, asked, page, site, failed, patience)
    shown = [(row[0], hits[kind.index, row]) for kind, row, _ in page if (kind.index, row) in hits]
    return Gathered(
        hits=tuple(hit for _, hit in shown),
        blogs=tuple(name for name, _ in shown),
        exact=exact,
        related=len(related),
        understood=described(asked),
        query=asked,
        failed=failed,
    )


def _related(
    schemas: Schemas, kind: SearchKind, asked: Query, names: Sequence[str], failed: dict[str, str], patience: float
) -> list[Row]:
    """Return rows that cover a part of a query's loose words and fulfil all else of it, best first."""
    terms = loose_terms(asked)
    if not terms:
        return []

    def covered(_: str, connection: Connection) -> tuple[int, list[tuple[set[int], set[int]]], set[int]]:
        index = on_server(connection)
        total, found = index.covered(kind, terms)
        return total, found, partly(index, kind, asked, set().union(*(everywhere for everywhere, _ in found)))

    answers = schemas.ask(covered, names, patience=patience)
    failed |= answers.failed
    everywhere, titled = ([set[tuple[int, int]]() for _ in terms] for _ in range(2))
    for at, (_, found, _) in enumerate(answers.found.values()):
        for place, (rows, in_title) in enumerate(found):
            everywhere[place] |= {(number, -at) for number in rows}
            titled[place] |= {(number, -at) for number in in_title}
    total = sum(count for count, _, _ in answers.found.values())
    order = coverage.rank(total, zip(everywhere, titled, strict=True))
    named = [(name, found[2]) for name, found in answers.found.items()]
    return [(named[-at][0], number) for number, at in order if number in named[-at][1]][: coverage.MOST]


def _hits(
    schemas: Schemas,
    asked: Query,
    page: Sequence[tuple[SearchKind, Row, bool]],
    site: Callable[[str], Site],
    failed: dict[str, str],
    patience: float,
) -> dict[tuple[str, Row], Hit]:
    """Return the hits of a page by index and row."""
    wanted: dict[str, dict[tuple[str, bool], tuple[SearchKind, list[int]]]] = {}
    for kind, (name, number), related in page:
        wanted.setdefault(name, {}).setdefault((kind.index, related), (kind, []))[1].append(number)

    def hits(name: str, connection: Connection) -> list[tuple[tuple[str, Row], Hit]]:
        index = on_server(connection)
        return [
            ((kind.index, (name, number)), hit)
            for (_, related), (kind, numbers) in wanted[name].items()
            for number, hit in hits_of(index, kind, asked, numbers, related, site(name))
        ]

    answers = schemas.ask(hits, list(wanted), patience=patience)
    failed |= answers.failed
    return dict(chain.from_iterable(answers.found.values()))
