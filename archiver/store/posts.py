"""Rows of posts and what belongs to them, but not comments: revisions, categories, formulas, code, images, links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, delete, func, insert, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import lists, models, search_index
from archiver.store.database import put_rows

# Rows by the thousand do not need the mapper.
_POSTS: Any = models.Post.__table__
_REVISIONS: Any = models.PostRevision.__table__
_STATS: Any = models.PostStat.__table__
_CATEGORIES: Any = models.Category.__table__
_TAGS: Any = models.Tag.__table__

STAT_INTERVAL = timedelta(days=1)
"""Least time between two rows of a post's counters: they grow at every load and would outweigh the posts."""

SHRUNK = 0.5
"""A body that lost more than this share of its text, formulas, code or pictures is kept for review."""


class Change(StrEnum):
    """The result of storing a post."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    HELD = "held"
    """Kept for review, not made current."""


def known(session: Session, post_id: int) -> bool:
    """Return whether a post is stored."""
    return session.execute(_STORED, {"post": post_id}).first() is not None


_STORED = select(_POSTS.c.id).where(_POSTS.c.id == bindparam("post"))


def save(session: Session, post: items.Post, *, capture_id: int, seen_at: str, extractor_version: int) -> Change:
    """Store a post as seen; a changed one gets a revision, which becomes current unless it is marked for review.

    The first revision of a post is current in any case: there is no better one.
    """
    before = session.execute(_STANDING, {"post": post.id}).first()
    seen = _seen(post, seen_at)
    if before is not None and _known(session, before, post.content_sha256):
        session.execute(_change(*seen), {"post": post.id, **seen})
        _note_counters(session, post, seen_at)
        return Change.UNCHANGED
    relative = _contradicted(session, post) if before is None else _losses(session, before, post)
    issues = [*post.quality.issues, *relative]
    current = before is None or not (relative or _has_new_doubts(session, before, post))
    columns = _take_over(session, post, before) | {"last_changed_at": seen_at} if current else {}
    if before is None:
        blank = {"id": post.id, "first_seen_at": seen_at, "comment_count": post.comment_count, "comments_owed": 0}
        session.execute(_NEW_POST, {**blank, **columns, **seen})
    revision = _add_revision(session, post, issues, capture_id, seen_at, extractor_version, current=current)
    changed = ({} if before is None else seen | columns) | ({"current_revision_id": revision} if current else {})
    session.execute(_change(*changed), {"post": post.id, **changed})
    if current:
        _hang(session, post, anew=before is None)
    if before is None:
        _put_counters(session, post, seen_at)
        return Change.NEW
    _note_counters(session, post, seen_at)
    return Change.CHANGED if current else Change.HELD


@dataclass(frozen=True, slots=True)
class HeldRevision:
    """A revision kept for review that may become current, and the capture it was read from."""

    revision_id: int
    capture_id: int
    url: str
    warc_file: str
    warc_offset: int
    seen_at: str
    issues: str


def held(session: Session, post_id: int) -> HeldRevision | None:
    """Return the newest revision of a post, if it is kept for review; None when there is nothing to decide."""
    revisions, captures = _REVISIONS.c, models.Capture.__table__.c
    query = (
        select(
            revisions.id, revisions.capture_id, captures.target_uri, captures.warc_file, captures.warc_offset,
            revisions.seen_at, revisions.issues,
        )
        .join(models.Capture, captures.id == revisions.capture_id)
        .join(models.Post, _POSTS.c.id == revisions.post_id)
        .where(revisions.post_id == post_id, revisions.status == "review")
        .where(revisions.id > _POSTS.c.current_revision_id)
        .order_by(revisions.id.desc())
        .limit(1)
    )  # fmt: skip
    row = session.execute(query).first()
    return HeldRevision(*row) if row else None


def accept(session: Session, post: items.Post, revision: HeldRevision) -> None:
    """Make a revision that was kept for review current, because the owner says that it is right."""
    before = session.execute(_STANDING, {"post": post.id}).one()
    good = {"status": "good", "markdown": None, "text": None}
    session.execute(update(_REVISIONS).where(_REVISIONS.c.id == revision.revision_id).values(good))
    columns = _take_over(session, post, before) | {
        "last_changed_at": revision.seen_at,
        "current_revision_id": revision.revision_id,
    }
    session.execute(_change(*columns), {"post": post.id, **columns})
    _hang(session, post, anew=False)


_STANDING = select(_POSTS.c.id, _POSTS.c.current_revision_id, func.length(_POSTS.c.text).label("length")).where(
    _POSTS.c.id == bindparam("post")
)


def shows(session: Session, post: items.Post) -> bool:
    """Return whether a stored page shows the post as it currently is, not one held for review."""
    return session.execute(_CURRENT, {"post": post.id}).scalar() == post.content_sha256


_CURRENT = (
    select(_REVISIONS.c.content_sha256)
    .join(_POSTS, _POSTS.c.current_revision_id == _REVISIONS.c.id)
    .where(_POSTS.c.id == bindparam("post"))
)


@cache
def _change(*names: str) -> Any:
    """Return the statement that sets columns of a post."""
    return update(_POSTS).where(_POSTS.c.id == bindparam("post")).values({name: bindparam(name) for name in names})


def touch(session: Session, url: str | None, *, seen_at: str) -> None:
    """Note that the blog still has a post unchanged, if `url` is one's address."""
    seen = {"status": "live", "missing_runs": 0, "last_seen_at": seen_at}
    session.execute(update(_POSTS).where(_POSTS.c.url == url).values(seen))


