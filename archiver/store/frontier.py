"""The frontier: every address ever seen, which of them to fetch next, and what became of each.

An address is *pending* until it is *leased* to the downloader; the transaction that stores its page makes it *done*.
A lease lives in an uncommitted transaction or, after a crash, is returned at the next start, so a kill costs nothing.

A run asks for an address once: a row carries the number of the run that last opened it. Runs are told apart by number,
not by the clock, which may jump.

An address that *failed* has its own next time, whatever the failure was: the next run, then further apart each time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session

from archiver import items
from archiver.clock import timestamp
from archiver.store.database import upsert
from archiver.store.models import FrontierEntry

_ROWS: Any = FrontierEntry.__table__

PRIORITIES = {"catalogue": 0, "list": 0, "index": 1, "category": 2, "comments": 3, "post": 4}
PRIORITIES |= {"image": 5, "requisite": 5, "front": 6, "page": 6, "feed": 6, "file": 6, "tag": 7}
"""What is fetched first: lists tell what there is, and a post's comments follow the post they belong to."""

FURNITURE = frozenset({"front", "page", "feed", "file", "tag"})
"""Kinds of the rest of the blog: fetched after the posts, and never in their way."""

LISTS = frozenset({"catalogue", "list", "category", "index"})
"""Kinds of page that list others."""

FAILING = 3
"""Runs in a row after which an address counts as failing: it is still tried when due, and makes no run incomplete."""

LONGEST_WAIT = timedelta(days=30)
"""Longest wait between tries of an address that keeps failing; the first after an answer that nothing is there."""

SLACK = timedelta(hours=6)
"""By how much a wait is shortened: a daily run begins some minutes earlier or later than the one before."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An address handed to the downloader."""

    url: str
    kind: str
    attempts: int
    """Times it was asked for before without success, since it was opened."""
    archived: bool
    """Whether it was ever archived."""
    failures: int = 0
    """In how many runs in a row it has failed."""


def add(session: Session, url: str, kind: str, *, run_id: int, now: str, since: int | None = None) -> bool:
    """Make an address pending unless this run has had it, or one from `since` on; return whether to fetch it."""
    priority = PRIORITIES.get(kind, 0)
    row = {"url": url, "kind": kind, "priority": priority, "first_seen_at": now, "run_id": run_id}
    row["since"] = since or run_id
    return session.execute(_insertion(session.get_bind().dialect.name), row).first() is not None


@cache  # building a statement costs as much as running it, and some of these run for every link
def _insertion(dialect: str) -> Any:
    """Return the statement that inserts a pending row, or opens the one of an earlier run again."""
    fresh: dict[str, Any] = {name: bindparam(name) for name in ("url", "kind", "priority", "first_seen_at", "run_id")}
    seq = select(func.coalesce(func.max(_ROWS.c.seq), 0) + 1).scalar_subquery()
    blank: dict[str, Any] = {"state": "pending", "attempts": 0, "permanent": False}
    insertion = upsert(dialect, _ROWS).values(**fresh, **blank, seq=seq)
    left = (_ROWS.c.state == "skipped") & (_ROWS.c.reason == items.TOO_MANY)
    settled = (_ROWS.c.state.in_(("done", "failed")) | left) & (_ROWS.c.run_id < bindparam("since"))
    again = {**blank, "reason": None, "not_before": None, "run_id": insertion.excluded.run_id}
    return insertion.on_conflict_do_update(index_elements=[_ROWS.c.url], set_=again, where=settled).returning(
        _ROWS.c.url
    )


def skip(session: Session, url: str, kind: str, reason: str, *, run_id: int, now: str) -> None:
    """Note an address that is not to be asked for, and why."""
    add(session, url, kind, run_id=run_id, now=now)
    _set(session, url, state="skipped", reason=reason, permanent=True)


_DUE = (
    select(_ROWS.c.url)
    .where(
        _ROWS.c.state == "pending",
        _ROWS.c.not_before.is_(None) | (_ROWS.c.not_before <= bindparam("now")),
        _ROWS.c.kind.not_in(bindparam("without", expanding=True)),
    )
    .order_by(_ROWS.c.priority, _ROWS.c.seq)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(_ROWS)
    .where(_ROWS.c.url == _DUE.scalar_subquery())
    .values(state="leased", run_id=bindparam("run"))
    .returning(_ROWS.c.url, _ROWS.c.kind, _ROWS.c.attempts, _ROWS.c.last_done_at, _ROWS.c.failures)
)


