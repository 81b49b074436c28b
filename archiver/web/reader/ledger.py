"""What the reader asks the archive about itself: runs, gaps, reviews, sizes and growth.

Rows are plain dictionaries by column name, as the JSON API hands them out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from archiver.store import missing
from archiver.store.pool import ReadOnlyPool, Row
from archiver.store.totals import LAST_COMPLETE, TOTALS
from archiver.web.reader.queries import MOST_LISTED


class Ledger:
    """Questions about how an archive came to be; may be shared by threads."""

    def __init__(self, pool: ReadOnlyPool) -> None:
        """Query through this pool."""
        self._ask = pool.rows
        self._ask_one = pool.row

    def runs(self, limit: int = 50) -> list[Row]:
        """Return the runs, newest first, their counts as an object."""
        found = self._ask("SELECT * FROM run_log ORDER BY id DESC LIMIT :limit", {"limit": limit})
        return [{**row, "counts": json.loads(row["counts"] or "{}")} for row in found]

    def gaps(self, limit: int = MOST_LISTED) -> list[Row]:
        """Return what the archive knows of but does not hold, and why."""
        return self._ask(f"{missing.ALL} ORDER BY kind, url LIMIT :limit", {"limit": limit})

    def missing(self, most: int) -> list[Row]:
        """Return how many addresses are missing for each reason: kind, state, reason, addresses, since.

        Each with the first `rows` of them, at most so many.
        """
        rows: defaultdict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self._ask(missing.FIRST_OF_EACH, {"most": most}):
            rows[_group(row)].append(row)
        return [{**each, "rows": rows[_group(each)]} for each in self._ask(missing.REASONS)]

    def doubts(self) -> list[Row]:
        """Return what the blog shows but the archive does not believe."""
        return self._ask("SELECT * FROM doubts WHERE NOT accepted ORDER BY kind, subject")

    def reviews(self) -> list[Row]:
        """Return the versions that could not be verified, newest first."""
        return self._ask(
            "SELECT r.id, r.post_id, r.seen_at, r.title, r.issues FROM post_revisions AS r "
            "WHERE r.status = 'review' ORDER BY r.id DESC LIMIT 100"
        )

    def brought(self, run: int) -> list[Row]:
        """Return the newest posts that got a version in a run; `is_new` says whether it was the first."""
        return self._ask(_BROUGHT, {"run": run})

    def counts(self) -> Row:
        """Return how many posts, comments and formulas there are: counts that indexes give at once."""
        return self._ask_one(_COUNTS) or {}

    def totals(self) -> Row:
        """Return all counts of the archive."""
        return self._ask_one(_TOTALS) or {}

    def growth(self) -> list[Row]:
        """Return for each month the posts and comments published so far."""
        months = self._ask(
            "SELECT month, sum(posts) AS posts, sum(comments) AS comments FROM ("
            "SELECT substr(published_on, 1, 7) AS month, count(*) AS posts, 0 AS comments FROM posts "
            "WHERE published_on IS NOT NULL GROUP BY substr(published_on, 1, 7) UNION ALL "
            "SELECT substr(published_on, 1, 7), 0, count(*) FROM comments "
            "WHERE published_on IS NOT NULL GROUP BY substr(published_on, 1, 7)) AS counted "
            "GROUP BY month ORDER BY month"
        )
        found = {row["month"]: row for row in months}
        grown, posts, comments = [], 0, 0
        for month in _months(min(found, default=""), max(found, default="")):
            row = found.get(month, {"posts": 0, "comments": 0})
            posts, comments = posts + row["posts"], comments + row["comments"]
            grown.append({"month": month, "posts": posts, "comments": comments})
        return grown

    def readers(self) -> list[Row]:
        """Return for each day with counters the readers of all posts, each as last counted by then."""
        seen = self._ask(
            "SELECT substr(seen_at, 1, 10) AS day, post_id, max(reader_count) AS readers FROM post_stats "
            "WHERE reader_count IS NOT NULL GROUP BY substr(seen_at, 1, 10), post_id ORDER BY day"
        )
        latest: dict[int, int] = {}
        by_day: dict[str, int] = {}
        total = 0
        for row in seen:
            total += row["readers"] - latest.get(row["post_id"], 0)
            latest[row["post_id"]] = row["readers"]
            by_day[row["day"]] = total
        return [{"day": day, "readers": readers} for day, readers in by_day.items()]


def _group(row: Row) -> tuple[object, ...]:
    return row["kind"], row["state"], None if row["state"] == "incomplete" else row["reason"]


def _months(first: str, last: str) -> Iterator[str]:
    """Yield the months from one to another, each as `YYYY-MM`."""
    while first and first <= last:
        yield first
        year, month = int(first[:4]), int(first[5:7])
        first = f"{year + month // 12:04}-{month % 12 + 1:02}"


# By date of publication, which has an index, and by captures: the posts' own time columns are behind their texts,
# and reading past those takes long.
_BROUGHT = """
SELECT p.id, p.title, p.published_on, NOT EXISTS (
    SELECT 1 FROM post_revisions AS e JOIN captures AS c ON c.id = e.capture_id
    WHERE e.post_id = p.id AND c.run_id <> :run
) AS is_new
FROM posts AS p WHERE EXISTS (
    SELECT 1 FROM post_revisions AS r JOIN captures AS c ON c.id = r.capture_id
    WHERE r.post_id = p.id AND c.run_id = :run
)
ORDER BY p.published_on DESC, p.id DESC LIMIT 12
"""

_COUNTS = """
SELECT (SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM formulas) AS formulas
"""

_TOTALS = f"SELECT {TOTALS}, {LAST_COMPLETE}"  # both are constants
