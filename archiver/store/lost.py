"""Captures whose bytes are lost: a disk that held a file before it was stored elsewhere is gone.

Their addresses are fetched again. What was read from a lost record names the new one if that shows the same; if
the page has changed or is gone, the text stays with the row of the lost capture, whose file says that it is lost. Rows
of lost captures that nothing was read from are removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, select, union, update
from sqlalchemy.orm import Session

from archiver.items import CommentPage, Item, Page, Post
from archiver.store import models
from archiver.store.models import Capture, FrontierEntry, WarcFile

UNTOLD = "unspecified"
"""Why a revisit without its payload is not whole: WARC 1.1, section 5.13; as a rebuild has it."""

_NOTHING = hashlib.sha256(b"").hexdigest()
"""Stands for the payload of a revisit that names none."""

_PROVEN: tuple[Any, ...] = (
    models.PostRevision.__table__,
    models.Comment.__table__,
    models.CommentRevision.__table__,
    models.Page.__table__,
    models.PageRevision.__table__,
    models.File.__table__,
)
"""Tables whose rows name the capture they were read from."""

_CHUNK = 500  # values in one statement

_CAPTURES: Any = Capture.__table__
_FILES: Any = WarcFile.__table__
_ENTRIES: Any = FrontierEntry.__table__

_LOST_FILES = select(_FILES.c.name).where(_FILES.c.lost_at.is_not(None))
IS_LOST = _CAPTURES.c.warc_file.in_(_LOST_FILES)
"""Whether the bytes of a capture are lost."""

CAPTURES = select(_CAPTURES.c.id).where(IS_LOST)
"""The captures whose bytes are lost."""


def any_left(session: Session) -> bool:
    """Return whether any capture has a row whose bytes are lost, or a revisit waits for its payload."""
    return bool(session.execute(CAPTURES.limit(1)).first() or session.execute(_stranded().limit(1)).first())


def declare(session: Session, names: Collection[str], *, run_id: int) -> tuple[int, list[str]]:
    """Note that the captures in files are lost, and make their addresses pending again.

    Returns how many captures these were, and the addresses that are in no row of the frontier. The rows of the files
    must say that they are lost.
    """
    gone = session.execute(
        select(_CAPTURES.c.id, _CAPTURES.c.url, _CAPTURES.c.record_id, _CAPTURES.c.payload_sha256).where(
            _CAPTURES.c.warc_file.in_(list(names))
        )
    ).all()
    stranded = _strand(session, {row.record_id: row.payload_sha256 for row in gone})
    urls = _shown_by_no_other(session, dict.fromkeys([row.url for row in gone] + stranded))
    unknown = _ask_again(session, urls, run_id=run_id)
    _remove_unused(session)
    return len(gone), unknown


def _strand(session: Session, records: dict[str, str]) -> list[str]:
    """Note that revisits of these records are without a payload; return their addresses."""
    rows = []
    for some in _chunks(sorted(set(records.values()))):
        revisits = _CAPTURES.c.payload_sha256.in_(some) & _CAPTURES.c.revisit_of.is_not(None) & ~IS_LOST
        found = session.execute(select(_CAPTURES.c.id, _CAPTURES.c.url, _CAPTURES.c.revisit_of).where(revisits))
        rows += [row for row in found if row.revisit_of in records]
    for some in _chunks([row.id for row in rows]):
        session.execute(update(_CAPTURES).where(_CAPTURES.c.id.in_(some)).values(truncated=UNTOLD))
    return [row.url for row in rows]


def _shown_by_no_other(session: Session, urls: Iterable[str]) -> list[str]:
    """Return the addresses of which there is no whole capture that is as new as the newest lost one."""
    wanted = []
    for url in urls:
        newest = select(_CAPTURES.c.id, IS_LOST.label("lost"), _CAPTURES.c.truncated).where(_CAPTURES.c.url == url)
        row = session.execute(newest.order_by(_CAPTURES.c.id.desc()).limit(1)).first()
        if row is None or row.lost or row.truncated:
            wanted.append(url)
    return wanted


def _ask_again(session: Session, urls: list[str], *, run_id: int) -> list[str]:
    """Make settled addresses pending; return those that the frontier does not know."""
    values = {"state": "pending", "reason": None, "permanent": False, "attempts": 0, "not_before": None}
    known: set[str] = set()
    for some in _chunks(urls):
        known |= set(session.execute(select(_ENTRIES.c.url).where(_ENTRIES.c.url.in_(some))).scalars())
        settled = _ENTRIES.c.url.in_(some) & _ENTRIES.c.state.in_(("done", "failed"))
        session.execute(update(_ENTRIES).where(settled).values(**values, run_id=run_id))
    return [url for url in urls if url not in known]


def found_again(session: Session, item: Item, capture_id: int) -> None:
    """Let what was read from lost records name this capture, if the page read from it shows the same."""
    changes: list[tuple[Any, Any]] = []
    if isinstance(item, Post):
        revisions: Any = models.PostRevision.__table__
        same = (revisions.c.post_id == item.id) & (revisions.c.content_sha256 == item.content_sha256)
        changes.append((revisions, same))
    if isinstance(item, Page):
        pages: Any = models.Page.__table__
        changes.append((pages, (pages.c.url == item.url) & (pages.c.content_sha256 == item.content_sha256)))
    if isinstance(item, Post | CommentPage):
        comments: Any = models.Comment.__table__
        shown = {comment.id: comment.content_sha256 for comment in item.comments}
        changes += [(comments, (comments.c.id == number) & (comments.c.content_sha256 == sha256))
                    for number, sha256 in shown.items()]  # fmt: skip
    for table, same in changes:
        session.execute(update(table).where(same, table.c.capture_id.in_(CAPTURES)).values(capture_id=capture_id))


def conclude(session: Session) -> int:
    """Take over the payloads that were fetched again, and remove rows that nothing needs; return how many stay lost."""
    _repair_revisits(session)
    lost, again = _CAPTURES.alias(), _CAPTURES.alias()
    pairs: Any = session.execute(
        select(lost.c.id, again.c.id)
        .select_from(lost)
        .join(again, (again.c.url == lost.c.url) & (again.c.payload_sha256 == lost.c.payload_sha256))
        .where(
            lost.c.warc_file.in_(_LOST_FILES), again.c.warc_file.not_in(_LOST_FILES), again.c.status == lost.c.status,
            again.c.truncated.is_(None),
        )
        .order_by(lost.c.id, again.c.id)
    ).all()  # fmt: skip
    for before, after in dict(pairs).items():
        for table in _PROVEN:
            session.execute(update(table).where(table.c.capture_id == before).values(capture_id=after))
    _remove_unused(session)
    return len(session.execute(CAPTURES).all())


def return_(session: Session, names: Collection[str]) -> None:
    """Note that the bytes of these files are there again; the rows of the files must say that they are not lost."""
    back = select(_CAPTURES.c.record_id).where(_CAPTURES.c.warc_file.in_(list(names)))
    revisits = _CAPTURES.c.revisit_of.in_(back) & (_CAPTURES.c.truncated == UNTOLD)
    session.execute(update(_CAPTURES).where(revisits).values(truncated=None))


def _stranded() -> Any:
    """Return the query for the revisits that have lost their payload."""
    original = _CAPTURES.alias()
    held = (
        select(original.c.id)
        .where(
            original.c.payload_sha256 == _CAPTURES.c.payload_sha256,
            original.c.record_id == _CAPTURES.c.revisit_of,
            original.c.warc_file.not_in(_LOST_FILES),
        )
        .exists()
    )
    return select(_CAPTURES.c.id, _CAPTURES.c.payload_sha256).where(
        _CAPTURES.c.revisit_of.is_not(None),
        _CAPTURES.c.truncated == UNTOLD,
        _CAPTURES.c.payload_sha256 != _NOTHING,
        ~held,
    )


def _repair_revisits(session: Session) -> None:
    """Let revisits that have lost their payload refer to a record that holds the same one."""
    for row in session.execute(_stranded()).all():
        whole = _CAPTURES.c.revisit_of.is_(None) & _CAPTURES.c.truncated.is_(None) & ~IS_LOST
        same = select(_CAPTURES.c.record_id).where(_CAPTURES.c.payload_sha256 == row.payload_sha256, whole)
        record = session.execute(same.order_by(_CAPTURES.c.id).limit(1)).scalar()
        if record:
            session.execute(update(_CAPTURES).where(_CAPTURES.c.id == row.id).values(revisit_of=record, truncated=None))


def _remove_unused(session: Session) -> None:
    """Remove the rows of lost captures from which nothing was read."""
    read_from = [select(table.c.capture_id).where(table.c.capture_id.is_not(None)) for table in _PROVEN]
    unused = select(_CAPTURES.c.id).where(IS_LOST, _CAPTURES.c.id.not_in(union(*read_from)))
    for some in _chunks(list(session.execute(unused).scalars())):
        session.execute(delete(_CAPTURES).where(_CAPTURES.c.id.in_(some)))


def _chunks(values: list[Any]) -> Iterable[list[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
