"""What the blog's own lists and the curated index say: who lists which post, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import models
from archiver.store.database import upsert
from archiver.urls import Site

_SIGHTINGS: Any = models.Sighting.__table__
_POSTS: Any = models.Post.__table__
_CATEGORIES: Any = models.Category.__table__
_TOPICS: Any = models.Topic.__table__
_TOPIC_POSTS: Any = models.TopicPost.__table__

CATALOGUE = "catalogue"
INDEX = "index"
CATEGORY = "category/"
"""Sources of a sighting; a category's slug follows. Those of lists for programs are named by their pages."""


def save_catalogue(session: Session, catalogue: items.Catalogue, *, run_id: int) -> None:
    """Store what the catalogue lists."""
    _sight(
        session,
        CATALOGUE,
        run_id,
        (
            {
                "post_id": entry.post_id,
                "title": entry.title,
                "published_on": entry.published_on,
                "comment_count": entry.comment_count,
            }
            for entry in catalogue.entries
        ),
    )


def save_listing(session: Session, listing: items.Listing, *, run_id: int, proven: bool = True) -> None:
    """Store what a page of a category lists; an empty first page leaves the category without posts."""
    if listing.page == 1 and not listing.entries and proven:
        session.execute(delete(_SIGHTINGS).where(_SIGHTINGS.c.source == CATEGORY + listing.category.slug))
    rows = ({"post_id": e.post_id, "title": e.title, "published_on": e.published_on} for e in listing.entries)
    _sight(session, CATEGORY + listing.category.slug, run_id, rows)


def save_list(session: Session, page: items.PostList, site: Site, *, run_id: int) -> None:
    """Store what a page of a list says about posts; what is at its other addresses is unknown."""
    _sight(
        session,
        page.source,
        run_id,
        (
            {
                "post_id": number,
                "title": entry.title,
                "published_on": entry.published_on,
                "comment_count": entry.comment_count,
                "modified_at": entry.modified_at,
            }
            for entry in page.entries
            if (number := site.post_id(entry.url))
        ),
    )


def save_topics(session: Session, topics: items.Topics, *, run_id: int) -> None:
    """Store a curated index in place of the one before."""
    session.execute(delete(_TOPIC_POSTS))
    session.execute(delete(_TOPICS))
    for number, topic in enumerate(topics.topics, 1):  # a server would continue counting
        session.execute(insert(_TOPICS), [{"id": number, "position": topic.position, "name": topic.name}])
        links = [
            {
                "topic_id": number,
                "position": link.position,
                "post_id": link.post_id,
                "title": link.title,
                "url": link.url,
            }
            for link in topic.links
        ]
        if links:
            session.execute(insert(_TOPIC_POSTS), links)
    found = {link.post_id: link.title for topic in topics.topics for link in topic.links}
    _sight(session, INDEX, run_id, ({"post_id": number, "title": title} for number, title in found.items()))


