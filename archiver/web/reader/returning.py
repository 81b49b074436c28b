"""For who comes back: what is new since the last visit, what was published on this day, and a random old post."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver import clock
from archiver.dates import parse_start
from archiver.store import news
from archiver.store.reading import ReadOnlyPool, Row
from archiver.web.reader import parameters
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.view import page

_SINCE = Parameter("since", "a date, such as 2026-03-01 or 2026-03-01T08:00:00Z", most=25)
_MOST = 200
_OLD = timedelta(days=365)


def new(request: Request) -> Response:
    """List what the archive found since a moment, or this month: new posts, changed ones, those with new comments."""
    moment = parameters.read(request, [_SINCE])["since"] or clock.now().date().replace(day=1).isoformat()
    posts = since(desk(request).reading, moment, _MOST)
    return page(request, "new.html", since=moment, posts=posts, most=_MOST)


def since(reading: ReadOnlyPool, moment: str, most: int) -> list[Row]:
    """Return the posts that are new, changed or have new comments since a moment, the latest first.

    Raises UsageError for what is not a date.
    """
    return reading.rows(f"{news.SINCE} LIMIT :most", {"since": parse_start(moment), "most": most})


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


_RANDOM = """
SELECT id FROM posts ORDER BY CASE WHEN published_on < :until THEN 0 ELSE 1 END, random() LIMIT 1
"""
_ON_THIS_DAY = """
SELECT id, title, published_on FROM posts
WHERE published_on < :today AND substr(published_on, 5) = :day ORDER BY published_on DESC, id DESC
"""