_SINCE = select(_REVISIONS.c.content_sha256).where(
    _REVISIONS.c.post_id == bindparam("post"), _REVISIONS.c.id >= bindparam("current")
)


def _known(session: Session, before: Any, sha256: str) -> bool:
    """Whether the content is the current revision's, or that of one held for review since."""
    rows = session.execute(_SINCE, {"post": before.id, "current": before.current_revision_id}).scalars()
    return sha256 in set(rows)


def _has_new_doubts(session: Session, before: Any, post: items.Post) -> bool:
    """Return whether a reading has issues that the current one does not have.

    A page's permanent issues, such as a picture that is not read, must not hold back every edit of it.
    """
    if not post.quality.issues:
        return False
    known = session.execute(_ISSUES, {"revision": before.current_revision_id}).scalar() or "[]"
    return not {_kind(issue) for issue in post.quality.issues} <= {_kind(issue) for issue in json.loads(known)}


_ISSUES = select(_REVISIONS.c.issues).where(_REVISIONS.c.id == bindparam("revision"))
_PARTICULARS = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")


def _kind(issue: str) -> str:
    """Return an issue without its numbers and quotations."""
    return _PARTICULARS.sub("", issue)


def unproven_share(session: Session) -> float:
    """Return the share of posts whose current text has issues, from 0 to 1."""
    doubted = func.coalesce(func.avg(case((_REVISIONS.c.issues != "[]", 1.0), else_=0.0)), 0.0)
    current = select(doubted).join(_POSTS, _POSTS.c.current_revision_id == _REVISIONS.c.id)
    return float(session.execute(current).scalar_one())


def _losses(session: Session, before: Any, post: items.Post) -> list[str]:
    """Return what a version has lost compared with the one before: too much to be an edit without the owner's word."""
    now = {
        "formulas": len(post.content.formulas),
        "code blocks": len(post.content.code_blocks),
        "pictures": len(post.content.images),
        "characters of text": len(post.content.text),
    }
    had = {**session.execute(_HAD, {"post": post.id}).one()._mapping, "characters of text": before.length}
    issues = [f"{had[name]} {name} became {count}" for name, count in now.items() if count < SHRUNK * had[name]]
    issues += [f"all {had['tags']} tags are gone"] if had["tags"] and not post.tags else []
    issues += [f"the licence is gone, {had['license_url']}"] if had["license_url"] and not post.license_url else []
    return issues


