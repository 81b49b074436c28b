"""The frontier: every address ever seen, which of them to fetch next, and what became of each.

An address is *pending* until it is *leased* to the downloader; the transaction that stores its page makes it *done*.
A lease lives in an uncommitted transaction or, after a crash, is returned at the next start, so a kill costs nothing.

Runs form *cycles*: an unfinished run and those that go on with it. Within a cycle an address is fetched once; a new
cycle may open it again. Cycles are counted by run number, not by the clock, which may jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from archiver.store.database import insertion
from archiver.store.models import FrontierEntry as Entry

PRIORITIES = {"catalogue": 0, "index": 1, "category": 2, "comments": 3, "post": 4, "image": 5, "requisite": 5}
"""What is fetched first: lists tell what there is, and a post's comments follow the post they belong to."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An address handed to the downloader."""

    url: str
    kind: str
    attempts: int
    """Times it was asked for before in this cycle, without success."""


def add(session: Session, url: str, kind: str, *, cycle: int, now: str) -> bool:
    """Make an address pending unless this cycle has seen it; return whether it is to be fetched."""
    fresh = {
        "url": url,
        "kind": kind,
        "state": "pending",
        "attempts": 0,
        "permanent": False,
        "priority": PRIORITIES.get(kind, 0),
        "seq": _next_seq(session),
        "first_seen_at": now,
        "cycle": cycle,
    }
    again = {"state": "pending", "reason": None, "attempts": 0, "permanent": False, "not_before": None, "cycle": cycle}
    settled = Entry.state.in_(("done", "failed"))
    return _upsert(session, fresh, again, settled & (Entry.cycle != cycle))


def skip(session: Session, url: str, kind: str, reason: str, *, cycle: int, now: str) -> None:
    """Note an address that is not to be asked for, and why."""
    add(session, url, kind, cycle=cycle, now=now)
    _set(session, url, state="skipped", reason=reason, permanent=True)


def _next_seq(session: Session) -> Any:
    return select(func.coalesce(func.max(Entry.seq), 0) + 1).scalar_subquery()


def _upsert(session: Session, fresh: dict[str, Any], again: dict[str, Any], when: Any) -> bool:
    """Insert a row, or change the one that is there if `when` holds; return whether either happened."""
    statement = insertion(session, Entry).values(fresh)
    statement = statement.on_conflict_do_update(index_elements=[Entry.url], set_=again, where=when)
    return session.execute(statement.returning(Entry.url)).first() is not None


def lease(session: Session, *, cycle: int, now: str, without: str | None = None) -> Lease | None:
    """Take the next address that may be asked for now, or None; `without` names a kind to leave alone."""
    due = (Entry.state == "pending") & ((Entry.not_before.is_(None)) | (Entry.not_before <= now))
    due &= Entry.kind.is_distinct_from(without)
    row = session.execute(
        select(Entry.url, Entry.kind, Entry.attempts)
        .where(due)
        .order_by(Entry.priority, Entry.seq)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    _set(session, row.url, state="leased", cycle=cycle)
    return Lease(row.url, row.kind, row.attempts)


def _set(session: Session, url: str, **values: Any) -> None:
    session.execute(update(Entry).where(Entry.url == url).values(**values))


def finish(session: Session, url: str, *, now: str) -> None:
    """Mark an address as archived."""
    _set(session, url, state="done", reason=None, permanent=False, not_before=None, last_done_at=now)


def fail(session: Session, url: str, reason: str, *, permanent: bool = False, refused: bool = False) -> None:
    """Mark an address as failed in this cycle, or as refused for good.

    `permanent` says that asking again soon makes no sense.
    """
    state = "skipped" if refused else "failed"
    values = {"state": state, "reason": reason, "permanent": permanent or refused}
    session.execute(update(Entry).where(Entry.url == url).values(attempts=Entry.attempts + 1, **values))


def postpone(session: Session, url: str, reason: str, *, not_before: str) -> None:
    """Return a leased address to the pending ones after a failed attempt."""
    values = {"state": "pending", "reason": reason, "not_before": not_before}
    session.execute(update(Entry).where(Entry.url == url).values(attempts=Entry.attempts + 1, **values))


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


def tally(session: Session) -> dict[str, int]:
    """Return how many addresses are in each state, and under `unfinished` those that may work on the next run."""
    rows = session.execute(select(Entry.state, func.count().label("number")).group_by(Entry.state)).all()
    retryable = case((Entry.state == "failed", ~Entry.permanent), else_=Entry.state.in_(("pending", "leased")))
    open_ = session.execute(select(func.count()).select_from(Entry).where(retryable)).scalar_one()
    return {**{row.state: row.number for row in rows}, "unfinished": open_}
