"""What the reader asks the archive: posts, lists of them, their comments, and how they belong together.

Rows are plain dictionaries by column name, as the JSON API hands them out.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archiver import references
from archiver.store.pool import ReadOnlyPool, Row

MOST_LISTED = 1000
"""Most posts that a list shows."""

_BRIEF = """
p.id, p.title, p.published_on, p.status, p.reader_count,
(SELECT count(*) FROM comments AS m WHERE m.post_id = p.id AND m.deleted_at IS NULL) AS comments,
(SELECT group_concat(named.name, '、') FROM (
    SELECT c.name FROM post_categories AS pc JOIN categories AS c ON c.id = pc.category_id
    WHERE pc.post_id = p.id ORDER BY c.slug) AS named) AS categories
"""
_NEWEST = "ORDER BY p.published_on DESC, p.id DESC LIMIT :limit OFFSET :offset"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which posts a list is about: those for which everything given here holds."""

    category: str | None = None
    """The category's slug."""
    tag: str | None = None
    year: int | None = None
    topic: int | None = None
    """The topic's number."""

    def where(self) -> tuple[str, dict[str, Any]]:
        """Return the condition in SQL, over posts named `p`, and its values."""
        found = [(_CONDITIONS[name], name, value) for name in _CONDITIONS if (value := getattr(self, name)) is not None]
        return " AND ".join(["1 = 1", *(sql for sql, _, _ in found)]), {name: value for _, name, value in found}


_CONDITIONS = {
    "category": "p.id IN (SELECT pc.post_id FROM post_categories AS pc JOIN categories AS c ON c.id = pc.category_id "
    "WHERE c.slug = :category)",
    "tag": "p.id IN (SELECT pt.post_id FROM post_tags AS pt JOIN tags AS t ON t.id = pt.tag_id WHERE t.name = :tag)",
    "year": "CAST(substr(p.published_on, 1, 4) AS INTEGER) = :year",
    "topic": "p.id IN (SELECT tp.post_id FROM topic_posts AS tp WHERE tp.topic_id = :topic)",
}