def _number(table: Any) -> Any:
    return select(func.count()).select_from(table).where(table.c.post_id == bindparam("post")).scalar_subquery()


_HAD = select(
    _number(models.Formula.__table__).label("formulas"),
    _number(models.CodeBlock.__table__).label("code blocks"),
    _number(models.Image.__table__).label("pictures"),
    _number(models.PostTag.__table__).label("tags"),
    _POSTS.c.license_url,
).where(_POSTS.c.id == bindparam("post"))


def _contradicted(session: Session, post: items.Post) -> list[str]:
    """Return where a post that is seen for the first time differs from what the catalogue says about it."""
    listed = lists.sighting(session, post.id)
    if listed is None:
        return []
    issues = []
    if "".join(listed.title.split()) != "".join(post.title.split()):
        issues.append(f"the catalogue names it {listed.title!r}, its page {post.title!r}")
    if listed.comment_count and not post.comments:
        issues.append(f"the catalogue counts {listed.comment_count} comments, its page shows none")
    return issues


def _take_over(session: Session, post: items.Post, before: Any) -> dict[str, Any]:
    """Put the words of a reading that becomes current into the index; return the columns of the row that follow it.

    The row must still have the former words: the index needs them, and the former revision gets them back.
    """
    if before is not None:
        session.execute(_HAND_BACK, {"b_revision": before.current_revision_id, "b_post": post.id})
    search_index.reword_post(session, post.id, post.title, post.content.text, anew=before is None)
    return {
        "title": post.title,
        "url": post.url,
        "author": post.author,
        "published_on": post.published_on or lists.day(session, post.id),
        "markdown": post.content.markdown,
        "text": post.content.text,
        "license": post.license,
        "license_url": post.license_url,
    }


def _add_revision(
    session: Session,
    post: items.Post,
    issues: Sequence[str],
    capture_id: int,
    seen_at: str,
    extractor_version: int,
    *,
    current: bool,
) -> int:
    values = {
        "post_id": post.id,
        "capture_id": capture_id,
        "seen_at": seen_at,
        "content_sha256": post.content_sha256,
        "title": post.title,
        "markdown": None if current else post.content.markdown,
        "text": None if current else post.content.text,
        "extractor_version": extractor_version,
        "engine": post.quality.engine,
        "status": "review" if issues else "good",
        "issues": json.dumps(issues, ensure_ascii=False),
        "notes": json.dumps(post.quality.notes, ensure_ascii=False),
    }
    return int(session.execute(_NEW_REVISION, values).scalar_one())


def _current(column: str) -> Any:
    return select(_POSTS.c[column]).where(_POSTS.c.id == bindparam("b_post")).scalar_subquery()


_HAND_BACK = (
    update(_REVISIONS)
    .where(_REVISIONS.c.id == bindparam("b_revision"))
    .values({name: _current(name) for name in ("markdown", "text")})
)
"""A post's text is stored once: in its row, and in a revision's only when another one is current."""

_NEW_POST = insert(_POSTS)
_NEW_REVISION = insert(_REVISIONS).returning(_REVISIONS.c.id)


def _hang(session: Session, post: items.Post, *, anew: bool) -> None:
    """Give a post the rows that belong to its current revision, in place of those it has, unless it is new."""
    categories = ({"category_id": number} for number in _categories(session, post.categories))
    tags = ({"position": position, "tag_id": tag} for position, tag in enumerate(_tags(session, post.tags)))
    content = post.content
    parts: dict[type[models.Base], Iterable[dict[str, Any]]] = {
        models.PostCategory: categories,
        models.PostTag: tags,
        models.Formula: _formulas(session, content),
        models.CodeBlock: map(_fields, content.code_blocks),
        models.Image: map(_fields, content.images),
        models.Link: map(_fields, content.links),
    }
    former = set() if anew else search_index.shapes_of_post(session, post.id)
    if not anew:
        search_index.forget_formulas(session, post.id)
    for model, rows in parts.items():
        if not anew:
            table: Any = model.__table__
            session.execute(delete(table).where(table.c.post_id == post.id))
        values = [{"post_id": post.id, **row} for row in rows]
        if values:
            put_rows(session.connection(), _put(model), values)
    search_index.put_formulas(session, post.id)
    search_index.forget_shapes(session, former)


