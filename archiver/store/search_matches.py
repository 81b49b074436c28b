"""What of archives on a server matches a query, and its order: of one archive, or of several as if they were one.

Scores of two indexes do not compare: a word that is rare in one blog may be in every post of another. So rows are
scored with the counts of all indexes together, which gives the order that one index over all of them would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

K1, B, LEAST_IDF = 1.2, 0.75, 1e-6
"""Constants of FTS5's bm25 (https://www.sqlite.org/fts5.html, section 5.1.1, and its source)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A row that matches all of a query."""

    number: int
    day: str | None
    """When it was published, YYYY-MM-DD; None for one that does not say."""
    formulas: int = 0
    """How well and how many of its formulas hold the TeX looked for, where no word is."""
    size: int = 0
    """Number of its words."""
    times: tuple[float, ...] = ()
    """How often each phrase is in it, by the weight of the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What an index has for a query."""

    total: int = 0
    """Rows that match all of it."""
    rows: Sequence[Match] = ()
    """Those that may be on the page asked for, by date as asked for, and those without a day by number."""
    count: int = 0
    """Rows of the index."""
    size: int = 0
    """Words of the index."""
    having: Sequence[int] = ()
    """How many rows of the index have each phrase."""


def ranked(found: Sequence[Matches], sort: str = "") -> list[tuple[int, int]]:
    """Return the place in `found` and the number of each row: best first, or as `search_query.SORTS` has it."""
    rows = [(at, row) for at, one in enumerate(found) for row in one.rows]
    if sort == "oldest":
        rows.sort(key=lambda each: (each[1].day is None, each[1].day))
        return [(at, row.number) for at, row in rows]
    rows.sort(key=lambda each: each[1].day or "", reverse=True)
    if sort:
        return [(at, row.number) for at, row in rows]
    rows.sort(key=lambda each: -each[1].formulas)
    if any(one.having for one in found):
        scores = _scores(found)
        rows.sort(key=lambda each: -scores[each[0], each[1].number])
    return [(at, row.number) for at, row in rows]


def _scores(found: Sequence[Matches]) -> dict[tuple[int, int], float]:
    """Return how well rows match: as FTS5's bm25 counts, higher is better.

    The order of the additions is FTS5's, so that the sums are its to the last bit.
    """
    asked = [one for one in found if one.having]
    count, size = sum(one.count for one in asked), sum(one.size for one in asked)
    having = map(sum, zip(*(one.having for one in asked), strict=True))
    rarity = [max(log((count - rows + 0.5) / (rows + 0.5)), 0.0) or LEAST_IDF for rows in having]
    scores = {}
    for at, one in enumerate(found):
        for row in one.rows:
            norm = K1 * (1 - B + B * row.size / (float(size) / count))
            score = 0.0
            for rare, times in zip(rarity, row.times, strict=True):
                score += rare * ((times * (K1 + 1.0)) / (times + norm))
            scores[at, row.number] = score
    return scores
