"""Rows of posts and all that hangs on them: revisions, categories, tags, comments, formulas, code, images, links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import models, search_index
from archiver.store.database import insertion

STAT_INTERVAL = timedelta(days=1)
"""Least time between two rows of a post's counters: they grow at every load and would outweigh the posts."""

SHRUNK = 0.5
"""A body that lost more than this share of its text is kept for review, not made current."""


class Change(StrEnum):
    """What storing a post did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    HELD = "held"
    """Kept for review, not made current."""


def save(session: Session, post: items.Post, *, capture_id: int, seen_at: str, extractor_version: int) -> Change:
    """Store a post as seen; a changed one gets a revision, which becomes current unless it is marked for review.

    The first revision of a post is current in any case: there is none better.
    """
    before = session.get(models.Post, post.id)
    if before is not None and _known(session, before, post.content_sha256):
        _seen(session, before, post, seen_at)
        return Change.UNCHANGED
    issues = list(post.quality.issues) + _shrinkage(before, post)
    if before is None:
        first = _columns(post) | {"first_seen_at": seen_at, "last_changed_at": seen_at}
        session.execute(insert(models.Post).values(first))
    revision_id = _add_revision(session, post, issues, capture_id, seen_at, extractor_version)
    if before is None or not issues:
        _make_current(session, post, revision_id, seen_at)
    session.expire_all()
    _seen(session, session.get_one(models.Post, post.id), post, seen_at)
    if before is None:
        return Change.NEW
    return Change.HELD if issues else Change.CHANGED


def touch(session: Session, url: str | None, *, seen_at: str) -> None:
    """Note that the blog still has a post as it is, if `url` is one's address."""
    seen = {"status": "live", "missing_runs": 0, "last_seen_at": seen_at}
    session.execute(update(models.Post).where(models.Post.url == url).values(seen))


def _known(session: Session, before: models.Post, sha256: str) -> bool:
    """Whether the content is the current revision's, or that of one put aside since."""
    rows = session.execute(
        select(models.PostRevision.content_sha256)
        .where(models.PostRevision.post_id == before.id, models.PostRevision.id >= before.current_revision_id)
        .order_by(models.PostRevision.id)
    ).scalars()
    return sha256 in set(rows)


def _shrinkage(before: models.Post | None, post: items.Post) -> list[str]:
    if before is None or len(post.content.text) >= SHRUNK * len(before.text):
        return []
    return [f"the text shrank from {len(before.text)} to {len(post.content.text)} characters"]


def _columns(post: items.Post) -> dict[str, Any]:
    """Columns of a post's row that follow its current revision."""
    return {
        "id": post.id,
        "title": post.title,
        "url": post.url,
        "author": post.author,
        "published_on": post.published_on,
        "markdown": post.content.markdown,
        "text": post.content.text,
        "license": post.license,
        "license_url": post.license_url,
        "status": "live",
        "last_seen_at": "",
    }


def _add_revision(
    session: Session, post: items.Post, issues: Sequence[str], capture_id: int, seen_at: str, extractor_version: int
) -> int:
    row = session.execute(
        insert(models.PostRevision)
        .values(
            post_id=post.id,
            capture_id=capture_id,
            seen_at=seen_at,
            content_sha256=post.content_sha256,
            title=post.title,
            markdown=post.content.markdown,
            text=post.content.text,
            extractor_version=extractor_version,
            engine=post.quality.engine,
            status="review" if issues else "good",
            issues=json.dumps(issues, ensure_ascii=False),
            notes=json.dumps(post.quality.notes, ensure_ascii=False),
        )
        .returning(models.PostRevision.id)
    )
    return int(row.scalar_one())


def _make_current(session: Session, post: items.Post, revision_id: int, seen_at: str) -> None:
    values = _columns(post) | {"current_revision_id": revision_id, "last_changed_at": seen_at}
    session.execute(update(models.Post).where(models.Post.id == post.id).values(values))
    _replace(session, models.PostCategory, post.id, ({"category_id": _category(session, c)} for c in post.categories))
    _replace(session, models.PostTag, post.id, _tags(session, post.tags))
    search_index.forget_formulas(session, post.id)
    _replace(session, models.Formula, post.id, map(_fields, post.content.formulas))
    search_index.put_formulas(session, post.id)
    search_index.put_post(session, post.id, post.title, post.content.text)
    _replace(session, models.CodeBlock, post.id, map(_fields, post.content.code_blocks))
    _replace(session, models.Image, post.id, map(_fields, post.content.images))
    _replace(session, models.Link, post.id, map(_fields, post.content.links))


def _seen(session: Session, row: models.Post, post: items.Post, seen_at: str) -> None:
    """Note that the post was there, and its counters."""
    row.comments_owed = _owed(row, post)
    row.status = "live"
    row.missing_runs = 0
    row.last_seen_at = seen_at
    row.reader_count = post.reader_count
    row.comment_count = post.comment_count
    session.flush()
    _note_counters(session, post, seen_at)


