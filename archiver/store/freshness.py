"""What a further run asks for: what is new, what the lists say has changed, what failed before, what is due.

The blog sends no validators for pages, so the lists decide: one request for the catalogue tells every post's title and
number of comments. What no list can tell, a silent edit, is found by looking again at the posts longest unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from archiver.store import frontier
from archiver.store.lists import CATALOGUE, CATEGORY
from archiver.store.models import FrontierEntry, Post, Sighting
from archiver.urls import category, post_id, post_url

RUNS_UNTIL_GONE = 3
"""Complete runs that must agree before a post counts as gone."""


def wanted(session: Session, url: str, kind: str, listed: Mapping[str, Any]) -> bool:
    """Return whether an address is worth asking for again.

    `listed` is what the list it was found in says: `title` and `comment_count` of a post in the catalogue, `last` (the
    last post of the page before) of a further page of a category. Newest come first: after a known one all are known.
    """
    entry = session.execute(_ENTRY, {"url": url}).first()
    if kind == "post":
        return _post_wanted(session, url, entry, listed)
    if kind == "category":
        place = category(url)
        first = place is None or place[1] == 1
        return first or _failed(entry) or not _in_category(session, place[0] if place else "", listed.get("last"))
    if kind in ("comments", "image", "requisite"):
        return entry is None or _failed(entry)
    return True


# Built once: they are asked for every link of every page.
_ENTRIES: Any = FrontierEntry.__table__
_POSTS: Any = Post.__table__
_SIGHTINGS: Any = Sighting.__table__
_ENTRY = select(_ENTRIES.c.state, _ENTRIES.c.permanent).where(_ENTRIES.c.url == bindparam("url"))
_POST = select(_POSTS.c.id, _POSTS.c.title, _POSTS.c.comment_count, _POSTS.c.status, _POSTS.c.missing_runs).where(
    _POSTS.c.id == bindparam("post")
)
_SIGHTING = select(_SIGHTINGS.c.title, _SIGHTINGS.c.comment_count).where(
    _SIGHTINGS.c.post_id == bindparam("post"), _SIGHTINGS.c.source == bindparam("source")
)


def _failed(entry: Any) -> bool:
    """Whether an address failed in a way that may pass."""
    return entry is not None and entry.state == "failed" and not entry.permanent


def _post_wanted(session: Session, url: str, entry: Any, listed: Mapping[str, Any]) -> bool:
    if entry is None or _failed(entry):
        return True
    post = session.execute(_POST, {"post": post_id(url)}).first()
    if post is None:
        # Known not to be there, or never stored: only the blog's own list makes it worth another look.
        return "title" in listed or entry.state not in ("failed", "skipped")
    if "title" not in listed:
        return False
    before = session.execute(_SIGHTING, {"post": post.id, "source": CATALOGUE}).first() or post
    known = (before.title, before.comment_count)
    return (listed["title"], listed["comment_count"]) != known or post.status == "gone" or post.missing_runs > 0


def _in_category(session: Session, slug: str, number: int | None) -> bool:
    """Whether a post is known to be in a category."""
    return session.execute(_SIGHTING, {"post": number, "source": CATEGORY + slug}).first() is not None


def add_due(session: Session, most: int, *, cycle: int, now: str) -> int:
    """Put the posts longest unverified into the frontier; return how many."""
    # By the number of the run before the time: clocks jump, and two runs may fall into one second.
    order = (FrontierEntry.cycle, Post.last_seen_at, Post.id)
    asked = select(Post.id).join(FrontierEntry, FrontierEntry.url == Post.url, isouter=True)
    oldest = asked.where(Post.status == "live").order_by(*order).limit(most)
    numbers = list(session.execute(oldest).scalars())
    return sum(frontier.add(session, post_url(number), "post", cycle=cycle, now=now) for number in numbers)


def settle_missing(session: Session, cycle: int) -> int:
    """Count a complete run against the posts it found missing; return how many are gone by now that were not before.

    Missing is what a complete catalogue of the cycle does not list, or what answered 404 or 410. Call this only when
    the run was complete and read the catalogue.
    """
    listed = select(Sighting.post_id).where(Sighting.source == CATALOGUE, Sighting.run_id >= cycle)
    absent = select(FrontierEntry.url).where(
        FrontierEntry.kind == "post", FrontierEntry.state == "failed", FrontierEntry.permanent,
        FrontierEntry.cycle == cycle,
    )  # fmt: skip
    missing = Post.id.not_in(listed) | Post.url.in_(absent)
    session.execute(update(Post).where(missing).values(missing_runs=Post.missing_runs + 1))
    session.execute(update(Post).where(~missing, Post.missing_runs > 0).values(missing_runs=0))
    gone = (Post.missing_runs >= RUNS_UNTIL_GONE) & (Post.status == "live")
    count = session.execute(select(func.count()).select_from(Post).where(gone)).scalar_one()
    session.execute(update(Post).where(gone).values(status="gone"))
    session.expire_all()
    return int(count)
