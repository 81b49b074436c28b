"""How much of what an archive holds, as columns for a query: the command line and the reader show the same."""

from __future__ import annotations

TOTALS = """\
(SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM posts WHERE status = 'gone') AS posts_gone,
       (SELECT count(*) FROM post_revisions) AS revisions,
       (SELECT count(*) FROM post_revisions WHERE status = 'review') AS revisions_for_review,
       (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM formulas) AS formulas,
       (SELECT count(*) FROM images) AS images,
       (SELECT count(*) FROM captures) AS captures,
       (SELECT count(*) FROM gaps) AS gaps"""

LAST_COMPLETE = "(SELECT max(started_at) FROM runs WHERE outcome = 'complete') AS last_complete_run_at"
