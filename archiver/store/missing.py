"""What the archive knows of but does not hold, as one list: addresses, and posts whose comments are not complete.

The command line, the reader's pages and its API all ask for this.
"""

from __future__ import annotations

ALL = """
SELECT url, kind, state, reason, permanent, attempts, failures, failed_since, first_seen_at, last_done_at,
       last_answer_at, not_before
FROM gaps
UNION ALL
SELECT p.url, 'comments', 'incomplete',
       CASE WHEN g.unread = 1 THEN '1 comment could not be read; '
            WHEN g.unread > 0 THEN g.unread || ' comments could not be read; ' ELSE '' END
           || CASE WHEN g.claimed IS NULL AND g.held = 0 AND g.unread = 0 THEN g.issues
                   ELSE coalesce(CAST(g.claimed AS TEXT), 'unknown') || ' counted on the page, '
                        || g.held || ' archived' || coalesce('; ' || g.issues, '') END,
       NULL, NULL, NULL, NULL, p.first_seen_at, NULL, NULL, NULL
FROM comment_gaps AS g JOIN posts AS p ON p.id = g.post_id WHERE g.missing > 0 OR g.unread > 0 OR g.issues IS NOT NULL
"""
"""Each with its address, kind, state and reason, how often it was asked for without success, and since when."""

IN_BRIEF = f"""
SELECT url, kind, state, reason, failures, failed_since, not_before, first_seen_at FROM ({ALL}) AS missing
ORDER BY kind, url
"""  # noqa: S608  # a constant

REASONS = f"""
SELECT kind, state, CASE WHEN state <> 'incomplete' THEN reason END AS reason, count(*) AS addresses,
       min(first_seen_at) AS since
FROM ({ALL}) AS missing
GROUP BY kind, state, CASE WHEN state <> 'incomplete' THEN reason END ORDER BY count(*) DESC, kind, state
"""  # noqa: S608  # a constant
"""How many there are of each kind and reason; comments have a separate reason at each post."""

FIRST_OF_EACH = f"""
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY kind, state, CASE WHEN state <> 'incomplete' THEN reason END ORDER BY url
    ) AS place
    FROM ({ALL}) AS missing
) AS placed
WHERE place <= :most ORDER BY kind, url
"""  # noqa: S608  # a constant
"""The first of each kind and reason, by address."""
