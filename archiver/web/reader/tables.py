"""What a user's own query finds, each row with the post it is about and the capture that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archiver.store import query
from archiver.store.pool import ReadOnlyPool, Row
from archiver.urls import Site
from archiver.web.reader.desk import Desk

TIMEOUT = 10.0
"""Seconds a query may take."""

MOST_ROWS = 1000
"""Rows that are shown."""

MOST_SAVED = 100_000
"""Rows a download has."""

_POST_COLUMNS = ("post_id", "target_post_id", "from_post_id")
_LONGEST = 300  # characters of a cell

_CAPTURES = """
SELECT p.id, c.id AS capture_id, c.warc_file, c.warc_offset, c.fetched_at FROM posts AS p
JOIN post_revisions AS r ON r.id = p.current_revision_id JOIN captures AS c ON c.id = r.capture_id
WHERE p.id IN ({})
"""


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Rows that were found."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    posts: list[int | None]
    """For each row, the post it is about."""
    captures: dict[int, Row]
    """For each of these posts, the capture that its text was read from."""
    more: bool
    """Whether there are more rows."""

    def described(self) -> dict[str, Any]:
        """Return everything, for programs."""
        return {
            "columns": list(self.columns),
            "rows": self.rows,
            "captures": [self.captures.get(post) if post else None for post in self.posts],
            "more": self.more,
        }


def table(desk: Desk, sql: str) -> ResultTable:
    """Return what a query finds, up to `MOST_ROWS` rows.

    Raises UsageError for a query that is wrong, writes or takes too long.
    """
    found = query.run(desk.pool.database, sql, timeout=TIMEOUT, limit_rows=MOST_ROWS + 1)
    rows = [tuple(map(_shown, row)) for row in found.rows[:MOST_ROWS]]
    posts = _posts(found.columns, rows, desk.site)
    return ResultTable(found.columns, rows, posts, _captures(desk.pool, posts), len(found.rows) > MOST_ROWS)


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + "…"
    return str(value) if isinstance(value, float) and value - value != 0 else value  # JSON has no infinity


def _posts(columns: Sequence[str], rows: Sequence[Sequence[Any]], site: Site) -> list[int | None]:
    """Return which post each row is about, by a column of that name or by its address."""
    names = [name.lower() for name in columns]
    place = next((names.index(name) for name in _POST_COLUMNS if name in names), None)
    if place is None and "id" in names and {"title", "reader_count", "published_on"} & set(names):
        place = names.index("id")
    urls = [index for index, name in enumerate(names) if name == "url"]
    return [_post(row[place] if place is not None else None, [row[index] for index in urls], site) for row in rows]


def _post(number: Any, urls: Sequence[Any], site: Site) -> int | None:
    if isinstance(number, int) and 0 < number < 1_000_000_000:
        return number
    found = (site.discussion(url) or (url, 1) for url in urls if isinstance(url, str))
    return next(filter(None, (site.post_id(whose) for whose, _ in found)), None)


def _captures(pool: ReadOnlyPool, posts: Sequence[int | None]) -> dict[int, Row]:
    wanted = sorted({post for post in posts if post})
    if not wanted:
        return {}
    numbers = ", ".join(map(str, wanted))
    rows = pool.rows(_CAPTURES.format(numbers))
    return {row["id"]: row for row in rows}
