"""For who comes back: what is new since the last visit, what was published on this day, and a random old post."""

from __future__ import annotations

import re
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver import clock
from archiver.errors import UsageError
from archiver.store.reading import ReadOnlyPool, Row
from archiver.web.reader import parameters
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.view import page

_SINCE = Parameter("since", "a day or moment, such as 2026-03-01 or 2026-03-01T08:00:00Z", required=True, most=20)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
_MOST = 200
_OLD = timedelta(days=365)


def new(request: Request) -> Response:
    """List what the archive found since a moment: new posts, changed ones, and those with new comments."""
    moment = parameters.read(request, [_SINCE])["since"]
    posts = since(desk(request).reading, moment, _MOST)
    return page(request, "new.html", since=moment, posts=posts, most=_MOST)


def since(reading: ReadOnlyPool, moment: str, most: int) -> list[Row]:
    """Return the posts that are new, changed or have new comments since a moment, the latest first.

    Raises UsageError for what is not a moment.
    """
    if not _MOMENT.fullmatch(moment):
        raise UsageError(f"since: expected {_SINCE.about}, found {moment!r}")
    return reading.rows(_NEW, {"since": moment, "most": most})


def random(request: Request) -> Response:
    """Lead to a post of more than a year ago, another one each time; to any where none is so old."""
    here = desk(request)
    row = here.reading.row(_RANDOM, {"until": (clock.now() - _OLD).date().isoformat()})
    if row is None:
        raise Missing("post")
    return RedirectResponse(f"{here.root}/posts/{row['id']}", 303, headers={"Cache-Control": "no-store"})


def on_this_day(reading: ReadOnlyPool) -> list[Row]:
    """Return the posts published on this day of earlier years, newest first: id, title, published_on."""
    today = clock.now().astimezone().date().isoformat()
    return reading.rows(_ON_THIS_DAY, {"day": today[len("YYYY") :], "today": today})


_NEW = """
SELECT p.id, p.title, p.published_on, p.first_seen_at > :since AS is_new, p.last_changed_at > :since AS is_changed,
  coalesce(c.comments, 0) AS comments
FROM posts AS p
LEFT JOIN (SELECT post_id, count(*) AS comments, max(first_seen_at) AS latest FROM comments
  WHERE first_seen_at > :since AND deleted_at IS NULL GROUP BY post_id) AS c ON c.post_id = p.id
WHERE p.last_changed_at > :since OR c.comments > 0
ORDER BY CASE WHEN p.last_changed_at > :since THEN p.last_changed_at ELSE c.latest END DESC, p.id DESC LIMIT :most
"""
_RANDOM = """
SELECT id FROM posts ORDER BY CASE WHEN published_on < :until THEN 0 ELSE 1 END, random() LIMIT 1
"""
_ON_THIS_DAY = """
SELECT id, title, published_on FROM posts
WHERE published_on < :today AND substr(published_on, 5) = :day ORDER BY published_on DESC, id DESC
"""
