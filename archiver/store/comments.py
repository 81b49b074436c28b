"""Rows of comments: what a page of them shows, what it no longer shows, and how they were worded before.

What a page shows decides, not the blog's counter, which drifts: the ids on it are compared with those that were on it
before. The cost depends on the page, not on how many comments the post has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import models, search_index
from archiver.store.database import put_rows, upsert
from archiver.store.totals import COMMENTS_MISSING

_POSTS: Any = models.Post.__table__
_COMMENTS: Any = models.Comment.__table__
_REVISIONS: Any = models.CommentRevision.__table__
_PAGES: Any = models.CommentPage.__table__

_CHUNK = 500
"""Ids in one statement; SQLite before 3.32 takes 999 values."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The result of storing a page of comments."""

    new: int = 0
    look_before: bool = False
    """Whether the page before this one still has something to explain."""


def save(
    session: Session,
    shown: items.Post | items.CommentPage,
    *,
    seen_at: str,
    capture_id: int | None,
    anew: bool = False,
    whole: bool = True,
) -> Sight:
    """Store a page of comments as seen; `anew` says that its post has just been stored for the first time.

    A comment that was on this page and no longer is counts as deleted, unless another page shows it later. Nothing is
    concluded from the absence of comments on a page where some could not be read, or that may not be `whole`; one
    then counts as unread where there are any.
    """
    if not whole and (shown.comments or isinstance(shown, items.CommentPage)):
        shown = replace(shown, comments_unread=max(shown.comments_unread, 1))
    post_id, page = (shown.id, shown.comment_page) if isinstance(shown, items.Post) else (shown.post_id, shown.page)
    before = _before(session, post_id, page, [comment.id for comment in shown.comments])
    strays = {number for number, row in before.items() if row.post_id != post_id}
    comments = [_under_known(comment, strays) for comment in shown.comments if comment.id not in strays]
    numbers = {comment.id for comment in comments}
    on_page = {number for number, row in before.items() if row.page == page and row.deleted_at is None} - strays
    lost = on_page - numbers if whole and _tells_absence(shown) else set()
    lost |= _beyond(session, shown, numbers) if whole and not anew else set()
    _store(session, post_id, page, comments, before, seen_at=seen_at, capture_id=capture_id)
    _set_deleted(session, lost, seen_at)
    _note_page(session, post_id, page, shown, strays, seen_at)
    gained = sum(number not in before or before[number].deleted_at is not None for number in numbers)
    moved = any(number in before and before[number].page != page for number in numbers)
    owed = 0 if anew else _settle_counter(session, shown, post_id, page, gained - len(lost))
    new = sum(number not in before for number in numbers)
    return Sight(new, look_before=page > 1 and bool(owed or lost or moved))


def missing(session: Session) -> int:
    """Return how many comments the blog counts or shows and the archive does not hold."""
    return int(session.execute(text(COMMENTS_MISSING)).scalar_one())


def elsewhere(session: Session) -> int:
    """Return how many posts have their comments at a service that loads them by a script."""
    found = select(func.count(_PAGES.c.post_id.distinct())).where(_PAGES.c.issues.contains(items.ELSEWHERE))
    return int(session.execute(found).scalar_one())


def _before(session: Session, post_id: int, page: int, numbers: Sequence[int]) -> dict[int, Any]:
    """Return the rows of the comments a page shows, and of those it showed before."""
    rows: dict[int, Any] = {}
    for start in range(0, max(len(numbers), 1), _CHUNK):
        values = {"post": post_id, "page": page, "numbers": numbers[start : start + _CHUNK]}
        rows |= {row.id: row for row in session.execute(_THERE, values)}
    return rows


_STANDING = select(
    _COMMENTS.c.id, _COMMENTS.c.post_id, _COMMENTS.c.page, _COMMENTS.c.deleted_at, _COMMENTS.c.author,
    _COMMENTS.c.author_url, _COMMENTS.c.markdown, _COMMENTS.c.text, _COMMENTS.c.content_sha256, _COMMENTS.c.capture_id,
    _COMMENTS.c.first_seen_at,
)  # fmt: skip
_ON_PAGE = (_COMMENTS.c.post_id == bindparam("post")) & (_COMMENTS.c.page == bindparam("page"))
_THERE = _STANDING.where(_ON_PAGE | _COMMENTS.c.id.in_(bindparam("numbers", expanding=True)))


