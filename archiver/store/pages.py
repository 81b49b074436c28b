"""Rows of independent pages, with their formulas, comments and former wordings, and of linked files."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import comments, models, search_index
from archiver.store.database import upsert
from archiver.store.posts import SHRUNK

_PAGES: Any = models.Page.__table__
_FORMULAS: Any = models.PageFormula.__table__
_COMMENTS: Any = models.PageComment.__table__
_FILES: Any = models.File.__table__
_CAPTURES: Any = models.Capture.__table__


def save(session: Session, page: items.Page, *, capture_id: int, seen_at: str, proven: bool) -> int:
    """Store a page as seen, with the comments on it; return how many of these are new.

    What it said before is kept as a former wording. Nothing is concluded from the absence of comments on a page that is
    not `proven` to be whole.
    """
    number = _save_text(session, page, capture_id=capture_id, seen_at=seen_at)
    return _save_comments(session, number, page, seen_at=seen_at, proven=proven)


def losses(session: Session, page: items.Page) -> str:
    """Return what a page has lost compared with the archive, if that is too much to be believed at once."""
    before = _standing(session, page.url)
    if before is None or before.content_sha256 == page.content_sha256:
        return ""
    counted = select(func.count()).select_from(_FORMULAS).where(_FORMULAS.c.page_id == before.id)
    had = {"formulas": session.execute(counted).scalar_one(), "characters of text": len(before.text)}
    now = {"formulas": len(page.content.formulas), "characters of text": len(page.content.text)}
    return "; ".join(f"{had[name]} {name} became {now[name]}" for name in had if now[name] < SHRUNK * had[name])


def touch(session: Session, url: str | None, *, seen_at: str) -> None:
    """Note that the blog still has a page or file unchanged, if `url` is one's address."""
    for table in (_PAGES, _FILES):
        session.execute(update(table).where(table.c.url == url).values(last_seen_at=seen_at))


def save_file(session: Session, file: items.File, *, capture_id: int, seen_at: str) -> None:
    """Store a file as seen; its former content is in the WARC files."""
    named = select(_CAPTURES.c.content_type).where(_CAPTURES.c.id == capture_id)
    row = {
        "url": file.url,
        "content_type": session.execute(named).scalar_one(),
        "size": file.size,
        "sha256": file.sha256,
        "capture_id": capture_id,
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
    }
    statement = upsert(session.get_bind().dialect.name, _FILES)
    again = {name: statement.excluded[name] for name in row if name not in ("url", "first_seen_at")}
    session.execute(statement.on_conflict_do_update(index_elements=[_FILES.c.url], set_=again), row)


def _standing(session: Session, url: str) -> Any:
    return session.execute(select(_PAGES).where(_PAGES.c.url == url)).first()


def _save_text(session: Session, page: items.Page, *, capture_id: int, seen_at: str) -> int:
    """Store what a page says, if it is new; return its number."""
    before = _standing(session, page.url)
    issues = json.dumps([*page.quality.issues, *page.comment_issues], ensure_ascii=False)
    if before is not None and before.content_sha256 == page.content_sha256:
        session.execute(update(_PAGES).where(_PAGES.c.id == before.id).values(last_seen_at=seen_at, issues=issues))
        return int(before.id)
    columns = {
        "title": page.title,
        "markdown": page.content.markdown,
        "text": page.content.text,
        "engine": page.quality.engine,
        "issues": issues,
        "content_sha256": page.content_sha256,
        "capture_id": capture_id,
        "last_seen_at": seen_at,
        "last_changed_at": seen_at,
    }
    former: set[int] = set()
    if before is None:
        number = session.execute(select(func.coalesce(func.max(_PAGES.c.id), 0) + 1)).scalar_one()
        search_index.reword_page(session, number, page.title, page.content.text)
        session.execute(insert(_PAGES), {"id": number, "url": page.url, "first_seen_at": seen_at, **columns})
    else:
        number = before.id
        _keep_wording(session, before, seen_at)
        search_index.reword_page(session, number, page.title, page.content.text)
        session.execute(update(_PAGES).where(_PAGES.c.id == number).values(**columns))
        former = search_index.shapes_of_page(session, number)
        session.execute(delete(_FORMULAS).where(_FORMULAS.c.page_id == number))
    shapes = search_index.put_shapes(session, page.content)
    formulas = [
        {"page_id": number, "shape_id": shape, **{name: getattr(formula, name) for name in formula.__slots__}}
        for formula, shape in zip(page.content.formulas, shapes, strict=True)
    ]
    if formulas:
        session.execute(insert(_FORMULAS), formulas)
    search_index.forget_shapes(session, former)
    return int(number)


def _keep_wording(session: Session, before: Any, replaced_at: str) -> None:
    """Keep what a page said until now; of two wordings within a second, the earlier one."""
    names = ("capture_id", "title", "markdown", "text")
    values = {name: getattr(before, name) for name in names}
    statement = upsert(session.get_bind().dialect.name, models.PageRevision.__table__).on_conflict_do_nothing()
    kept = {"page_id": before.id, "replaced_at": replaced_at, "seen_at": before.last_changed_at, **values}
    session.execute(statement, kept)


def _save_comments(session: Session, number: int, page: items.Page, *, seen_at: str, proven: bool) -> int:
    """Store the comments a page shows; one that was on it counts as deleted if the page shows only others."""
    standing = select(_COMMENTS.c.id, _COMMENTS.c.page, _COMMENTS.c.deleted_at).where(_COMMENTS.c.page_id == number)
    before = {row.id: row for row in session.execute(standing)}
    shown = {comment.id for comment in page.comments}
    if shown:
        statement = upsert(session.get_bind().dialect.name, _COMMENTS)
        kept = {"page_id", "id", "first_seen_at"}
        again = {name: value for name, value in statement.excluded.items() if name not in kept}
        keys = [_COMMENTS.c.page_id, _COMMENTS.c.id]
        rows = [{"page_id": number, **comments.columns(each, page.comment_page, seen_at)} for each in page.comments]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=again), rows)
    lost = {each.id for each in before.values() if each.page == page.comment_page and not each.deleted_at} - shown
    if lost and shown and proven and not page.comments_unread:
        gone = (_COMMENTS.c.page_id == number) & _COMMENTS.c.id.in_(lost)
        session.execute(update(_COMMENTS).where(gone).values(deleted_at=seen_at))
    return len(shown - before.keys())
