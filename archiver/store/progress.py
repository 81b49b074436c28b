"""How far the last run of an archive is, according to its rows: this needs nothing from the process that crawls."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.store import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    run: int
    command: str
    started_at: str
    finished_at: str | None
    """None while it runs, or when it was killed."""
    outcome: str | None
    exit_code: int | None
    requests: int
    bytes: int
    """Bytes of the records of responses, compressed."""
    settled: int
    """Addresses with an outcome."""
    left: int
    """Addresses still to be asked for; coming pages name more."""
    failed: int
    """Addresses that gave no page."""
    url: str | None
    """The address that was answered last."""
    answered_at: str | None


def last(database: str) -> Progress | None:
    """Return how far the last run is, in a database at a URL; None when there was none.

    Raises as `query.run` does.
    """
    found = query.run(database, _LAST)
    return Progress(**dict(zip(found.columns, found.rows[0], strict=True))) if found.rows else None


_LAST = """
SELECT r.id AS run, r.command, r.started_at, r.finished_at, r.outcome, r.exit_code,
       (SELECT count(*) FROM captures AS c WHERE c.run_id = r.id) AS requests,
       (SELECT coalesce(sum(c.warc_length), 0) FROM captures AS c WHERE c.run_id = r.id) AS bytes,
       (SELECT count(*) FROM frontier WHERE last_done_at >= r.started_at OR (state = 'failed' AND run_id = r.id))
           AS settled,
       (SELECT count(*) FROM frontier WHERE state IN ('pending', 'leased')) AS "left",
       (SELECT count(*) FROM frontier WHERE state = 'failed' AND run_id = r.id) AS failed,
       (SELECT c.url FROM captures AS c WHERE c.run_id = r.id ORDER BY c.id DESC LIMIT 1) AS url,
       (SELECT c.fetched_at FROM captures AS c WHERE c.run_id = r.id ORDER BY c.id DESC LIMIT 1) AS answered_at
FROM runs AS r ORDER BY r.id DESC LIMIT 1
"""