@cache
def _put(model: type[models.Base]) -> Any:
    table: Any = model.__table__
    return insert(table)


def _seen(post: items.Post, seen_at: str) -> dict[str, Any]:
    """Return the columns that say that the post exists; from the second time on `comments` stores their number."""
    return {"status": "live", "missing_runs": 0, "last_seen_at": seen_at, "reader_count": post.reader_count}


_LAST_COUNTERS = (
    select(_STATS.c.seen_at, _STATS.c.comment_count)
    .where(_STATS.c.post_id == bindparam("post"))
    .order_by(_STATS.c.seen_at.desc())
    .limit(1)
)


_PUT_COUNTERS = insert(_STATS)


def _note_counters(session: Session, post: items.Post, seen_at: str) -> None:
    last = session.execute(_LAST_COUNTERS, {"post": post.id}).first()
    if last is not None:
        recent = datetime.fromisoformat(seen_at) - datetime.fromisoformat(last.seen_at) < STAT_INTERVAL
        if seen_at <= last.seen_at or (recent and last.comment_count == post.comment_count):
            return
    _put_counters(session, post, seen_at)


def _put_counters(session: Session, post: items.Post, seen_at: str) -> None:
    values = {"reader_count": post.reader_count, "comment_count": post.comment_count}
    session.execute(_PUT_COUNTERS, {"post_id": post.id, "seen_at": seen_at, **values})


def _formulas(session: Session, content: items.Content) -> list[dict[str, Any]]:
    pairs = zip(content.formulas, search_index.put_shapes(session, content), strict=True)
    return [{**_fields(formula), "shape_id": number} for formula, number in pairs]


def _fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _categories(session: Session, shown: Iterable[items.Category]) -> list[int]:
    """Return the numbers of categories, which are added or renamed as the blog shows them."""
    names = {category.slug: category.name for category in shown}
    known = {row.slug: row for row in session.execute(_KNOWN_CATEGORIES, {"slugs": list(names)})}
    numbers = []
    for slug, name in names.items():
        if slug not in known:
            row = session.execute(_NEW_CATEGORY, {"slug": slug, "name": name}).one()
        else:
            row = known[slug]
            if row.name != name:
                session.execute(update(_CATEGORIES).where(_CATEGORIES.c.id == row.id).values(name=name))
        numbers.append(int(row.id))
    return numbers


_KNOWN_CATEGORIES = select(_CATEGORIES.c.slug, _CATEGORIES.c.id, _CATEGORIES.c.name).where(
    _CATEGORIES.c.slug.in_(bindparam("slugs", expanding=True))
)
_NEW_CATEGORY = insert(_CATEGORIES).returning(_CATEGORIES.c.id)


def _tags(session: Session, names: Sequence[str]) -> list[int]:
    """Return the numbers of tags, one for each name, which are added if they are new."""
    stored = session.execute(_KNOWN_TAGS, {"names": list(names)}) if names else ()
    numbers = {row.name: int(row.id) for row in stored}
    for name in names:
        if name not in numbers:
            numbers[name] = int(session.execute(_NEW_TAG, {"name": name}).scalar_one())
    return [numbers[name] for name in names]


_KNOWN_TAGS = select(_TAGS.c.name, _TAGS.c.id).where(_TAGS.c.name.in_(bindparam("names", expanding=True)))
_NEW_TAG = insert(_TAGS).returning(_TAGS.c.id)


def save_categories(session: Session, categories: Iterable[items.Category]) -> None:
    """Store the categories of the blog's menu, in its order."""
    _categories(session, categories)