def lease(session: Session, *, run_id: int, now: str, without: Collection[str] = ()) -> Lease | None:
    """Take the next address that may be asked for now, or None; `without` names kinds to leave alone."""
    row = session.execute(_LEASE, {"now": now, "without": list(without), "run": run_id}).first()
    if row is None:
        return None
    return Lease(row.url, row.kind, row.attempts, row.last_done_at is not None, row.failures)


def _set(session: Session, url: str, *, attempted: bool = False, **values: Any) -> None:
    session.execute(_change(attempted, *values), {"b_url": url, **values})


@cache
def _change(attempted: bool, *names: str) -> Any:
    """Return the statement that sets columns of an address, and counts an attempt."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    if attempted:
        values["attempts"] = _ROWS.c.attempts + 1
    return update(_ROWS).where(_ROWS.c.url == bindparam("b_url")).values(values)


def renew(session: Session, urls: Collection[str], *, run_id: int) -> None:
    """Make archived addresses pending again in this run, unless it has had them."""
    session.execute(_RENEWAL, {"urls": list(urls), "run": run_id})


_RENEWAL = (
    update(_ROWS)
    .where(
        _ROWS.c.url.in_(bindparam("urls", expanding=True)),
        _ROWS.c.state == "done",
        _ROWS.c.run_id < bindparam("run"),
    )
    .values(state="pending", attempts=0, not_before=None, run_id=bindparam("run"))
)


def finish(session: Session, url: str, *, now: str) -> None:
    """Mark an address as archived."""
    blank: dict[str, Any] = {"reason": None, "permanent": False, "not_before": None}
    blank |= {"failures": 0, "failed_since": None}
    _set(session, url, state="done", last_done_at=now, **blank)


def fail(
    session: Session,
    url: str,
    reason: str,
    *,
    now: str,
    permanent: bool = False,
    refused: bool = False,
    rarely: bool = False,
    not_before: str | None = None,
) -> int:
    """Mark an address as failed in this run, or as refused by rules; return in how many runs in a row it has failed.

    `permanent` says that the answer was a definite no, `rarely` that the longest wait will do, `not_before` until when
    the server wants to be left alone.
    """
    row = session.execute(_FAILED, {"url": url}).first()
    number = (row.failures if row else 0) + 1
    wait = LONGEST_WAIT - SLACK if rarely else wait_after(number)
    due = timestamp(datetime.fromisoformat(now) + wait) if wait else None
    values = {
        "state": "skipped" if refused else "failed",
        "reason": reason,
        "permanent": permanent or refused,
        "not_before": max(filter(None, (due, not_before)), default=None),
        "failures": number,
        "failed_since": (row.failed_since if row else None) or now,
    }
    _set(session, url, attempted=True, **values)
    return number


_FAILED = select(_ROWS.c.failures, _ROWS.c.failed_since).where(_ROWS.c.url == bindparam("url"))


def failures(session: Session, url: str) -> int:
    """Return in how many runs in a row an address has failed."""
    row = session.execute(_FAILED, {"url": url}).first()
    return row.failures if row else 0


def wait_after(failures: int) -> timedelta | None:
    """Return how long to leave an address alone that failed in so many runs in a row; None until the next run."""
    if failures < 2:
        return None
    return min(timedelta(days=1 << min(failures - 2, 10)), LONGEST_WAIT) - SLACK


def wait(session: Session, url: str, reason: str) -> None:
    """Make an address wait for the next run, as if it had not been asked for; `reopen` it at the end of this one.

    For pages of which it is not known whether the blog or this program is wrong about them.
    """
    session.execute(_WAITS, {"b_url": url, "b_reason": reason})


_FAILED_NOW = _ROWS.c.state == "failed"  # in this run: failures of others were made pending at the start
_LESS = case((_FAILED_NOW & (_ROWS.c.failures > 0), _ROWS.c.failures - 1), else_=_ROWS.c.failures)
_WAITS = (
    update(_ROWS)
    .where(_ROWS.c.url == bindparam("b_url"))
    .values(
        state="failed", reason=bindparam("b_reason"), permanent=False, not_before=None, attempts=0, failures=_LESS,
        failed_since=case((_LESS > 0, _ROWS.c.failed_since)),
    )
)  # fmt: skip


def reopen(session: Session, url: str) -> None:
    """Return an address that waits for the next run to the pending ones."""
    _set(session, url, state="pending")


def postpone(session: Session, url: str, reason: str, *, not_before: str) -> None:
    """Return a leased address to the pending ones after a failed attempt."""
    _set(session, url, attempted=True, state="pending", reason=reason, not_before=not_before)


def release(session: Session) -> int:
    """Return the leases a dead or stopped run left behind; return how many."""
    rows = session.execute(
        update(_ROWS).where(_ROWS.c.state == "leased").values(state="pending").returning(_ROWS.c.url)
    ).all()
    return len(rows)


def forget_waits(session: Session, *, after: str) -> None:
    """Make due every address whose wait is longer than any we set: the clock has jumped back."""
    late = (_ROWS.c.state == "pending") & (_ROWS.c.not_before > after)
    session.execute(update(_ROWS).where(late).values(not_before=None))


def retry_due(session: Session, *, run_id: int, now: str) -> int:
    """Make the failed addresses pending whose time has come; return how many.

    A time further off than any wait is from before the clock jumped back.
    """
    latest = timestamp(datetime.fromisoformat(now) + LONGEST_WAIT)
    due = _ROWS.c.not_before.is_(None) | (_ROWS.c.not_before <= now) | (_ROWS.c.not_before > latest)
    values = {"state": "pending", "attempts": 0, "not_before": None, "run_id": run_id}
    rows = session.execute(
        update(_ROWS).where(_ROWS.c.state == "failed", due).values(values).returning(_ROWS.c.url)
    ).all()
    return len(rows)


def reconsider(session: Session, reason: str, *, without: Collection[str] = ()) -> None:
    """Make addresses refused for this reason pending again, except kinds named: the rules may have changed."""
    refused = (_ROWS.c.state == "skipped") & (_ROWS.c.reason == reason) & _ROWS.c.kind.not_in(list(without))
    values = {"state": "pending", "attempts": 0, "not_before": None}
    session.execute(update(_ROWS).where(refused).values(values))


def has_pending(session: Session, *, without: Collection[str] = ()) -> bool:
    """Return whether anything waits to be fetched, now or later; `without` names kinds that do not count."""
    waiting = (_ROWS.c.state == "pending") & _ROWS.c.kind.not_in(list(without))
    return session.execute(select(_ROWS.c.url).where(waiting).limit(1)).first() is not None


def unfinished(session: Session) -> int:
    """Return how many addresses a run would still ask for: those pending or leased."""
    waiting = select(func.count()).select_from(_ROWS).where(_ROWS.c.state.in_(("pending", "leased")))
    return int(session.execute(waiting).scalar_one())


def failing(session: Session) -> int:
    """Return how many addresses have failed so often that they no longer make a run incomplete."""
    rows = (_ROWS.c.state == "failed") & ~_ROWS.c.permanent & (_ROWS.c.failures >= FAILING)
    return int(session.execute(select(func.count()).select_from(_ROWS).where(rows)).scalar_one())


def any_unread(session: Session, kind: str, *, run_id: int) -> bool:
    """Return whether this run failed to read an address of a kind that was read before."""
    rows = (
        (_ROWS.c.kind == kind)
        & (_ROWS.c.state != "done")
        & _ROWS.c.last_done_at.is_not(None)
        & (_ROWS.c.run_id == run_id)
    )
    return session.execute(select(_ROWS.c.url).where(rows).limit(1)).first() is not None


def is_known(session: Session, url: str) -> bool:
    """Return whether an address was ever seen."""
    return session.execute(select(_ROWS.c.url).where(_ROWS.c.url == url)).first() is not None


def is_lost(session: Session, url: str) -> bool:
    """Return whether an address failed for good: the blog says that there is no such page."""
    lost = (_ROWS.c.url == url) & (_ROWS.c.state == "failed") & _ROWS.c.permanent
    return session.execute(select(_ROWS.c.url).where(lost)).first() is not None
