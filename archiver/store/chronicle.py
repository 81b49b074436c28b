"""Rows of what happened, stored again in order: runs with their old numbers, captures, addresses.

For a database that is rebuilt from the WARC files, and for what a run leaves in them so that it can be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, case, func, insert, select, text, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.store.database import upsert
from archiver.store.frontier import PRIORITIES
from archiver.store.models import Capture, FrontierEntry, Post, PostRevision, Run

_ENTRIES: Any = FrontierEntry.__table__

_SQLITE = b"SQLite format 3\0"  # begins every database file: https://www.sqlite.org/fileformat2.html, section 1.3
_PAGE = 500  # rows read at a time
_ADDRESS = (
    *("url", "kind", "state", "reason", "permanent", "attempts", "failures", "failed_since", "not_before"),
    *("first_seen_at", "run_id"),
)
"""Columns of an address that do not follow from its captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRow:
    """A capture as in its row, without what no reader of pages needs."""

    id: int
    run_id: int
    url: str
    target_uri: str
    fetched_at: str
    status: int
    content_type: str
    warc_file: str
    warc_offset: int
    revisit_of: str | None
    truncated: str | None


def file_url(file: Path) -> str:
    """Return the URL of an SQLite database."""
    return URL.create("sqlite", database=str(file)).render_as_string()


def fold_log(file: Path) -> None:
    """Move what the log of an SQLite file holds into the file itself, so that it is whole without it.

    A file that is not a database stays as it is.
    """
    if not file.exists():
        return
    with file.open("rb") as database:
        if database.read(len(_SQLITE)) != _SQLITE:
            return
    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_empty(session: Session) -> bool:
    """Return whether a database holds no run and no capture."""
    return not session.execute(select(func.count()).select_from(Run)).scalar_one()


def add_run(session: Session, run_id: int, **columns: Any) -> None:
    """Store a run under the number it had."""
    session.execute(insert(Run).values(id=run_id, counts="{}", **columns))


def add_captures(session: Session, rows: Sequence[tuple[int, int, items.Capture]]) -> None:
    """Store captures with their own numbers and their runs'."""
    values = [
        {"id": number, "run_id": run_id, **{name: getattr(capture, name) for name in items.Capture.__slots__}}
        for number, run_id, capture in rows
    ]
    if values:
        session.execute(insert(Capture), values)


def capture(session: Session, number: int) -> items.Capture:
    """Return the capture with this number."""
    columns = [getattr(Capture, name) for name in items.Capture.__slots__]
    return items.Capture(**session.execute(select(*columns).where(Capture.id == number)).one()._mapping)


def correct(session: Session, number: int, capture: items.Capture) -> None:
    """Store a capture in place of what its row says."""
    values = {name: getattr(capture, name) for name in items.Capture.__slots__}
    session.execute(update(Capture).where(Capture.id == number).values(**values))


def in_order(session: Session, run_id: int) -> Iterator[CaptureRow]:
    """Yield the captures of a run in the order of recording; the caller may commit in between."""
    last = 0
    while rows := _seen(session, (Capture.run_id == run_id) & (Capture.id > last), Capture.id):
        yield from rows
        last = rows[-1].id


def by_date(session: Session, run_ids: Iterable[int]) -> Iterator[CaptureRow]:
    """Yield the captures of several runs, oldest first; the caller may commit in between."""
    wanted = Capture.run_id.in_(list(run_ids))
    date, number = "", 0
    while True:
        later = (Capture.fetched_at > date) | ((Capture.fetched_at == date) & (Capture.id > number))
        rows = _seen(session, wanted & later, Capture.fetched_at, Capture.id)
        if not rows:
            return
        yield from rows
        date, number = rows[-1].fetched_at, rows[-1].id


def _seen(session: Session, condition: Any, *order: Any) -> list[CaptureRow]:
    columns = [getattr(Capture, name) for name in CaptureRow.__slots__]
    rows = session.execute(select(*columns).where(condition).order_by(*order).limit(_PAGE))
    return [CaptureRow(**row._mapping) for row in rows]