class ReaderQueries:
    """Questions about one archive; may be shared by threads."""

    def __init__(self, pool: ReadOnlyPool) -> None:
        """Query through this pool."""
        self._ask = pool.rows
        self._ask_one = pool.row

    # Lists

    def posts(self, choice: Choice | None = None, limit: int = MOST_LISTED, offset: int = 0) -> list[Row]:
        """Return posts in brief, newest first."""
        condition, values = (choice or Choice()).where()
        sql = f"SELECT {_BRIEF} FROM posts AS p WHERE {condition} {_NEWEST}"  # noqa: S608 - words of ours
        return self._ask(sql, {**values, "limit": limit, "offset": offset})

    def named(self, numbers: Iterable[int]) -> list[Row]:
        """Return the posts with these numbers in brief, in no order."""
        among = ", ".join(map(str, map(int, numbers)))
        return self._ask(f"SELECT {_BRIEF} FROM posts AS p WHERE p.id IN ({among})") if among else []  # noqa: S608

    def addresses(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the addresses of the posts with these numbers that the archive has, in the order of the numbers."""
        among = list(numbers)
        listed = ", ".join(map(str, map(int, among)))
        rows = self._ask(f"SELECT id, url FROM posts WHERE id IN ({listed})") if among else []  # noqa: S608
        known = {row["id"]: row["url"] for row in rows}
        return {number: known[number] for number in among if number in known}

    def numbers(self) -> list[int]:
        """Return the numbers of all posts, newest first."""
        return [row["id"] for row in self._ask("SELECT id FROM posts ORDER BY published_on DESC, id DESC")]

    def count(self, choice: Choice | None = None) -> int:
        """Return how many posts there are."""
        condition, values = (choice or Choice()).where()
        row = self._ask_one(f"SELECT count(*) AS n FROM posts AS p WHERE {condition}", values)  # noqa: S608
        return int(row["n"]) if row else 0

    def categories(self) -> list[Row]:
        """Return the categories in the blog's order: id, name, slug, posts."""
        return self._ask(
            "SELECT c.id, c.name, c.slug, count(pc.post_id) AS posts FROM categories AS c "
            "LEFT JOIN post_categories AS pc ON pc.category_id = c.id GROUP BY c.id, c.name, c.slug ORDER BY c.slug"
        )

    def category(self, slug: str) -> Row | None:
        """Return a category by its slug."""
        return self._ask_one("SELECT id, name, slug FROM categories WHERE slug = :slug", {"slug": slug})

    def tags(self) -> list[Row]:
        """Return the tags, most used first: name, posts."""
        return self._ask(
            "SELECT t.name, count(*) AS posts FROM tags AS t JOIN post_tags AS pt ON pt.tag_id = t.id "
            "GROUP BY t.id, t.name ORDER BY count(*) DESC, t.name"
        )

    def topics(self) -> list[Row]:
        """Return the topics of the curated index in its order: id, name, links, posts (those the archive has)."""
        return self._ask(
            "SELECT t.id, t.name, count(tp.post_id) AS links, count(p.id) AS posts FROM topics AS t "
            "LEFT JOIN topic_posts AS tp ON tp.topic_id = t.id LEFT JOIN posts AS p ON p.id = tp.post_id "
            "GROUP BY t.id, t.name, t.position ORDER BY t.position"
        )

    def topic(self, number: int) -> Row | None:
        """Return a topic by its number."""
        return self._ask_one("SELECT id, name, position FROM topics WHERE id = :number", {"number": number})

    def outline(self, topic: int) -> list[Row]:
        """Return the links of a topic in their order; those the archive does not have lack a date."""
        return self._ask(
            "SELECT tp.post_id AS id, tp.title AS index_title, p.title, p.published_on FROM topic_posts AS tp "
            "LEFT JOIN posts AS p ON p.id = tp.post_id WHERE tp.topic_id = :topic ORDER BY tp.position",
            {"topic": topic},
        )

    def series(self) -> list[Row]:
        """Return the series, longest first: id, name, posts, and when the first and last part were published."""
        return self._ask(
            "SELECT series_id AS id, series AS name, count(*) AS posts, min(published_on) AS since, "
            "max(published_on) AS until FROM series_outline GROUP BY series_id, series "
            "ORDER BY count(*) DESC, series_id"
        )

    def parts(self, series: int) -> list[Row]:
        """Return the parts of a series in their order: id, label, title, published_on, and the series' name."""
        return self._ask(
            "SELECT post_id AS id, label, title, published_on, series_id, series AS name FROM series_outline "
            "WHERE series_id = :series ORDER BY position",
            {"series": series},
        )

    def years(self) -> list[Row]:
        """Return the years, oldest first: year, posts."""
        return self._ask(
            "SELECT CAST(substr(published_on, 1, 4) AS INTEGER) AS year, count(*) AS posts FROM posts "
            "WHERE published_on IS NOT NULL GROUP BY CAST(substr(published_on, 1, 4) AS INTEGER) ORDER BY year"
        )

    # One post

    def post(self, number: int) -> Row | None:
        """Return a post with everything its row says, and its revision's engine, issues and notes."""
        return self._ask_one(
            "SELECT p.*, r.status AS revision_status, r.issues, r.notes, r.engine, r.seen_at AS revision_seen_at, "
            "r.capture_id FROM posts AS p LEFT JOIN post_revisions AS r ON r.id = p.current_revision_id "
            "WHERE p.id = :number",
            {"number": number},
        )

    def places(self, number: int) -> dict[str, list[Row]]:
        """Return where a post is listed: its categories, tags and topics."""
        return {
            "categories": self._ask(
                "SELECT c.name, c.slug FROM post_categories AS pc JOIN categories AS c ON c.id = pc.category_id "
                "WHERE pc.post_id = :number ORDER BY c.slug",
                {"number": number},
            ),
            "tags": self._ask(
                "SELECT t.name FROM post_tags AS pt JOIN tags AS t ON t.id = pt.tag_id WHERE pt.post_id = :number "
                "ORDER BY pt.position",
                {"number": number},
            ),
            "topics": self._ask(
                "SELECT DISTINCT t.id, t.name, t.position FROM topic_posts AS tp "
                "JOIN topics AS t ON t.id = tp.topic_id WHERE tp.post_id = :number ORDER BY t.position",
                {"number": number},
            ),
        }

    def comments_elsewhere(self, number: int) -> list[str]:
        """Return what is known of the comments on a post that are not in the archive."""
        row = self._ask_one("SELECT issues FROM comment_gaps WHERE post_id = :number", {"number": number})
        return list(json.loads(row["issues"] or "[]")) if row else []

    def neighbours(self, number: int) -> dict[str, Row | None]:
        """Return the posts published before and after one."""
        at = {"number": number}
        here = "(SELECT published_on, id FROM posts WHERE id = :number)"
        found = {}
        for name, sign, order in (("previous", "<", "DESC"), ("next", ">", "ASC")):
            found[name] = self._ask_one(
                f"SELECT id, title, published_on FROM posts WHERE (published_on, id) {sign} {here} "  # noqa: S608
                f"ORDER BY published_on {order}, id {order} LIMIT 1",
                at,
            )
        return found

    def cites(self, number: int) -> list[Row]:
        """Return the posts a post links to; those the archive does not have lack a title."""
        return self._ask(
            "SELECT l.target_post_id AS id, p.title, p.published_on, min(l.url) AS url, min(l.position) AS position "
            "FROM links AS l "
            "LEFT JOIN posts AS p ON p.id = l.target_post_id WHERE l.post_id = :number AND l.kind = 'post' "
            "AND l.target_post_id IS NOT NULL AND l.target_post_id <> :number "
            "GROUP BY l.target_post_id, p.title, p.published_on ORDER BY min(l.position)",
            {"number": number},
        )

    def linked(self, number: int) -> str | None:
        """Return the address under which posts link to a post; None where none does."""
        row = self._ask_one("SELECT min(url) AS url FROM links WHERE target_post_id = :number", {"number": number})
        return row["url"] if row else None

    def cited_by(self, number: int) -> list[Row]:
        """Return the posts that link to a post, newest first."""
        return self._ask(
            "SELECT DISTINCT p.id, p.title, p.published_on FROM links AS l JOIN posts AS p ON p.id = l.post_id "
            "WHERE l.target_post_id = :number AND l.kind = 'post' AND p.id <> :number "
            "ORDER BY p.published_on DESC, p.id DESC",
            {"number": number},
        )

    def series_of(self, number: int) -> list[Row]:
        """Return the parts of the series a post belongs to; empty when it belongs to none."""
        row = self._ask_one("SELECT series_id FROM series_posts WHERE post_id = :number", {"number": number})
        return self.parts(row["series_id"]) if row else []

    def works(self, number: int) -> list[Row]:
        """Return the works elsewhere a post links to, each once: kind, identifier, url, title.

        The title is what most links to the work in any post call it; None where none does.
        """
        rows = self._ask(
            "SELECT kind, identifier, url, min(position) AS position FROM external_references "
            "WHERE post_id = :number GROUP BY kind, identifier, url ORDER BY min(position)",
            {"number": number},
        )
        titles = self._titles_of_works(number) if rows else {}
        return [{**row, "title": titles.get((row["kind"], row["identifier"]))} for row in rows]

    def _titles_of_works(self, number: int) -> dict[tuple[str, str], str]:
        called: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for row in self._ask(
            "SELECT e.kind, e.identifier, l.text, count(*) AS links FROM external_references AS e "
            "JOIN links AS l ON l.post_id = e.post_id AND l.position = e.position "
            "WHERE EXISTS (SELECT 1 FROM external_references AS o "
            "WHERE o.post_id = :number AND o.kind = e.kind AND o.identifier = e.identifier) "
            "GROUP BY e.kind, e.identifier, l.text ORDER BY l.text",
            {"number": number},
        ):
            if title := references.title(row["text"]):
                called[row["kind"], row["identifier"]][title] += row["links"]
        return {work: titles.most_common(1)[0][0] for work, titles in called.items()}

    def comments(self, number: int) -> list[Row]:
        """Return the comments of a post in the order they were numbered."""
        return self._ask(
            "SELECT id, parent_id, author, author_url, is_owner, is_trackback, published_on, markdown, text, "
            "deleted_at, quotes_id, kind, notes FROM comments WHERE post_id = :number ORDER BY id",
            {"number": number},
        )

    def comment_revisions(self, number: int) -> dict[int, list[Row]]:
        """Return how the comments of a post were worded before they were edited, by comment, oldest first."""
        former: dict[int, list[Row]] = {}
        for row in self._ask(
            "SELECT r.comment_id, r.seen_at, r.replaced_at, r.author, r.markdown, r.text FROM comment_revisions AS r "
            "JOIN comments AS c ON c.id = r.comment_id WHERE c.post_id = :number ORDER BY r.replaced_at",
            {"number": number},
        ):
            former.setdefault(row["comment_id"], []).append(row)
        return former

    def revisions(self, number: int) -> list[Row]:
        """Return the versions of a post without their text, newest first, each with the capture it was read from."""
        return self._ask(
            "SELECT r.id, r.seen_at, r.status, r.title, r.issues, r.notes, r.engine, r.content_sha256, "
            "length(r.text) AS chars, c.id AS capture_id, c.fetched_at, c.url, c.warc_file, c.warc_offset "
            "FROM post_revisions AS r JOIN captures AS c ON c.id = r.capture_id "
            "WHERE r.post_id = :number ORDER BY r.id DESC",
            {"number": number},
        )

    def revision(self, number: int) -> Row | None:
        """Return one version of a post."""
        return self._ask_one(
            "SELECT r.id, r.post_id, r.seen_at, r.status, r.title, r.markdown, r.text FROM post_revisions AS r "
            "WHERE r.id = :number",
            {"number": number},
        )

    def version(self, number: int, seen_at: str) -> Row | None:
        """Return the version of a post that was seen at a moment, with the capture it was read from."""
        return self._ask_one(
            "SELECT r.id, r.seen_at, r.status, r.title, r.markdown, r.content_sha256, c.warc_file, c.warc_offset "
            "FROM post_revisions AS r JOIN captures AS c ON c.id = r.capture_id "
            "WHERE r.post_id = :number AND r.seen_at = :seen_at ORDER BY r.id DESC LIMIT 1",
            {"number": number, "seen_at": seen_at},
        )

    # The rest of the blog

    def pages(self, limit: int = MOST_LISTED) -> list[Row]:
        """Return the independent pages in brief, by title, those of attachments last."""
        return self._ask(
            "SELECT id, title, url, char_count, comments, last_seen_at FROM page_overview "
            "ORDER BY CASE WHEN url LIKE '%/attachment/%' THEN 1 ELSE 0 END, title, id LIMIT :limit",
            {"limit": limit},
        )

    def page(self, number: int) -> Row | None:
        """Return an independent page with everything its row says."""
        return self._ask_one("SELECT * FROM pages WHERE id = :number", {"number": number})

    def page_at(self, url: str) -> Row | None:
        """Return the number of the independent page with a canonical address."""
        return self._ask_one("SELECT id FROM pages WHERE url = :url", {"url": url})

    def page_comments(self, number: int) -> list[Row]:
        """Return the comments of an independent page in the order they were numbered."""
        return self._ask(
            "SELECT id, parent_id, author, author_url, is_owner, is_trackback, published_on, markdown, text, "
            "deleted_at, quotes_id, kind, notes FROM page_comments WHERE page_id = :number ORDER BY id",
            {"number": number},
        )

    def page_revisions(self, number: int) -> list[Row]:
        """Return how an independent page was worded before, newest first."""
        return self._ask(
            "SELECT replaced_at, seen_at, title, markdown FROM page_revisions WHERE page_id = :number "
            "ORDER BY replaced_at DESC",
            {"number": number},
        )

    def files(self) -> list[Row]:
        """Return the linked files, by address: url, content_type, size, and the number of posts that link each."""
        return self._ask(
            "SELECT f.url, f.content_type, f.size, "
            "(SELECT count(DISTINCT l.post_id) FROM file_links AS l WHERE l.url = f.url) AS posts "
            "FROM files AS f ORDER BY f.url"
        )

    def captures(self, url: str, limit: int = MOST_LISTED) -> list[Row]:
        """Return the captures of an address, latest first."""
        return self._ask(
            "SELECT id, url, fetched_at, status, content_type, warc_file, warc_offset, warc_length, record_id, "
            "revisit_of, truncated, run_id FROM captures WHERE url = :url ORDER BY fetched_at DESC, id DESC "
            "LIMIT :limit",
            {"url": url, "limit": limit},
        )

    def gap(self, url: str) -> Row | None:
        """Return why the archive does not hold an address, if it knows it."""
        return self._ask_one("SELECT state, reason, first_seen_at, attempts FROM gaps WHERE url = :url", {"url": url})
