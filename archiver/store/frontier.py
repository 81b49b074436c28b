"""The frontier: every address ever seen, which of them to fetch next, and what became of each.

An address is *pending* until it is *leased* to the downloader; the transaction that stores its page makes it *done*.
A lease lives in an uncommitted transaction or, after a crash, is returned at the next start, so a kill costs nothing.

Runs form *cycles*: an unfinished run and those that go on with it. Within a cycle an address is fetched once; a new
cycle may open it again. Cycles are counted by run number, not by the clock, which may jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session

from archiver.store.database import upsert
from archiver.store.models import FrontierEntry as Entry

_ROWS: Any = Entry.__table__

PRIORITIES = {"catalogue": 0, "index": 1, "category": 2, "comments": 3, "post": 4, "image": 5, "requisite": 5}
"""What is fetched first: lists tell what there is, and a post's comments follow the post they belong to."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An address handed to the downloader."""

    url: str
    kind: str
    attempts: int
    """Times it was asked for before in this cycle, without success."""
    archived: bool
    """Whether it was ever archived."""


def add(session: Session, url: str, kind: str, *, cycle: int, now: str) -> bool:
    """Make an address pending unless this cycle has seen it; return whether it is to be fetched."""
    priority = PRIORITIES.get(kind, 0)
    row = {"url": url, "kind": kind, "priority": priority, "first_seen_at": now, "cycle": cycle}
    return session.execute(_insertion(session.get_bind().dialect.name), row).first() is not None


@cache  # building a statement costs as much as running it, and some of these run for every link
def _insertion(dialect: str) -> Any:
    """Return the statement that inserts a pending row, or opens the one of an earlier cycle again."""
    fresh: dict[str, Any] = {name: bindparam(name) for name in ("url", "kind", "priority", "first_seen_at", "cycle")}
    seq = select(func.coalesce(func.max(_ROWS.c.seq), 0) + 1).scalar_subquery()
    blank: dict[str, Any] = {"state": "pending", "attempts": 0, "permanent": False}
    insertion = upsert(dialect, _ROWS).values(**fresh, **blank, seq=seq)
    settled = _ROWS.c.state.in_(("done", "failed")) & (_ROWS.c.cycle != insertion.excluded.cycle)
    again = {**blank, "reason": None, "not_before": None, "cycle": insertion.excluded.cycle}
    return insertion.on_conflict_do_update(index_elements=[_ROWS.c.url], set_=again, where=settled).returning(
        _ROWS.c.url
    )


def skip(session: Session, url: str, kind: str, reason: str, *, cycle: int, now: str) -> None:
    """Note an address that is not to be asked for, and why."""
    add(session, url, kind, cycle=cycle, now=now)
    _set(session, url, state="skipped", reason=reason, permanent=True)


_DUE = (
    select(_ROWS.c.url, _ROWS.c.kind, _ROWS.c.attempts, _ROWS.c.last_done_at)
    .where(
        _ROWS.c.state == "pending",
        _ROWS.c.not_before.is_(None) | (_ROWS.c.not_before <= bindparam("now")),
        _ROWS.c.kind != bindparam("without"),
    )
    .order_by(_ROWS.c.priority, _ROWS.c.seq)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def lease(session: Session, *, cycle: int, now: str, without: str | None = None) -> Lease | None:
    """Take the next address that may be asked for now, or None; `without` names a kind to leave alone."""
    row = session.execute(_DUE, {"now": now, "without": without or ""}).first()
    if row is None:
        return None
    _set(session, row.url, state="leased", cycle=cycle)
    return Lease(row.url, row.kind, row.attempts, row.last_done_at is not None)


def _set(session: Session, url: str, *, attempted: bool = False, **values: Any) -> None:
    session.execute(_change(attempted, *values), {"b_url": url, **values})


@cache
def _change(attempted: bool, *names: str) -> Any:
    """Return the statement that sets columns of an address, and counts an attempt."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    if attempted:
        values["attempts"] = _ROWS.c.attempts + 1
    return update(_ROWS).where(_ROWS.c.url == bindparam("b_url")).values(values)


def finish(session: Session, url: str, *, now: str) -> None:
    """Mark an address as archived."""
    _set(session, url, state="done", reason=None, permanent=False, not_before=None, last_done_at=now)


def fail(session: Session, url: str, reason: str, *, permanent: bool = False, refused: bool = False) -> None:
    """Mark an address as failed in this cycle, or as refused for good.

    `permanent` says that asking again soon makes no sense.
    """
    state = "skipped" if refused else "failed"
    _set(session, url, attempted=True, state=state, reason=reason, permanent=permanent or refused)


def postpone(session: Session, url: str, reason: str, *, not_before: str) -> None:
    """Return a leased address to the pending ones after a failed attempt."""
    _set(session, url, attempted=True, state="pending", reason=reason, not_before=not_before)


def release(session: Session) -> int:
    """Return the leases a dead or stopped run left behind; return how many."""
    rows = session.execute(
        update(Entry).where(Entry.state == "leased").values(state="pending").returning(Entry.url)
    ).all()
    return len(rows)


def forget_waits(session: Session, *, after: str) -> None:
    """Have addresses that wait for longer than any is told to asked for now: the clock has jumped back."""
    late = (Entry.state == "pending") & (Entry.not_before > after)
    session.execute(update(Entry).where(late).values(not_before=None))


def retry_failed(session: Session, *, cycle: int) -> int:
    """Make the addresses of this cycle that may work next time pending again; return how many."""
    passing = (Entry.state == "failed") & (Entry.cycle == cycle) & ~Entry.permanent
    rows = session.execute(
        update(Entry).where(passing).values(state="pending", attempts=0, not_before=None).returning(Entry.url)
    ).all()
    return len(rows)


def reconsider(session: Session, reason: str, *, cycle: int) -> None:
    """Have addresses refused for this reason asked for again: those of this cycle, others when a list names them."""
    refused = (Entry.state == "skipped") & (Entry.reason == reason)
    again = case((Entry.cycle == cycle, "pending"), else_="failed")
    session.execute(update(Entry).where(refused).values(state=again))


def has_pending(session: Session, *, without: str | None = None) -> bool:
    """Return whether anything waits to be fetched, now or later; `without` names a kind that does not count."""
    waiting = (Entry.state == "pending") & Entry.kind.is_distinct_from(without)
    return session.execute(select(Entry.url).where(waiting).limit(1)).first() is not None


def is_lost(session: Session, url: str) -> bool:
    """Return whether an address failed for good: the blog says that there is no such page."""
    lost = (Entry.url == url) & (Entry.state == "failed") & Entry.permanent
    return session.execute(select(Entry.url).where(lost)).first() is not None


def tally(session: Session) -> dict[str, int]:
    """Return how many addresses are in each state, and under `unfinished` those that may work on the next run."""
    rows = session.execute(select(Entry.state, func.count().label("number")).group_by(Entry.state)).all()
    retryable = case((Entry.state == "failed", ~Entry.permanent), else_=Entry.state.in_(("pending", "leased")))
    open_ = session.execute(select(func.count()).select_from(Entry).where(retryable)).scalar_one()
    return {**{row.state: row.number for row in rows}, "unfinished": open_}
