"""Doubts: what the blog shows and the archive does not believe yet.

A list that lost much of what it had, or a kind of page that is not as expected, may be the blog's intention or a fault
of the theme. Until that is settled, nothing is concluded from it. A list is believed when the owner says so, or when
it has stayed so for long enough; a kind of page, when one of its pages is as expected again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from archiver.store import models

BELIEVED = 3
"""Runs, and days with such runs, after which a list that stays as it is counts as intended."""

LIST, PAGES, PART = "list", "pages", "part"
"""Kinds of doubt: about one list, about all pages of a kind, about a part of them such as the licence."""

_ROWS: Any = models.Doubt.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing that is not believed yet: columns of its row."""

    subject: str
    kind: str
    reason: str
    first_seen_at: str
    last_seen_at: str
    last_run: int
    runs: int
    days: int
    accepted: bool


def standing(session: Session) -> dict[str, Doubt]:
    """Return every doubt, by its subject."""
    rows = session.execute(select(*(_ROWS.c[name] for name in Doubt.__slots__)).order_by(_ROWS.c.subject))
    return {row.subject: Doubt(**row._mapping) for row in rows}


def seen_again(before: Doubt | None, subject: str, kind: str, reason: str, *, run_id: int, now: str) -> Doubt:
    """Return a doubt after counting a run that has seen it; a run counts once."""
    if before is None:
        return Doubt(
            subject=subject, kind=kind, reason=reason, first_seen_at=now, last_seen_at=now, last_run=run_id,
            runs=1, days=1, accepted=False,
        )  # fmt: skip
    if before.last_run == run_id:
        return before
    another_day = before.last_seen_at[:10] != now[:10]
    runs, days = before.runs + 1, before.days + another_day
    return replace(before, reason=reason, last_seen_at=now, last_run=run_id, runs=runs, days=days)


def is_believed(doubt: Doubt) -> bool:
    """Return whether what is shown counts as right: the owner said so, or a list has stayed so for long enough."""
    return doubt.accepted or (doubt.kind == LIST and doubt.runs >= BELIEVED and doubt.days >= BELIEVED)


def settle(session: Session, subject: str) -> None:
    """Drop a doubt: what it was about is as expected again, or believed."""
    session.execute(delete(_ROWS).where(_ROWS.c.subject == subject))


def accept(session: Session, subject: str) -> None:
    """Make the next run believe a list."""
    session.execute(update(_ROWS).where(_ROWS.c.subject == subject).values(accepted=True))


def as_rows(session: Session) -> tuple[dict[str, Any], ...]:
    """Return every doubt as the columns of its row, for `restore`."""
    return tuple(asdict(each) for each in standing(session).values())


def restore(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store doubts as `as_rows` gave them, in place of all others."""
    session.execute(delete(_ROWS))
    for row in rows:
        store(session, Doubt(**row))


def store(session: Session, doubt: Doubt) -> None:
    """Store a doubt in place of the one with the same subject."""
    settle(session, doubt.subject)
    session.execute(insert(_ROWS), asdict(doubt))