def _under_known(comment: items.Comment, strays: set[int]) -> items.Comment:
    """Return a comment without a parent that is another post's."""
    return replace(comment, parent_id=None) if comment.parent_id in strays else comment


def _tells_absence(shown: items.Post | items.CommentPage) -> bool:
    """Whether a comment's absence from a page means that it is gone: not if it may be there unread."""
    if shown.comments_unread:
        return False
    return bool(shown.comments) or (isinstance(shown, items.Post) and shown.comment_count == 0)


def _beyond(session: Session, shown: items.Post | items.CommentPage, here: set[int]) -> set[int]:
    """Return the comments of pages a post no longer has, if its counter agrees that it has none left for them."""
    if not isinstance(shown, items.Post) or shown.comment_count is None or not _tells_absence(shown):
        return set()
    last = {"post": shown.id, "page": shown.comment_pages}
    beyond = set(session.execute(_AFTER_PAGE, last).scalars()) - here
    if not beyond or shown.comment_count > session.execute(_LIVE, last).scalar_one() - len(beyond):
        return set()
    session.execute(delete(_PAGES).where(_PAGES.c.post_id == shown.id, _PAGES.c.page > shown.comment_pages))
    return beyond


_OF_POST = (_COMMENTS.c.post_id == bindparam("post")) & _COMMENTS.c.deleted_at.is_(None)
_AFTER_PAGE = select(_COMMENTS.c.id).where(_OF_POST, _COMMENTS.c.page > bindparam("page"))
_LIVE = select(func.count()).select_from(_COMMENTS).where(_OF_POST)


def _store(
    session: Session,
    post_id: int,
    page: int,
    comments: Sequence[items.Comment],
    before: Mapping[int, Any],
    *,
    seen_at: str,
    capture_id: int | None,
) -> None:
    if not comments:
        return
    edited = {each.id for each in comments if each.id in before and _is_edited(before[each.id], each)}
    _keep_wordings(session, [before[number] for number in edited], seen_at)
    rows = []
    for comment in comments:
        known = before.get(comment.id)
        kept = known is not None and comment.id not in edited and known.content_sha256 is not None
        source = known.capture_id if known is not None and kept else capture_id
        rows.append({"post_id": post_id, "capture_id": source, **columns(comment, page, seen_at)})
    there = [before[each.id] for each in comments if each.id in before]
    words = {each.id: (each.author, each.content.text) for each in comments}
    search_index.reword_comments(session, words, {row.id: (row.author, row.text) for row in there})
    put_rows(session.connection(), _upsert(session.get_bind().dialect.name), rows)
    texts = {each.id: each.content.markdown for each in comments}
    search_index.put_comment_formulas(session, texts, [row.id for row in there])


def _is_edited(before: Any, comment: items.Comment) -> bool:
    """Whether a comment is worded differently than before, rather than only read differently by this program."""
    if before.content_sha256 == comment.content_sha256:
        return False
    read = (comment.author, comment.author_url, comment.content.markdown)
    return read != (before.author, before.author_url, before.markdown)


def _keep_wordings(session: Session, rows: Sequence[Any], replaced_at: str) -> None:
    """Keep the previous wordings of comments; the last such row says since when."""
    for row in rows:
        since = session.execute(_LAST_REPLACED, {"comment": row.id}).scalar() or row.first_seen_at
        names = ("capture_id", "author", "author_url", "markdown", "text")
        values = {name: getattr(row, name) for name in names}
        statement = upsert(session.get_bind().dialect.name, _REVISIONS).on_conflict_do_nothing()
        session.execute(statement, {"comment_id": row.id, "replaced_at": replaced_at, "seen_at": since, **values})


