"""The state of a fleet's blogs: what is due, queued and running, and what their archives hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver.fleet import servers
from archiver.fleet.blogs import Fleet
from archiver.store import server

AT_ONCE = 50
"""Archives counted by one query: a query for each costs a round trip, one for all takes longer to plan."""

HEARD = timedelta(seconds=30)
"""A worker not heard from for this long is taken for dead."""

IDLE, QUEUED, RUNNING = "idle", "queued", "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogStatus:
    """The state of one blog; times have a time zone, sizes are in bytes."""

    name: str
    url: str
    state: str
    """Whether its crawl is idle, queued or running."""
    worker: str | None
    """Machine and process of the worker that its crawl runs on."""
    outcome: str | None
    """How the last crawl ended."""
    last_complete_at: datetime | None
    next_due_at: datetime
    lag: timedelta
    """How long it has been due without being crawled; zero for one that is not due."""
    rest_until: datetime | None
    """When the rest that its server asked for ends."""
    posts: int | None
    """None, like the fields below, where there is no archive yet."""
    gaps: int | None
    failing: int | None
    records_bytes: int | None
    database_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """A worker that was heard from lately."""

    name: str
    """Machine and process."""
    home: str
    heard_at: datetime
    jobs: tuple[str, ...]
    """What it is doing now."""


def of(fleet: Fleet) -> list[BlogStatus]:
    """Return the state of each blog, in the order of their names."""
    known = servers.keys(fleet)
    with fleet.failing():
        rows = fleet.connection.execute(_BLOGS).fetchall()
        rests = dict(fleet.connection.execute(_RESTS).fetchall())
        there = [name for (name,) in fleet.connection.execute(_ARCHIVES, (list(known),))]
        parts = [there[start : start + AT_ONCE] for start in range(0, len(there), AT_ONCE)]
        counts = {name: values for part in parts for name, *values in _counted(fleet, part)}
        sizes = dict(fleet.connection.execute(_SIZES, (there,)).fetchall())
    return [
        BlogStatus(**_archive(row["name"], counts, sizes), **row, **_rest(known, row, rests)) for row in map(_row, rows)
    ]


def workers(fleet: Fleet, within: timedelta = HEARD) -> list[WorkerStatus]:
    """Return the workers heard from within some time."""
    with fleet.failing():
        rows = fleet.connection.execute(_WORKERS, (within,)).fetchall()
    return [WorkerStatus(name=name, home=home, heard_at=heard, jobs=tuple(jobs)) for name, home, heard, jobs in rows]


def _row(row: Sequence[Any]) -> dict[str, Any]:
    names = ("name", "url", "state", "worker", "outcome", "last_complete_at", "next_due_at", "lag")
    return dict(zip(names, row, strict=True))


def _rest(known: Mapping[str, set[str]], row: Mapping[str, Any], rests: Mapping[str, datetime]) -> dict[str, Any]:
    found = [rests[key] for key in known.get(row["name"], ()) if key in rests]
    return {"rest_until": max(found, default=None)}


def _archive(name: str, counts: Mapping[str, list[int]], sizes: Mapping[str, int]) -> dict[str, Any]:
    names = ("posts", "gaps", "failing", "records_bytes")
    return dict(zip(names, counts.get(name, [None] * len(names)), strict=True)) | {"database_bytes": sizes.get(name)}


def _counted(fleet: Fleet, names: Sequence[str]) -> Iterator[Any]:
    """Yield what archives hold; skip any of another version, or under rebuild."""
    from psycopg.errors import ProgrammingError

    query = " UNION ALL ".join(_COUNTS.format(name=name, schema=server.quoted(name)) for name in names)
    try:
        yield from fleet.connection.execute(query).fetchall()
    except ProgrammingError:
        for name in names if len(names) > 1 else ():
            yield from _counted(fleet, [name])


_BLOGS = f"""
SELECT name, url, CASE j.status WHEN 'doing' THEN '{RUNNING}' WHEN 'todo' THEN '{QUEUED}' ELSE '{IDLE}' END,
    CASE WHEN j.status = 'doing' THEN worker END, outcome, completed_at, due,
    CASE WHEN j.status = 'doing' THEN interval '0' ELSE greatest(now() - due, interval '0') END
FROM blogs
    CROSS JOIN LATERAL (SELECT coalesce(greatest(ended_at + every, not_before), added_at) AS due) AS d
    LEFT JOIN (
        SELECT queueing_lock, max(status) AS status FROM procrastinate_jobs
        WHERE task_name = 'run' AND status IN ('todo', 'doing') GROUP BY queueing_lock
    ) AS j ON j.queueing_lock = name || ' crawl'
ORDER BY name
"""  # noqa: S608  # constants
_RESTS = "SELECT key, rest_until FROM servers WHERE rest_until > now()"
_ARCHIVES = """
SELECT s.nspname FROM pg_namespace AS s JOIN pg_class AS c ON c.relnamespace = s.oid AND c.relname = 'gaps'
WHERE s.nspname = ANY(%s)
"""
_COUNTS = """
SELECT '{name}', (SELECT count(*) FROM {schema}.posts), (SELECT count(*) FROM {schema}.gaps),
    (SELECT count(*) FROM {schema}.frontier WHERE state = 'failed' AND NOT permanent AND failures >= 3),
    (SELECT coalesce(sum(warc_length), 0)::bigint FROM {schema}.captures)
"""
_SIZES = """
SELECT s.nspname, sum(pg_total_relation_size(c.oid))::bigint
FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
WHERE s.nspname = ANY(%s) AND c.relkind = 'r' GROUP BY s.nspname
"""
_WORKERS = """
SELECT w.name, w.home, p.last_heartbeat,
    array_remove(array_agg(j.queueing_lock ORDER BY j.id), NULL)
FROM workers AS w JOIN procrastinate_workers AS p USING (id)
    LEFT JOIN procrastinate_jobs AS j ON j.worker_id = w.id AND j.status = 'doing'
WHERE p.last_heartbeat > now() - %s
GROUP BY w.id, w.name, w.home, p.last_heartbeat ORDER BY w.id
"""
