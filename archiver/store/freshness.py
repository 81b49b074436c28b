"""What a further run asks for: whatever is new, has changed according to the lists, or is due.

Addresses that failed before do not depend on pages that name them: each has its own next time (see `frontier`). The
blog sends no validators for pages, so the lists decide: one request for the catalogue gives every post's title and
number of comments. What no list can show, a silent edit, is found by re-checking the posts that were checked longest
ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import frontier, lists
from archiver.store.lists import CATALOGUE, CATEGORY
from archiver.store.models import FrontierEntry, Page, Post, Sighting
from archiver.urls import Site

ONCE = frozenset({"comments", "image", "requisite"}) | frontier.FURNITURE
"""Kinds that pages name and that are fetched once; those that change with a post are fetched again when it does."""

MOST_FURNITURE = 10_000
"""Most addresses of one kind other than posts: a theme that generates endless tags adds no more."""

RUNS_UNTIL_GONE = 3
"""Runs that must agree before a post counts as gone."""


class Beside:
    """How many addresses other than posts are known, by kind: counted once per run, not again for each new tag."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, int] = {}

    def take_in(self, kind: str) -> bool:
        """Return whether there is room for one more, which is counted from now on."""
        if kind not in self._known:
            self._known[kind] = int(self._session.execute(_OF_KIND, {"kind": kind}).scalar_one())
        has_room = self._known[kind] < MOST_FURNITURE
        self._known[kind] += has_room
        return has_room


def wanted(session: Session, url: str, kind: str, listed: Mapping[str, Any], site: Site, beside: Beside) -> bool:
    """Return whether an address is worth asking for again.

    `listed` is what the list it was found in says: `title`, `comment_count` and `modified_at` of a post, with the
    `source` if that is not the catalogue, `last` (the last post of the page before) of a further page of a category.
    The newest come first: after a known one, all are known.
    """
    if kind == "post":
        return _post_wanted(session, url, site.post_id(url), listed)
    entry = session.execute(_ENTRY, {"url": url}).first()
    if kind == "category":
        place = site.category(url)
        if place is None or place[1] == 1:
            return entry is None or entry.state != "failed" or not entry.permanent
        return not _in_category(session, place[0], listed.get("last"))
    if entry is None and kind in frontier.FURNITURE:
        return beside.take_in(kind)
    return entry is None or kind not in ONCE


# Built once: they are asked for every link of every page.
_ENTRIES: Any = FrontierEntry.__table__
_POSTS: Any = Post.__table__
_PAGES: Any = Page.__table__
_SIGHTINGS: Any = Sighting.__table__
_ENTRY = select(_ENTRIES.c.state, _ENTRIES.c.permanent).where(_ENTRIES.c.url == bindparam("url"))
_OF_KIND = select(func.count()).select_from(_ENTRIES).where(_ENTRIES.c.kind == bindparam("kind"))
_SAID = ("title", "comment_count", "modified_at")
_POST = (
    select(
        _ENTRIES.c.state, _POSTS.c.id, _POSTS.c.title, _POSTS.c.comment_count, _POSTS.c.status, _POSTS.c.missing_runs,
        _SIGHTINGS.c.run_id.label("sighted"), *(_SIGHTINGS.c[name].label(f"said_{name}") for name in _SAID),
    )
    .select_from(_ENTRIES)
    .outerjoin(_POSTS, _POSTS.c.id == bindparam("post"))
    .outerjoin(_SIGHTINGS, (_SIGHTINGS.c.post_id == bindparam("post")) & (_SIGHTINGS.c.source == bindparam("source")))
    .where(_ENTRIES.c.url == bindparam("url"))
)  # fmt: skip


def _post_wanted(session: Session, url: str, number: int | None, listed: Mapping[str, Any]) -> bool:
    source = listed.get("source", CATALOGUE)
    known = session.execute(_POST, {"url": url, "post": number, "source": source}).first()
    if known is None:
        return True
    if "title" not in listed:
        # Known not to exist, or never stored: only the blog's own list makes it worth another look.
        return known.id is None and known.state not in ("failed", "skipped")
    news = _says_news(listed, known)
    if known.state == "failed":
        vanishing = known.id is not None and 0 < known.missing_runs < RUNS_UNTIL_GONE
        return news or vanishing or lists.relisted(session, known.sighted, source)
    return news or known.id is None or known.status == "gone" or known.missing_runs > 0


