"""Rows of archived exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from archiver import items, urls
from archiver.items import Holder
from archiver.store.lost import IS_LOST
from archiver.store.models import Capture, FrontierEntry

_ROWS: Any = Capture.__table__
_ENTRIES: Any = FrontierEntry.__table__
_ADD = insert(_ROWS).returning(_ROWS.c.id)


def add(session: Session, capture: items.Capture, run_id: int) -> int:
    """Store where an exchange was recorded; return its number."""
    values = {field: getattr(capture, field) for field in items.Capture.__slots__}
    return int(session.execute(_ADD, {"run_id": run_id, **values}).scalar_one())


def ends(session: Session) -> dict[str, int]:
    """Return for each WARC file where the last response that has a row ends, in bytes."""
    last = func.max(_ROWS.c.warc_offset + _ROWS.c.warc_length)
    rows = session.execute(select(_ROWS.c.warc_file, last).group_by(_ROWS.c.warc_file))
    return {row[0]: row[1] for row in rows}


def offsets(session: Session, warc_file: str) -> set[int]:
    """Return the offsets in a WARC file of the responses that have a row."""
    return set(session.execute(select(_ROWS.c.warc_offset).where(_ROWS.c.warc_file == warc_file)).scalars())


def last_fetch(session: Session) -> datetime | None:
    """Return when the server was last asked for anything."""
    last = session.execute(select(func.max(_ROWS.c.fetched_at))).scalar_one_or_none()
    return datetime.fromisoformat(last) if last else None


def origin(session: Session, blog: str) -> str | None:
    """Return where the first page of the blog with these canonical addresses came from; None without one."""
    first = select(_ROWS.c.target_uri).where(_ROWS.c.url.startswith(f"{blog}/")).order_by(_ROWS.c.id).limit(1)
    target = session.execute(first).scalar()
    return urls.origin(target) if target else None


def holders(session: Session, payload_sha256: str) -> Iterator[Holder]:
    """Yield the first and the newest capture whose record holds a payload: one may be damaged, or in chunks."""
    before = None
    for asked in (_HOLDS, _HOLDS_LATEST):
        found = session.execute(asked, {"payload": payload_sha256}).first()
        if found is None or found == before:
            return
        yield Holder(**found._mapping)
        before = found


def holder(session: Session, payload_sha256: str, record_id: str) -> Holder | None:
    """Return the capture with a record id, if that record holds a payload; else None."""
    found = session.execute(_HOLDS_AS, {"payload": payload_sha256, "record": record_id}).first()
    return Holder(**found._mapping) if found else None


# Built once: they are asked for every response.
_HOLDERS = select(*(_ROWS.c[name] for name in Holder.__slots__)).limit(1)
_HOLDING = _HOLDERS.where(
    _ROWS.c.payload_sha256 == bindparam("payload"), _ROWS.c.revisit_of.is_(None), _ROWS.c.truncated.is_(None), ~IS_LOST
)
_HOLDS, _HOLDS_LATEST = _HOLDING.order_by(_ROWS.c.id), _HOLDING.order_by(_ROWS.c.id.desc())
_HOLDS_AS = _HOLDS.where(_ROWS.c.record_id == bindparam("record"))


def payload_sha256(session: Session, record_id: str) -> str | None:
    """Return the digest of the payload of a record; None when no capture has it."""
    return session.execute(select(_ROWS.c.payload_sha256).where(_ROWS.c.record_id == record_id).limit(1)).scalar()


def validated(session: Session, url: str) -> Holder | None:
    """Return the newest whole capture of an address, with the validators the server sent; None when it may not be used.

    Responses after the address was last archived were refused, or never read: they must not be confirmed.
    """
    found = session.execute(_VALIDATED, {"url": url}).first()
    return Holder(**found._mapping) if found else None


_ACCEPTED = select(_ENTRIES.c.last_done_at).where(_ENTRIES.c.url == bindparam("url")).scalar_subquery()
_VALIDATED = _HOLDERS.where(
    _ROWS.c.url == bindparam("url"),
    _ROWS.c.status == HTTPStatus.OK,
    _ROWS.c.truncated.is_(None),
    _ROWS.c.fetched_at <= _ACCEPTED,
    ~IS_LOST,
).order_by(_ROWS.c.id.desc())
