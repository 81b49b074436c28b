"""How much of what an archive holds, as columns for a query: the command line and the reader show the same."""

from __future__ import annotations

TOTALS = """\
(SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM posts WHERE status = 'gone') AS posts_gone,
       (SELECT count(*) FROM post_revisions) AS revisions,
       (SELECT count(*) FROM post_revisions WHERE status = 'review') AS revisions_for_review,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT coalesce(sum(CASE WHEN missing > unread THEN missing ELSE unread END), 0) FROM comment_gaps
        WHERE missing > 0 OR unread > 0) AS comments_missing,
       (SELECT count(*) FROM formulas) AS formulas,
       (SELECT count(*) FROM images) AS images,
       (SELECT count(*) FROM captures) AS captures,
       (SELECT count(*) FROM gaps) AS gaps,
       (SELECT count(*) FROM frontier WHERE state = 'failed' AND permanent = 0 AND failures >= 3) AS gaps_failing,
       (SELECT count(*) FROM doubts WHERE accepted = 0) AS doubts"""

LAST_COMPLETE = """\
(SELECT max(started_at) FROM runs WHERE outcome = 'complete' AND command LIKE '%crawl%') AS last_complete_run_at"""
