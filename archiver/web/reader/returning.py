"""For those who come back: what is new since the last visit, what was published on this day, and a random old post."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver import clock
from archiver.dates import parse_start
from archiver.store import news
from archiver.store.pool import ReadOnlyPool, Row
from archiver.web.reader import parameters
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.view import page

_SINCE = Parameter("since", "a date, such as 2026-03-01 or 2026-03-01T08:00:00Z", most=25)
_MOST = 200
_OLD = timedelta(days=365)


def new(request: Request) -> Response:
    """List what the archive found since a given time, or this month: new posts, changed ones, newly commented ones."""
    moment = parameters.read(request, [_SINCE])["since"] or clock.now().date().replace(day=1).isoformat()
    posts = since(desk(request).pool, moment, _MOST)
    return page(request, "new.html", since=moment, posts=posts, most=_MOST)


def since(pool: ReadOnlyPool, moment: str, most: int) -> list[Row]:
    """Return the posts that are new, changed or have new comments since a given time, the latest first.

    Raises UsageError for anything that is not a date.
    """
    return pool.rows(f"{news.SINCE} LIMIT :most", {"since": parse_start(moment), "most": most})


def random(request: Request) -> Response:
    """Redirect to a post more than a year old, another one each time; to any if none is that old."""
    here = desk(request)
    row = here.pool.row(_RANDOM, {"until": (clock.now() - _OLD).date().isoformat()})
    if row is None:
        raise Missing("post")
    return RedirectResponse(f"{here.root}/posts/{row['id']}", 303, headers={"Cache-Control": "no-store"})


def on_this_day(pool: ReadOnlyPool) -> list[Row]:
    """Return the posts published on this day of earlier years, newest first: id, title, published_on."""
    today = clock.now().astimezone().date().isoformat()
    return pool.rows(_ON_THIS_DAY, {"day": today[len("YYYY") :], "today": today})


_RANDOM = """
SELECT id FROM posts ORDER BY CASE WHEN published_on < :until THEN 0 ELSE 1 END, random() LIMIT 1
"""
_ON_THIS_DAY = """
SELECT id, title, published_on FROM posts
WHERE published_on < :today AND substr(published_on, 5) = :day ORDER BY published_on DESC, id DESC
"""
