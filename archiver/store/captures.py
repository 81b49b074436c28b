"""Rows of archived exchanges."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from archiver import items
from archiver.store.models import Capture


def add(session: Session, capture: items.Capture, run_id: int) -> int:
    """Store where an exchange was recorded; return its number."""
    values = {field: getattr(capture, field) for field in items.Capture.__slots__}
    row = session.execute(insert(Capture).values(run_id=run_id, **values).returning(Capture.id))
    return int(row.scalar_one())
