"""Rows of WARC files: where each is, what it was when it was closed, which were lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archiver.errors import ArchiverError
from archiver.store import query
from archiver.store.database import upsert
from archiver.store.models import WarcFile

_ROWS: Any = WarcFile.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What a closed file is."""

    size: int
    sha256: str
    closed_at: str


@dataclass(frozen=True, slots=True)
class WarcFileRow:
    """A file as its row has it; see the table `warc_files`."""

    name: str
    url: str | None = None
    spool: str | None = None
    size: int | None = None
    sha256: str | None = None
    closed_at: str | None = None
    uploaded_at: str | None = None
    lost_at: str | None = None


_ALL = f"SELECT {', '.join(WarcFileRow.__slots__)} FROM warc_files ORDER BY name"  # noqa: S608  # columns of ours


def known(database: str) -> dict[str, WarcFileRow]:
    """Return what a database says of the files, by name; nothing where it is not there, or of an older program."""
    try:
        return {row[0]: WarcFileRow(*row) for row in query.run(database, _ALL).rows}
    except ArchiverError:
        return {}


def rows(session: Session) -> dict[str, WarcFileRow]:
    """Return what is known of all files, by name."""
    columns = [_ROWS.c[name] for name in WarcFileRow.__slots__]
    return {row.name: WarcFileRow(*row) for row in session.execute(select(*columns).order_by(_ROWS.c.name))}


def place(rows: Mapping[str, WarcFileRow]) -> str | None:
    """Return where in object storage files go: where the last of these went; None where they stay in the home."""
    placed = [row for row in rows.values() if row.url]
    return max(placed, key=lambda row: (not row.closed_at, row.closed_at or "", row.name)).url if placed else None


def note(session: Session, name: str, **values: Any) -> None:
    """Store columns of a file, which gets a row if it has none."""
    statement = upsert(session.get_bind().dialect.name, _ROWS)
    if values:
        again = {column: statement.excluded[column] for column in values}
        statement = statement.on_conflict_do_update(index_elements=[_ROWS.c.name], set_=again)
    else:
        statement = statement.on_conflict_do_nothing()
    session.execute(statement, {"name": name, **values})
