"""What an archive found since a given time: the posts that are new or changed, and those with new comments."""

from __future__ import annotations

SINCE = """
SELECT p.id, p.title, p.published_on, CAST(p.first_seen_at > :since AS INTEGER) AS is_new,
  CAST(p.last_changed_at > :since AND p.last_changed_at > p.first_seen_at AS INTEGER) AS is_changed,
  coalesce(c.comments, 0) AS new_comments
FROM posts AS p
LEFT JOIN (SELECT post_id, count(*) AS comments, max(first_seen_at) AS latest FROM comments
  WHERE first_seen_at > :since AND deleted_at IS NULL GROUP BY post_id) AS c ON c.post_id = p.id
WHERE p.last_changed_at > :since OR c.comments > 0
ORDER BY CASE WHEN p.last_changed_at > :since THEN p.last_changed_at ELSE c.latest END DESC, p.id DESC
"""
"""These posts, the latest first; `since` is a date as `dates.parse_start` returns it."""