def _says_news(listed: Mapping[str, Any], known: Any) -> bool:
    """Whether a list says something else about a post than before or, if new in the list, than the archive."""
    if known.sighted is not None:
        return any(listed.get(name) != getattr(known, f"said_{name}") for name in _SAID)
    if known.id is None:
        return True
    # A list without a title or a counter does not say another one.
    shown = ((listed["title"] or known.title, known.title), (listed["comment_count"], known.comment_count))
    return any(here is not None and here != there for here, there in shown)


def renew_furniture(session: Session, post: items.Post, site: Site, *, run_id: int) -> None:
    """Fetch again what shows the latest posts after one was added or changed: front page, feed, the lists it is in.

    Only the first pages: otherwise all further ones would be fetched for every new post, which is for `--full`.
    """
    dated = site.dated_urls(post.published_on) if post.published_on else ()
    frontier.renew(session, [site.front_url(), site.feed_url(), *post.tag_urls, *dated], run_id=run_id)


def _in_category(session: Session, slug: str, number: int | None) -> bool:
    """Whether a post is known to be in a category."""
    return lists.sighting(session, number, CATEGORY + slug) is not None


def add_due(session: Session, posts: int, pages: int, *, run_id: int, now: str) -> int:
    """Put the posts and independent pages that were checked longest ago into the frontier; return how many.

    Pages of attachments stay as they are; the others have comments that no list reports. One that failed has its own
    next time.
    """
    due = [(url, "post") for url in _oldest(session, _POSTS, _POSTS.c.status == "live", posts)]
    standing = _PAGES.c.url.not_like("%/attachment/%") & (_ENTRIES.c.state == "done")
    due += [(url, "page") for url in _oldest(session, _PAGES, standing, pages)]
    return sum(frontier.add(session, url, kind, run_id=run_id, now=now) for url, kind in due)


def _oldest(session: Session, table: Any, wanted: Any, most: int) -> list[str]:
    # By the number of the run before the time: clocks jump, and two runs may fall into one second.
    order = (_ENTRIES.c.run_id, table.c.last_seen_at, table.c.id)
    asked = select(table.c.url).join(_ENTRIES, _ENTRIES.c.url == table.c.url, isouter=True)
    return list(session.execute(asked.where(wanted).order_by(*order).limit(most)).scalars())


def settle_missing(session: Session, *, run_id: int, cycle: int) -> int:
    """Count a run against the posts it found missing; return how many are gone by now that were not before.

    A post is missing if no complete list that the run read has it, or if it answered 404 or 410 in its cycle. Call this
    only when the run got to its end and believed these lists.
    """
    everything = (_SIGHTINGS.c.source == CATALOGUE) | _SIGHTINGS.c.source.startswith(items.LIST, autoescape=True)
    listed = select(_SIGHTINGS.c.post_id).where(everything, _SIGHTINGS.c.run_id >= run_id)
    absent = select(_ENTRIES.c.url).where(
        _ENTRIES.c.kind == "post", _ENTRIES.c.state == "failed", _ENTRIES.c.permanent,
        _ENTRIES.c.run_id >= cycle,
    )  # fmt: skip
    missing = _POSTS.c.id.not_in(listed) | _POSTS.c.url.in_(absent)
    session.execute(update(_POSTS).where(missing).values(missing_runs=_POSTS.c.missing_runs + 1))
    session.execute(update(_POSTS).where(~missing, _POSTS.c.missing_runs > 0).values(missing_runs=0))
    gone = (_POSTS.c.missing_runs >= RUNS_UNTIL_GONE) & (_POSTS.c.status == "live")
    count = session.execute(select(func.count()).select_from(_POSTS).where(gone)).scalar_one()
    session.execute(update(_POSTS).where(gone).values(status="gone"))
    return int(count)
