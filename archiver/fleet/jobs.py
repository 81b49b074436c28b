"""The jobs of a fleet: what is due, what is queued, and the state in which a finished job leaves its blog.

A job is one command for one blog: a crawl if it names none. The queue is Procrastinate's. Crawls of blogs that
share a server have one lock there, and so run one by one.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from archiver import extras
from archiver.errors import ExitCode, UsageError
from archiver.fleet import servers, tables
from archiver.fleet.blogs import Blog, Fleet
from archiver.store import runs

QUEUE = "blogs"
TASK = "run"
CRAWL = "crawl"
"""The command of a job that names none."""

REFUSED_AGAIN = timedelta(hours=1)
"""A site that refused without naming a rest is asked again after this long, doubled with each refusal in a row."""


def queue(fleet: Fleet, blogs: Iterable[Blog], words: Sequence[str] = ()) -> list[str]:
    """Queue a job for each blog without one queued or running already; return the names of those that got one.

    Only one program at a time does this, so that none is doubled.
    """
    locks = servers.groups(servers.keys(fleet))
    what = shlex.join(words) or CRAWL
    queued = []
    with fleet.failing(), fleet.connection.transaction():
        fleet.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('archiver queue', 0))")
        under_way = {lock for (lock,) in fleet.connection.execute(_UNDER_WAY)}
        for blog in blogs:
            lock = f"{blog.name} {what}"
            if lock in under_way:
                continue
            configured = _application().configure_task(
                TASK,
                queue=QUEUE,
                lock=lock if words else f"server {locks[blog.name]}",
                queueing_lock=lock,
                connection=fleet.connection,
            )
            configured.defer(name=blog.name, words=list(words))
            queued.append(blog.name)
    return queued


def queue_due(fleet: Fleet) -> list[str]:
    """Queue a crawl of each blog that is due, the longest overdue first; return their names."""
    with fleet.failing():
        due = [name for (name,) in fleet.connection.execute(_DUE)]
    known = {each.name: each for each in fleet.blogs()} if due else {}
    return queue(fleet, [known[name] for name in due if name in known]) if due else []


def is_idle(fleet: Fleet) -> bool:
    """Return whether nothing is due, queued or running."""
    with fleet.failing():
        return fleet.connection.execute(f"{_UNDER_WAY} LIMIT 1").fetchone() is None and not any(
            fleet.connection.execute(_DUE)
        )


def begin(fleet: Fleet, blog: Blog, worker: str) -> None:
    """Note that a crawl of a blog has begun, and where."""
    with fleet.failing():
        fleet.connection.execute(
            "UPDATE blogs SET begun_at = now(), worker = %s WHERE name = %s", (f"{platform.node()} {worker}", blog.name)
        )


def end(fleet: Fleet, name: str, outcome: str, code: int, rest: timedelta | None = None) -> None:
    """Note how a crawl of a blog ended, which decides when the next is due.

    After a refusal that is when the server's rest is over; `rest` is how long it is, if the server said so.
    """
    values = {"name": name, "outcome": outcome, "rest": rest, "again": REFUSED_AGAIN, "longest": runs.LONGEST_REST}
    with fleet.failing():
        if code in (ExitCode.INTERRUPTED, ExitCode.LOCKED):
            fleet.connection.execute("UPDATE blogs SET worker = NULL WHERE name = %(name)s", values)
        elif code == ExitCode.RATE_LIMITED:
            fleet.connection.execute(_REFUSED, values)
        else:
            fleet.connection.execute(_ENDED, values | {"complete": outcome == runs.COMPLETE})


def _application() -> Any:
    """Return the queue, for putting jobs into it over our own connection."""
    try:
        from procrastinate import App, SyncPsycopgConnector
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(tables.EXTRA)) from error
    return App(connector=SyncPsycopgConnector())


_UNDER_WAY = "SELECT queueing_lock FROM procrastinate_jobs WHERE task_name = 'run' AND status IN ('todo', 'doing')"
_DUE = f"""
SELECT name FROM blogs
WHERE coalesce(greatest(ended_at + every, not_before), added_at) <= now()
  AND name || ' {CRAWL}' NOT IN ({_UNDER_WAY})
ORDER BY coalesce(ended_at + every, added_at), name
"""  # noqa: S608  # constants
_REFUSED = """
UPDATE blogs SET worker = NULL, outcome = %(outcome)s, refusals = refusals + 1, not_before = now() + coalesce(
    %(rest)s, least(%(again)s * power(2, least(refusals, 10)), %(longest)s))
WHERE name = %(name)s
"""
_ENDED = """
UPDATE blogs SET worker = NULL, outcome = %(outcome)s, refusals = 0, not_before = NULL, ended_at = now(),
    completed_at = CASE WHEN %(complete)s THEN now() ELSE completed_at END
WHERE name = %(name)s
"""