def _sight(session: Session, source: str, run_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    blank = {"published_on": None, "comment_count": None, "modified_at": None}
    values = [{**blank, **row, "source": source, "run_id": run_id} for row in rows]
    if not values:
        return
    statement = upsert(session.get_bind().dialect.name, _SIGHTINGS)
    again = {name: statement.excluded[name] for name in ("title", *blank, "run_id")}
    session.execute(statement.on_conflict_do_update(index_elements=["post_id", "source"], set_=again), values)
    if dated := [{"post": row["post_id"], "day": row["published_on"]} for row in values if row["published_on"]]:
        session.execute(_DATE, dated)


def slugs(session: Session) -> tuple[str, ...]:
    """Return the categories the archive knows, in the order in which they were first seen."""
    return tuple(session.execute(select(_CATEGORIES.c.slug).order_by(_CATEGORIES.c.id)).scalars())


def any_read(session: Session) -> bool:
    """Return whether any list was ever read."""
    return (
        session.execute(select(_SIGHTINGS.c.post_id).where(_SIGHTINGS.c.source != INDEX).limit(1)).first() is not None
    )


def sighted(session: Session, source: str) -> int:
    """Return how many posts a list had when it was last read."""
    last = select(func.max(_SIGHTINGS.c.run_id)).where(_SIGHTINGS.c.source == source).scalar_subquery()
    query = (
        select(func.count()).select_from(_SIGHTINGS).where(_SIGHTINGS.c.source == source, _SIGHTINGS.c.run_id == last)
    )
    return int(session.execute(query).scalar_one())


def sighting(session: Session, post_id: int | None, source: str = CATALOGUE) -> Any:
    """Return what a list last said about a post, and in which run; None if it has never named it."""
    return session.execute(_SIGHTING, {"post": post_id, "source": source}).first()


_SAID = (_SIGHTINGS.c.title, _SIGHTINGS.c.comment_count, _SIGHTINGS.c.modified_at, _SIGHTINGS.c.run_id)
_SIGHTING = select(*_SAID).where(  # built once: it is asked for many links of many pages
    _SIGHTINGS.c.post_id == bindparam("post"), _SIGHTINGS.c.source == bindparam("source")
)


_DATE = (
    update(_POSTS)
    .where(_POSTS.c.id == bindparam("post"), _POSTS.c.published_on.is_(None))
    .values(published_on=bindparam("day"))
)
_DAY = (
    select(_SIGHTINGS.c.published_on)
    .where(_SIGHTINGS.c.post_id == bindparam("post"), _SIGHTINGS.c.published_on.is_not(None))
    .order_by(_SIGHTINGS.c.source)
    .limit(1)
)


def day(session: Session, post_id: int) -> str | None:
    """Return the day on which a post was published, according to a list; None if none says it."""
    found: str | None = session.execute(_DAY, {"post": post_id}).scalar()
    return found


def relisted(session: Session, run_id: int | None, source: str = CATALOGUE) -> bool:
    """Return whether what a list names now was missing at the last reading, but present in an earlier run's."""
    last = session.execute(select(func.max(_SIGHTINGS.c.run_id)).where(_SIGHTINGS.c.source == source)).scalar()
    return last is not None and run_id is not None and run_id < last


def disagreements(session: Session, cycle: int) -> dict[str, list[int]]:
    """Return, for each way the sources of a cycle can disagree, the posts concerned; ways without posts are left out.

    Only sources that were read in the cycle are compared. A category counts with everything it ever listed: its pages
    are no longer read after the first one without news.
    """
    read = set(session.execute(select(_SIGHTINGS.c.source).where(_SIGHTINGS.c.run_id >= cycle).distinct()).scalars())
    families = {source.partition("/")[0] for source in read}
    found: dict[str, list[int]] = {}
    pairs = (
        ("in the catalogue but in no category", CATALOGUE, "category"),
        ("in a category but not in the catalogue", "category", CATALOGUE),
        ("in the index but not in the catalogue", INDEX, CATALOGUE),
        ("among the newest but in no list", "newest", "list"),
    )
    for name, here, there in pairs:
        if {here, there} <= families:
            found[name] = _only(session, cycle, here, there)
    for here in ("catalogue", "list", "category", "index"):
        if here in families:
            found[f"in the {here} but not archived"] = _unarchived(session, cycle, here)
    return {name: posts for name, posts in found.items() if posts}


def _only(session: Session, cycle: int, here: str, there: str) -> list[int]:
    other = _SIGHTINGS.alias()
    since = 0 if there == "category" else cycle
    named = other.c.source.startswith(there) & (other.c.run_id >= since)
    elsewhere = exists().where(other.c.post_id == _SIGHTINGS.c.post_id, named)
    return _posts(session, cycle, here, ~elsewhere)


def _unarchived(session: Session, cycle: int, here: str) -> list[int]:
    archived = exists().where(_POSTS.c.id == _SIGHTINGS.c.post_id)
    return _posts(session, cycle, here, ~archived)


def _posts(session: Session, cycle: int, source: str, condition: Any) -> list[int]:
    seen = (_SIGHTINGS.c.run_id >= cycle) & _SIGHTINGS.c.source.startswith(source)
    query = select(_SIGHTINGS.c.post_id).where(seen, condition).distinct().order_by(_SIGHTINGS.c.post_id)
    return list(session.execute(query).scalars())
