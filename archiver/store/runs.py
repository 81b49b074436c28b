"""Rows of runs: what was asked for and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from archiver import __version__, clock
from archiver.errors import ArchiverError
from archiver.store import query
from archiver.store.models import Capture, Run

_RUNS: Any = Run.__table__
_CAPTURES: Any = Capture.__table__

LONGEST_REST = timedelta(days=1)
"""To what an absurd `Retry-After` is cut."""

COMPLETE = "complete"
"""Outcome of a run that got all it asked for, except addresses that have been failing for longer."""

INCOMPLETE = "incomplete"
"""Outcome of a run that tried everything, but did not get some of it."""

MARKUP_CHANGED = "markup changed"
"""Outcome of a run that tried everything, while something the blog shows is not believed."""

ENDED = frozenset({COMPLETE, INCOMPLETE, MARKUP_CHANGED})
"""Outcomes of runs that tried everything due: they leave nothing to resume."""


def begin(
    session: Session, command: str, *, now: str, blog: str | None = None, site: str | None = None
) -> tuple[int, int]:
    """Store a new run; return its number and its cycle's.

    A cycle is a run that did not finish, and those of the same command that resume it.
    """
    last = session.execute(select(_RUNS).order_by(_RUNS.c.id.desc()).limit(1)).first()
    run_id = session.execute(
        insert(_RUNS)
        .values(started_at=now, command=command, blog=blog, site=site, version=__version__, counts="{}")
        .returning(_RUNS.c.id)
    ).scalar_one()
    cycle = int(run_id)
    if last is not None and last.command == command and last.outcome not in ENDED:
        cycle = last.cycle or last.id
    session.execute(update(_RUNS).where(_RUNS.c.id == run_id).values(cycle=cycle))
    return run_id, cycle


def fetched_from(session: Session) -> str | None:
    """Return the origin that the archive was first fetched from; None when no run says, or none got an answer."""
    answered = select(_CAPTURES.c.id).where(_CAPTURES.c.run_id == _RUNS.c.id).exists()
    known = select(_RUNS.c.site).where(_RUNS.c.site.is_not(None), answered).order_by(_RUNS.c.id).limit(1)
    return session.execute(known).scalar()


def blog(session: Session) -> str | None:
    """Return the origin of the addresses of the blog that an archive is of; None when no run says."""
    return session.execute(select(_RUNS.c.blog).where(_RUNS.c.blog.is_not(None)).order_by(_RUNS.c.id).limit(1)).scalar()


def any_known(url: str) -> bool:
    """Return whether the database at a URL has a run.

    One that cannot be read counts as having one: what opens it for writing says why.
    """
    file = query.sqlite_file(url)
    if file and not (file.exists() and file.stat().st_size):
        return False
    try:
        if file is None and query.run(url, "SELECT to_regclass('runs')").rows == [(None,)]:
            return False
        return bool(query.run(url, "SELECT id FROM runs LIMIT 1").rows)
    except ArchiverError:
        return True


def failed(session: Session) -> set[int]:
    """Return the numbers of the runs that did not end well, or not at all."""
    return set(session.execute(select(_RUNS.c.id).where(func.coalesce(_RUNS.c.exit_code, 1) != 0)).scalars())


def before(session: Session, run_id: int) -> int | None:
    """Return the number of the run before another one."""
    found = session.execute(select(func.max(_RUNS.c.id)).where(_RUNS.c.id < run_id)).scalar_one()
    return None if found is None else int(found)


def rest_until(session: Session) -> datetime | None:
    """Return when the rest ends that the site asked the last run for; None if there was none, or it is over.

    A rest longer than the longest is from before the clock jumped back.
    """
    last = session.execute(select(_RUNS.c.rest_until).order_by(_RUNS.c.id.desc()).limit(1)).scalar_one_or_none()
    until = datetime.fromisoformat(last) if last else None
    now = clock.now()
    return until if until is not None and now < until <= now + LONGEST_REST else None


def rest(session: Session, run_id: int, *, until: str) -> None:
    """Store when the rest ends that the site asked for."""
    session.execute(update(_RUNS).where(_RUNS.c.id == run_id).values(rest_until=until))


def end(
    session: Session,
    run_id: int,
    outcome: str,
    exit_code: int,
    counts: Mapping[str, object],
    *,
    now: str,
    rest_until: str | None = None,
) -> None:
    """Store how a run ended, and when the rest ends that the site asked for."""
    values = {
        "finished_at": now,
        "outcome": outcome,
        "exit_code": exit_code,
        "rest_until": rest_until,
        "counts": json.dumps(counts, ensure_ascii=False),
    }
    session.execute(update(_RUNS).where(_RUNS.c.id == run_id).values(values))