_LAST_REPLACED = select(func.max(_REVISIONS.c.replaced_at)).where(_REVISIONS.c.comment_id == bindparam("comment"))


@cache
def _upsert(dialect: str) -> Any:
    """Return the statement that stores a comment, or what has changed about it."""
    insertion = upsert(dialect, _COMMENTS)
    kept = {"id", "first_seen_at"}
    again = {name: value for name, value in insertion.excluded.items() if name not in kept}
    return insertion.on_conflict_do_update(index_elements=[_COMMENTS.c.id], set_=again)


def columns(comment: items.Comment, page: int, seen_at: str) -> dict[str, Any]:
    """Return the columns of a comment on a page that is seen for the first time, whatever it is under."""
    return {
        "id": comment.id,
        "parent_id": comment.parent_id,
        "quotes_id": comment.quotes_id,
        "page": page,
        "kind": comment.kind,
        "author": comment.author,
        "author_url": comment.author_url,
        "is_owner": comment.is_owner,
        "is_trackback": comment.kind != "comment",
        "published_on": comment.published_on,
        "markdown": comment.content.markdown,
        "text": comment.content.text,
        "content_sha256": comment.content_sha256,
        "notes": _as_json(comment.notes),
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
        "deleted_at": None,
    }


@lru_cache(128)  # most have none
def _as_json(notes: tuple[str, ...]) -> str:
    return json.dumps(notes, ensure_ascii=False)


def _set_deleted(session: Session, numbers: Iterable[int], seen_at: str) -> None:
    rows = [{"number": number, "at": seen_at} for number in sorted(numbers)]
    if rows:
        session.connection().execute(_DELETE, rows)


_DELETE = update(_COMMENTS).where(_COMMENTS.c.id == bindparam("number")).values(deleted_at=bindparam("at"))


def _note_page(
    session: Session,
    post_id: int,
    page: int,
    shown: items.Post | items.CommentPage,
    strays: set[int],
    seen_at: str,
) -> None:
    """Note that a page was read, and what speaks against having all its comments."""
    issues = list(shown.comment_issues)
    issues += [f"comment {number} is another post's in the archive; left there" for number in sorted(strays)]
    row = {
        "post_id": post_id,
        "page": page,
        "seen_at": seen_at,
        "shown": len(shown.comments) - len(strays),
        "unread": shown.comments_unread + len(strays),
        "issues": json.dumps(issues, ensure_ascii=False),
    }
    session.execute(_page_upsert(session.get_bind().dialect.name), row)


@cache
def _page_upsert(dialect: str) -> Any:
    insertion = upsert(dialect, _PAGES)
    again = {name: insertion.excluded[name] for name in ("seen_at", "shown", "unread", "issues")}
    return insertion.on_conflict_do_update(index_elements=["post_id", "page"], set_=again)


def _settle_counter(
    session: Session, shown: items.Post | items.CommentPage, post_id: int, page: int, gained: int
) -> int:
    """Return how many comments must be new, or gone, on pages before this one, by how much the counter moved.

    The counter drifts from the true number, so only its movement is meaningful.
    """
    row = session.execute(_COUNTED, {"post": post_id}).one()
    counted = shown.comment_count if isinstance(shown, items.Post) else row.comment_count
    if counted is None or row.comment_count is None:
        owed = 0
    elif isinstance(shown, items.Post):
        owed = row.comments_owed + counted - row.comment_count - gained
    else:
        owed = row.comments_owed - gained if row.comments_owed else 0
    owed = 0 if page == 1 else owed
    values = {"comments_owed": owed, "comment_count": row.comment_count if counted is None else counted}
    if values != {name: getattr(row, name) for name in values}:
        session.execute(_COUNT, {"post": post_id, **values})
    return int(owed)


_COUNT = (
    update(_POSTS)
    .where(_POSTS.c.id == bindparam("post"))
    .values({name: bindparam(name) for name in ("comments_owed", "comment_count")})
)
_COUNTED = select(_POSTS.c.comment_count, _POSTS.c.comments_owed).where(_POSTS.c.id == bindparam("post"))