def _owed(row: models.Post, post: items.Post) -> int:
    """Return how many comments there must be on pages not yet looked at, as the counter moved since the last sight.

    The counter drifts from the true number, so only its movement says something. Where it fell, every page has to be
    looked at.
    """
    before, now = row.comment_count, post.comment_count
    if before is None or now is None or before == now or post.comment_pages == 1:
        return row.comments_owed if before == now else 0
    return now - before if now > before else now + 1


def _note_counters(session: Session, post: items.Post, seen_at: str) -> None:
    last = session.execute(
        select(models.PostStat.seen_at, models.PostStat.comment_count)
        .where(models.PostStat.post_id == post.id)
        .order_by(models.PostStat.seen_at.desc())
        .limit(1)
    ).first()
    if last is not None:
        recent = datetime.fromisoformat(seen_at) - datetime.fromisoformat(last.seen_at) < STAT_INTERVAL
        if seen_at <= last.seen_at or (recent and last.comment_count == post.comment_count):
            return
    values = {"reader_count": post.reader_count, "comment_count": post.comment_count}
    session.execute(insert(models.PostStat).values(post_id=post.id, seen_at=seen_at, **values))


def _fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _replace(session: Session, table: type[models.Base], post_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Give a post these rows of a table instead of those it has."""
    plain: Any = table.__table__  # thousands of rows need none of the mapper's care
    session.execute(delete(plain).where(plain.c.post_id == post_id))
    values = [{"post_id": post_id, **row} for row in rows]
    if values:
        session.execute(insert(plain), values)


def _category(session: Session, category: items.Category) -> int:
    """Return the number of a category, which is added or renamed as the blog shows it."""
    row = session.execute(select(models.Category).where(models.Category.slug == category.slug)).scalar_one_or_none()
    if row is None:
        row = models.Category(slug=category.slug, name=category.name)
        session.add(row)
    row.name = category.name
    session.flush()
    return row.id


def _tags(session: Session, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    return ({"position": position, "tag_id": _tag(session, name)} for position, name in enumerate(names))


def _tag(session: Session, name: str) -> int:
    number = session.execute(select(models.Tag.id).where(models.Tag.name == name)).scalar_one_or_none()
    if number is None:
        number = session.execute(insert(models.Tag).values(name=name).returning(models.Tag.id)).scalar_one()
    return int(number)


def save_categories(session: Session, categories: Iterable[items.Category]) -> None:
    """Store the categories of the blog's menu, in its order."""
    for category in categories:
        _category(session, category)


def save_comments(session: Session, post_id: int, comments: Sequence[items.Comment], page: int, *, seen_at: str) -> int:
    """Store a page of comments as seen, parents before their answers; return how many are new.

    One that was on this page and no longer is counts as deleted, unless another page shows it later.
    """
    shown = {comment.id for comment in comments}
    here = select(models.Comment.id).where(models.Comment.post_id == post_id)
    known = _wording(session, post_id, shown)
    vanished = here.where(models.Comment.page == page, models.Comment.deleted_at.is_(None))
    lost = set(session.execute(vanished).scalars()) - shown
    if lost:
        session.execute(update(models.Comment).where(models.Comment.id.in_(lost)).values(deleted_at=seen_at))
    statement = insertion(session, models.Comment)
    kept = {"id", "first_seen_at"}
    again = {name: value for name, value in statement.excluded.items() if name not in kept}
    statement = statement.on_conflict_do_update(index_elements=[models.Comment.id], set_=again)
    if comments:
        session.execute(statement, [_comment_row(post_id, comment, page, seen_at) for comment in comments])
        said = {comment.id: (comment.author, comment.content.text) for comment in comments}
        changed = ((number, *words) for number, words in said.items() if known.get(number) != words)
        search_index.put_comments(session, changed)
    new = len(shown) - len(known)
    owed = models.Post.comments_owed
    session.execute(
        update(models.Post)
        .where(models.Post.id == post_id, owed > 0)
        .values(comments_owed=0 if page == 1 else case((owed > new, owed - new), else_=0))
    )
    return new


def _wording(session: Session, post_id: int, comments: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return author and text of those of a post's comments that are known."""
    columns = select(models.Comment.id, models.Comment.author, models.Comment.text)
    rows = session.execute(columns.where(models.Comment.post_id == post_id, models.Comment.id.in_(comments)))
    return {number: (author, text) for number, author, text in rows}


def comments_owed(session: Session, post_id: int) -> bool:
    """Return whether the blog counts more comments of a post than the archive has found."""
    return bool(session.execute(select(models.Post.comments_owed).where(models.Post.id == post_id)).scalar())


def _comment_row(post_id: int, comment: items.Comment, page: int, seen_at: str) -> dict[str, Any]:
    return {
        "id": comment.id,
        "post_id": post_id,
        "parent_id": comment.parent_id,
        "page": page,
        "author": comment.author,
        "author_url": comment.author_url,
        "is_owner": comment.is_owner,
        "is_trackback": comment.is_trackback,
        "published_on": comment.published_on,
        "markdown": comment.content.markdown,
        "text": comment.content.text,
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
        "deleted_at": None,
    }
