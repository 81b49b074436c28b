"""How much of what an archive holds, as columns for a query: the command line and the reader show the same."""

from __future__ import annotations

COMMENTS_MISSING = """\
SELECT coalesce(sum(CASE WHEN missing > unread THEN missing ELSE unread END), 0) FROM comment_gaps
        WHERE missing > 0 OR unread > 0"""
"""Comments that the blog counts or shows and the archive does not hold."""

TOTALS = f"""\
(SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM posts WHERE status = 'gone') AS posts_gone,
       (SELECT count(*) FROM post_revisions) AS revisions,
       (SELECT count(*) FROM post_revisions WHERE status = 'review') AS revisions_for_review,
       (SELECT count(*) FROM comments) AS comments,
       ({COMMENTS_MISSING}) AS comments_missing,
       (SELECT count(*) FROM formulas) AS formulas,
       (SELECT count(*) FROM images) AS images,
       (SELECT count(*) FROM pages) AS pages,
       (SELECT count(*) FROM files) AS files,
       (SELECT count(*) FROM captures) AS captures,
       (SELECT count(*) FROM gaps) AS gaps,
       (SELECT count(*) FROM frontier WHERE state = 'failed' AND NOT permanent AND failures >= 3) AS gaps_failing,
       (SELECT count(*) FROM doubts WHERE NOT accepted) AS doubts"""  # noqa: S608  # constants

LAST_COMPLETE = """\
(SELECT max(started_at) FROM runs WHERE outcome = 'complete' AND command LIKE '%crawl%') AS last_complete_run_at"""