def keep_reading(session: Session, post_id: int, record_id: str, reading: Mapping[str, Any]) -> int:
    """Give a revision that is no longer current the columns it was once read with; return how many there were."""
    current = select(Post.current_revision_id).where(Post.id == post_id).scalar_subquery()
    its_capture = select(Capture.id).where(Capture.record_id == record_id).scalar_subquery()
    former = (PostRevision.post_id == post_id) & (PostRevision.capture_id == its_capture) & (PostRevision.id != current)
    kept = session.execute(update(PostRevision).where(former).values(**reading).returning(PostRevision.id))
    return len(kept.all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an address, according to its captures."""

    url: str
    kind: str
    date: str
    """When the deciding capture was made."""
    reason: str | None = None
    """Why it is a gap; None when it is archived."""
    permanent: bool = False


def settle(session: Session, settled: Iterable[Settled], *, run_id: int) -> None:
    """Store what became of addresses in a run."""
    rows = [
        {
            "url": each.url,
            "kind": each.kind,
            "state": "done" if each.reason is None else "failed",
            "reason": each.reason,
            "permanent": each.permanent,
            "attempts": 0 if each.reason is None else 1,
            "failures": 0 if each.reason is None else 1,
            "failed_since": None if each.reason is None else each.date,
            "not_before": None,
            "first_seen_at": each.date,
            "last_done_at": each.date if each.reason is None else None,
            "run_id": run_id,
        }
        for each in settled
    ]
    again = ("state", "reason", "permanent", "attempts", "failures", "failed_since", "not_before", "last_done_at")
    _upsert(session, rows, again=again)


def expect(session: Session, url: str, kind: str, *, run_id: int, now: str) -> None:
    """Make an address pending that has no row yet."""
    row = {"url": url, "kind": kind, "state": "pending", "first_seen_at": now, "run_id": run_id}
    _upsert(session, [row | {"permanent": False, "attempts": 0, "failures": 0}], again=())


def unarchived(session: Session, since: int) -> tuple[dict[str, Any], ...]:
    """Return the addresses opened from a run on that are not archived, in the order of discovery, for `restore`."""
    columns = [_ENTRIES.c[name] for name in _ADDRESS]
    query = select(*columns).where(_ENTRIES.c.run_id >= since, _ENTRIES.c.state != "done")
    return tuple(dict(row._mapping) for row in session.execute(query.order_by(_ENTRIES.c.seq)))


def restore(session: Session, addresses: Iterable[Mapping[str, Any]], *, run_id: int) -> None:
    """Store addresses as `unarchived` gave them; those of an older program lack some columns."""
    blank: dict[str, Any] = {"failures": 0, "failed_since": None}
    rows = [{name: each.get(name, blank.get(name)) for name in _ADDRESS} for each in addresses]
    rows = [row | {"run_id": row["run_id"] or run_id} for row in rows]
    _upsert(session, rows, again=("state", "reason", "permanent", "attempts", "failures", "failed_since", "not_before"))


def _upsert(session: Session, rows: Sequence[Mapping[str, Any]], again: Sequence[str]) -> None:
    if not rows:
        return
    seq = select(func.coalesce(func.max(_ENTRIES.c.seq), 0)).scalar_subquery()
    first = int(session.execute(select(seq)).scalar_one()) + 1
    values = [
        {**row, "priority": PRIORITIES.get(row["kind"], 0), "seq": first + number} for number, row in enumerate(rows)
    ]
    statement = upsert(session.get_bind().dialect.name, _ENTRIES)
    if again:
        changes: dict[str, Any] = {name: statement.excluded[name] for name in (*again, "run_id")}
        if "last_done_at" in changes:  # counted on, if it is unknown how often it had failed
            new, old = statement.excluded, _ENTRIES.c
            changes["last_done_at"] = func.coalesce(new.last_done_at, old.last_done_at)
            changes["failures"] = case((new.failures > 0, old.failures + 1), else_=0)
            changes["failed_since"] = case((new.failures > 0, func.coalesce(old.failed_since, new.failed_since)))
        statement = statement.on_conflict_do_update(index_elements=[_ENTRIES.c.url], set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=[_ENTRIES.c.url])
    session.execute(statement, values)


def count_on(session: Session) -> None:
    """Let the database number further runs and captures after those stored with their own numbers."""
    if session.get_bind().dialect.name != "postgresql":
        return  # SQLite continues after the highest number by itself
    for table in (Run.__tablename__, Capture.__tablename__):
        last = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"  # noqa: S608  # a table of ours
        session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last}, false)"))
