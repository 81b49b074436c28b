"""Rows of archived exchanges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from archiver import items
from archiver.store.models import Capture, FrontierEntry

_ROWS: Any = Capture.__table__
_ADD = insert(_ROWS).returning(_ROWS.c.id)


def add(session: Session, capture: items.Capture, run_id: int) -> int:
    """Store where an exchange was recorded; return its number."""
    values = {field: getattr(capture, field) for field in items.Capture.__slots__}
    return int(session.execute(_ADD, {"run_id": run_id, **values}).scalar_one())


def ends(session: Session) -> dict[str, int]:
    """Return for each WARC file where the last response that has a row ends, in bytes."""
    last = func.max(Capture.warc_offset + Capture.warc_length)
    rows = session.execute(select(Capture.warc_file, last).group_by(Capture.warc_file))
    return {row[0]: row[1] for row in rows}


def last_fetch(session: Session) -> datetime | None:
    """Return when the server was last asked for anything."""
    last = session.execute(select(func.max(Capture.fetched_at))).scalar_one_or_none()
    return datetime.fromisoformat(last) if last else None


def validators(session: Session, url: str) -> tuple[str | None, str | None]:
    """Return the ETag and Last-Modified of the newest whole capture of an address; None where the server sent none.

    What came after the address was last archived was refused, or nobody got to read it: it must not be confirmed.
    """
    accepted = select(FrontierEntry.last_done_at).where(FrontierEntry.url == url).scalar_subquery()
    whole = (Capture.url == url) & (Capture.status == 200) & Capture.truncated.is_(None)
    whole &= Capture.fetched_at <= accepted
    newest = select(Capture.etag, Capture.last_modified).where(whole).order_by(Capture.id.desc()).limit(1)
    found = session.execute(newest).first()
    return (found.etag, found.last_modified) if found else (None, None)
