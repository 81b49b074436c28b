"""How the posts cite each other: from which year into which, drawn as SVG within the page, and those cited most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from starlette.requests import Request
from starlette.responses import Response

from archiver.web.reader.desk import desk
from archiver.web.reader.view import page

_CELL = 30
_LEFT, _TOP, _BOTTOM = 44, 8, 26
_MOST_CITED = 20


@dataclass(frozen=True, slots=True)
class Spot:
    """How often posts of one year cite posts of another, as a circle whose area is that number."""

    x: float
    y: float
    radius: float
    citing: int
    cited: int
    times: int


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing, ready for the template: citing years from left to right, cited ones from below."""

    spots: tuple[Spot, ...]
    across: tuple[tuple[float, int], ...]
    up: tuple[tuple[float, int], ...]
    width: int
    height: int
    left: int = _LEFT


def listing(request: Request) -> Response:
    """Show from which year into which posts cite each other, and which are cited most."""
    pool = desk(request).pool
    return page(
        request,
        "citations.html",
        drawing=drawn([(row[0], row[1], row[2]) for row in pool.tuples(_YEARS)]),
        cited=pool.rows(_CITED, {"most": _MOST_CITED}),
    )


def drawn(rows: Sequence[tuple[int, int, int]]) -> Map | None:
    """Return the map of citing year, cited year and times; None without any."""
    if not rows:
        return None
    years = [year for citing, cited, _ in rows for year in (citing, cited)]
    first, count = min(years), max(years) - min(years) + 1
    most = max(times for *_, times in rows)
    height = _TOP + count * _CELL + _BOTTOM

    def x(year: int) -> float:
        return _LEFT + (year - first + 0.5) * _CELL

    def y(year: int) -> float:
        return height - _BOTTOM - (year - first + 0.5) * _CELL

    spots = tuple(
        Spot(x(citing), y(cited), max(2.0, sqrt(times / most) * _CELL * 0.48), citing, cited, times)
        for citing, cited, times in rows
    )
    marked = range(first, first + count)
    return Map(
        spots,
        tuple((x(year), year) for year in marked),
        tuple((y(year), year) for year in marked),
        _LEFT + count * _CELL,
        height,
    )


_PAIRS = """
SELECT DISTINCT l.post_id AS citing, l.target_post_id AS cited FROM links AS l
WHERE l.target_post_id IS NOT NULL AND l.target_post_id <> l.post_id
"""
_YEARS = f"""
SELECT CAST(substr(c.published_on, 1, 4) AS INTEGER), CAST(substr(t.published_on, 1, 4) AS INTEGER), count(*)
FROM ({_PAIRS}) AS pair JOIN posts AS c ON c.id = pair.citing JOIN posts AS t ON t.id = pair.cited
WHERE c.published_on IS NOT NULL AND t.published_on IS NOT NULL
GROUP BY CAST(substr(c.published_on, 1, 4) AS INTEGER), CAST(substr(t.published_on, 1, 4) AS INTEGER)
ORDER BY count(*) DESC
"""  # noqa: S608 - words of ours
_CITED = f"""
SELECT p.id, p.title, p.published_on, count(*) AS posts FROM ({_PAIRS}) AS pair JOIN posts AS p ON p.id = pair.cited
GROUP BY p.id, p.title, p.published_on ORDER BY count(*) DESC, p.id DESC LIMIT :most
"""  # noqa: S608 - words of ours
