"""Views: the questions people ask most, ready to be selected from.

Standard SQL, so that the same text serves SQLite and PostgreSQL, save two functions neither shares with the other:
`group_concat` and `json_extract` are SQLite's and are translated elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from archiver.store import server


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A named query with what it and its columns mean."""

    name: str
    about: str
    columns: Mapping[str, str]
    """Description of each column, in the order of the query."""
    sql: str

    def statement(self, dialect: str) -> str:
        """Return the CREATE VIEW statement for a database, named as SQLAlchemy names its dialect."""
        sql = self.sql.strip()
        if dialect == "postgresql":
            sql = server.spelled(sql)
        return f"CREATE VIEW {self.name} AS\n{sql}"


VIEWS = (
    View(
        name="post_revisions",
        about="Every version of a post the archive has seen, oldest first by id, each with its text.",
        columns={
            "id": "Number, in the order in which they were first seen.",
            "post_id": "The post.",
            "capture_id": "The exchange it was read from.",
            "seen_at": "When that exchange took place.",
            "content_sha256": "SHA-256 of the body's markup and the metadata as served, without counters.",
            "title": "Title in this version.",
            "markdown": "Full text as Markdown in this version.",
            "text": "Full text without markup in this version.",
            "extractor_version": "Version of the code that read it.",
            "engine": "What found the body: `site`, `trafilatura` or `readability`.",
            "status": "`good`, or `review` if it could not be verified against the page.",
            "issues": "JSON list of reasons not to trust it; `[]` if there are none.",
            "notes": "JSON list of oddities of the page itself, and of facts from one witness only.",
        },
        sql="""
SELECT
    r.id,
    r.post_id,
    r.capture_id,
    r.seen_at,
    r.content_sha256,
    r.title,
    coalesce(r.markdown, p.markdown) AS markdown,
    coalesce(r.text, p.text) AS text,
    r.extractor_version,
    r.engine,
    r.status,
    r.issues,
    r.notes
FROM revisions AS r
JOIN posts AS p ON p.id = r.post_id
""",
    ),
    View(
        name="post_overview",
        about="Every post without its text: what it is, how long, and what is in it.",
        columns={
            "id": "The blog's own number of the post.",
            "title": "Title as the blog shows it.",
            "url": "Canonical address.",
            "published_on": "Date of publication, YYYY-MM-DD.",
            "year": "Year of publication.",
            "author": "Author as the page names them.",
            "categories": "Names of its categories, separated by a comma and a space; empty if it has none.",
            "tags": "Its tags, separated by a comma and a space; empty if it has none.",
            "char_count": "Characters of its text.",
            "formulas": "Number of formulas.",
            "images": "Number of pictures.",
            "code_blocks": "Number of code blocks.",
            "comments": "Comments the archive holds and the blog still shows.",
            "comment_count": "Comments the page claimed when last seen.",
            "reader_count": "Readers the page counted when last seen.",
            "status": "`live`, or `gone` if the blog no longer has it.",
            "review": "1 if its current revision could not be verified against the page, else 0.",
            "revisions": "Versions the archive has seen, including those held for review.",
            "first_seen_at": "When the archive first fetched it.",
            "last_seen_at": "When the archive last fetched it.",
            "last_changed_at": "When the archive first saw its current revision.",
        },
        sql="""
SELECT
    p.id,
    p.title,
    p.url,
    p.published_on,
    CAST(substr(p.published_on, 1, 4) AS INTEGER) AS year,
    p.author,
    (SELECT group_concat(named.name, ', ') FROM (
        SELECT c.name FROM post_categories AS pc JOIN categories AS c ON c.id = pc.category_id
        WHERE pc.post_id = p.id ORDER BY c.slug
    ) AS named) AS categories,
    (SELECT group_concat(named.name, ', ') FROM (
        SELECT t.name FROM post_tags AS pt JOIN tags AS t ON t.id = pt.tag_id WHERE pt.post_id = p.id ORDER BY t.name
    ) AS named) AS tags,
    length(p.text) AS char_count,
    (SELECT count(*) FROM formulas AS f WHERE f.post_id = p.id) AS formulas,
    (SELECT count(*) FROM images AS i WHERE i.post_id = p.id) AS images,
    (SELECT count(*) FROM code_blocks AS b WHERE b.post_id = p.id) AS code_blocks,
    (SELECT count(*) FROM comments AS c WHERE c.post_id = p.id AND c.deleted_at IS NULL) AS comments,
    p.comment_count,
    p.reader_count,
    p.status,
    CASE WHEN r.status = 'review' THEN 1 ELSE 0 END AS review,
    (SELECT count(*) FROM post_revisions AS v WHERE v.post_id = p.id) AS revisions,
    p.first_seen_at,
    p.last_seen_at,
    p.last_changed_at
FROM posts AS p
LEFT JOIN post_revisions AS r ON r.id = p.current_revision_id
""",
    ),
    View(
        name="citations",
        about="Which post links to which other post: one row per pair.",
        columns={
            "post_id": "The post that links.",
            "title": "Its title.",
            "target_post_id": "The post it links to.",
            "target_title": "Title of that post; empty if the archive does not hold it.",
            "links": "How many times it links there.",
        },
        sql="""
SELECT l.post_id, p.title, l.target_post_id, t.title AS target_title, count(*) AS links
FROM links AS l
JOIN posts AS p ON p.id = l.post_id
LEFT JOIN posts AS t ON t.id = l.target_post_id
WHERE l.kind = 'post' AND l.target_post_id IS NOT NULL AND l.target_post_id <> l.post_id
GROUP BY l.post_id, p.title, l.target_post_id, t.title
""",
    ),
    View(
        name="backlinks",
        about="Which other posts link to a post of the archive: citations seen from the other end.",
        columns={
            "post_id": "The post that is linked to.",
            "title": "Its title.",
            "from_post_id": "A post that links to it.",
            "from_title": "Title of that post.",
            "from_published_on": "When that post was published, YYYY-MM-DD.",
            "links": "How many times it links here.",
        },
        sql="""
SELECT
    t.id AS post_id,
    t.title,
    p.id AS from_post_id,
    p.title AS from_title,
    p.published_on AS from_published_on,
    count(*) AS links
FROM links AS l
JOIN posts AS t ON t.id = l.target_post_id
JOIN posts AS p ON p.id = l.post_id
WHERE l.kind = 'post' AND l.target_post_id <> l.post_id
GROUP BY t.id, t.title, p.id, p.title, p.published_on
""",
    ),
    View(
        name="comment_threads",
        about="Every comment with its place in the discussion; ordered by post and path, they read as on the page.",
        columns={
            "id": "The blog's own number of the comment, or one derived from its id.",
            "post_id": "The post it is under.",
            "parent_id": "The comment it answers; empty at the top level.",
            "thread_id": "The comment at the top level it descends from, or its own number.",
            "depth": "0 at the top level, 1 for an answer, 2 for an answer to that.",
            "path": "Numbers of the comments above it and its own, padded: answers sort after what they answer.",
            "author": "Name as shown.",
            "is_owner": "1 if the blog's author wrote it.",
            "published_on": "Date, YYYY-MM-DD.",
            "text": "Text without markup.",
            "deleted_at": "When the archive found it gone.",
        },
        sql="""
WITH RECURSIVE threads (id, thread_id, depth, path) AS (
    SELECT c.id, c.id, 0, substr('0000000000', 1, 10 - length(CAST(c.id AS TEXT))) || CAST(c.id AS TEXT)
    FROM comments AS c
    WHERE c.parent_id IS NULL
    UNION ALL
    SELECT
        c.id,
        t.thread_id,
        t.depth + 1,
        t.path || '/' || substr('0000000000', 1, 10 - length(CAST(c.id AS TEXT))) || CAST(c.id AS TEXT)
    FROM threads AS t
    JOIN comments AS c ON c.parent_id = t.id
)
SELECT
    c.id, c.post_id, c.parent_id, t.thread_id, t.depth, t.path, c.author, c.is_owner, c.published_on, c.text,
    c.deleted_at
FROM threads AS t
JOIN comments AS c ON c.id = t.id
ORDER BY c.post_id, t.path
""",
    ),
    View(
        name="topic_outline",
        about="The curated index in its order, with what the archive holds of it.",
        columns={
            "topic_position": "Place of the section in the index, from 0.",
            "topic": "Heading of the section.",
            "position": "Place in the section, from 0.",
            "post_id": "Number of the post.",
            "index_title": "Title as the index words it.",
            "title": "Title as the blog shows it; empty if the post is missing.",
            "published_on": "Date of publication, YYYY-MM-DD.",
            "status": "`have` or `missing`.",
        },
        sql="""
SELECT
    t.position AS topic_position,
    t.name AS topic,
    tp.position,
    tp.post_id,
    tp.title AS index_title,
    p.title,
    p.published_on,
    CASE WHEN p.id IS NULL THEN 'missing' ELSE 'have' END AS status
FROM topics AS t
JOIN topic_posts AS tp ON tp.topic_id = t.id
LEFT JOIN posts AS p ON p.id = tp.post_id
ORDER BY t.position, tp.position
""",
    ),
    View(
        name="topic_gaps",
        about="Links of the curated index whose posts the archive does not hold, and why.",
        columns={
            "topic": "Heading of the section.",
            "position": "Place in the section, from 0.",
            "post_id": "Number the index names.",
            "index_title": "Title as the index words it.",
            "state": "State of its address, as in the frontier; empty if it was never asked for.",
            "reason": "Why it failed or was skipped; 404 if the blog has no such post.",
        },
        sql="""
SELECT t.name AS topic, tp.position, tp.post_id, tp.title AS index_title, f.state, f.reason
FROM topic_posts AS tp
JOIN topics AS t ON t.id = tp.topic_id
LEFT JOIN frontier AS f ON f.url = tp.url
WHERE NOT EXISTS (SELECT 1 FROM posts AS p WHERE p.id = tp.post_id)
ORDER BY t.position, tp.position
""",
    ),
    View(
        name="series_outline",
        about="Every series in its order, with the titles.",
        columns={
            "series_id": "The series: number of its first post.",
            "series": "What the titles of its posts have in common.",
            "position": "Place in the series, from 0.",
            "label": "Its number as the title writes it; empty without one.",
            "post_id": "The post.",
            "title": "Its title.",
            "published_on": "Date of publication, YYYY-MM-DD.",
        },
        sql="""
SELECT s.id AS series_id, s.name AS series, sp.position, sp.label, sp.post_id, p.title, p.published_on
FROM series AS s
JOIN series_posts AS sp ON sp.series_id = s.id
JOIN posts AS p ON p.id = sp.post_id
ORDER BY s.id, sp.position
""",
    ),
    View(
        name="cited_works",
        about="Papers and code elsewhere that the posts link to, once each.",
        columns={
            "kind": "`arxiv`, `doi` or `github`.",
            "identifier": "1706.03762, math/0211159, 10.1038/nature14539 or owner/name.",
            "url": "The one address of the work.",
            "posts": "Number of posts that link to it.",
            "links": "Number of links.",
            "first_cited_on": "When the earliest of those posts was published, YYYY-MM-DD.",
        },
        sql="""
SELECT
    e.kind,
    e.identifier,
    e.url,
    count(DISTINCT e.post_id) AS posts,
    count(*) AS links,
    min(p.published_on) AS first_cited_on
FROM external_references AS e
JOIN posts AS p ON p.id = e.post_id
GROUP BY e.kind, e.identifier, e.url
""",
    ),
    View(
        name="revision_changes",
        about="Every version of a post with the one seen before it.",
        columns={
            "post_id": "The post.",
            "revision_id": "The version.",
            "seen_at": "When it was first seen.",
            "status": "`good`, or `review` if it could not be verified against the page.",
            "title": "Title in this version.",
            "char_count": "Characters of its text.",
            "previous_revision_id": "The version before; empty for the first.",
            "previous_seen_at": "When that one was first seen.",
            "previous_title": "Title in the version before.",
            "previous_char_count": "Characters of the text before.",
            "char_change": "Difference in characters from before; negative if fewer.",
            "title_changed": "1 if the title differs from before, else 0.",
        },
        sql="""
SELECT
    r.post_id,
    r.id AS revision_id,
    r.seen_at,
    r.status,
    r.title,
    length(r.text) AS char_count,
    b.id AS previous_revision_id,
    b.seen_at AS previous_seen_at,
    b.title AS previous_title,
    length(b.text) AS previous_char_count,
    length(r.text) - length(b.text) AS char_change,
    CASE WHEN r.title <> b.title THEN 1 ELSE 0 END AS title_changed
FROM post_revisions AS r
LEFT JOIN post_revisions AS b
    ON b.id = (SELECT max(e.id) FROM post_revisions AS e WHERE e.post_id = r.post_id AND e.id < r.id)
""",
    ),
    View(
        name="page_overview",
        about="Every independent page without its text: what it is, how long, and what is in it.",
        columns={
            "id": "Number, in the order in which they were first seen.",
            "title": "Its heading.",
            "url": "Canonical address.",
            "char_count": "Characters of its text.",
            "formulas": "Number of formulas.",
            "comments": "Comments the archive holds and the blog still shows.",
            "revisions": "Wordings the archive has seen, including the present one.",
            "first_seen_at": "When the archive first fetched it.",
            "last_seen_at": "When the archive last fetched it.",
            "last_changed_at": "When the archive first saw its present wording.",
        },
        sql="""
SELECT
    g.id,
    g.title,
    g.url,
    length(g.text) AS char_count,
    (SELECT count(*) FROM page_formulas AS f WHERE f.page_id = g.id) AS formulas,
    (SELECT count(*) FROM page_comments AS c WHERE c.page_id = g.id AND c.deleted_at IS NULL) AS comments,
    1 + (SELECT count(*) FROM page_revisions AS r WHERE r.page_id = g.id) AS revisions,
    g.first_seen_at,
    g.last_seen_at,
    g.last_changed_at
FROM pages AS g
""",
    ),
    View(
        name="file_links",
        about="Which post links which file: one row per link; a file linked only from pages and lists has none.",
        columns={
            "url": "Address of the file.",
            "content_type": "Media type the server named.",
            "size": "Bytes.",
            "post_id": "The post that links it.",
            "title": "Title of that post.",
            "position": "Place of the link in the post, as in links.",
            "text": "What the link says.",
        },
        sql="""
SELECT f.url, f.content_type, f.size, l.post_id, p.title, l.position, l.text
FROM files AS f
JOIN links AS l ON l.url = f.url
JOIN posts AS p ON p.id = l.post_id
""",
    ),
    View(
        name="gaps",
        about="Every address that the archive knows but does not hold, or could not fetch again, and why.",
        columns={
            "url": "Canonical address.",
            "kind": "catalogue, list, category, index, post, comments, image, requisite, front, tag, page, feed, file.",
            "state": "pending, leased, failed, or skipped (never to be asked for).",
            "reason": "Why it failed or was skipped.",
            "permanent": "1 if there is no point in asking again soon (404, 410).",
            "attempts": "Unsuccessful requests since it was last opened.",
            "failures": "Runs in a row that asked for it without success; after 3 it makes no run incomplete.",
            "failed_since": "When the first of these runs asked for it.",
            "first_seen_at": "When it was first found.",
            "last_done_at": "When it was last archived; empty if the archive holds no capture of it.",
            "last_answer_at": "When the server last answered at all.",
            "not_before": "Time before which it is not asked for again; empty if the next run will ask.",
        },
        sql="""
SELECT
    f.url,
    f.kind,
    f.state,
    f.reason,
    f.permanent,
    f.attempts,
    f.failures,
    f.failed_since,
    f.first_seen_at,
    f.last_done_at,
    (SELECT max(c.fetched_at) FROM captures AS c WHERE c.url = f.url) AS last_answer_at,
    f.not_before
FROM frontier AS f
WHERE f.state = 'failed' OR (f.state <> 'done' AND f.last_done_at IS NULL)
""",
    ),
    View(
        name="comment_gaps",
        about="Posts with comments that the archive may be missing: what the blog counts, and what was read.",
        columns={
            "post_id": "The post.",
            "title": "Its title.",
            "claimed": "Comments the page counts, or else the catalogue; the blog's counter drifts by a few.",
            "held": "Comments the archive holds and the blog still shows.",
            "missing": "Comments counted but not archived; negative if the archive holds more.",
            "unread": "Comments that were seen on pages but could not be read.",
            "pages_read": "Pages of comments that were read.",
            "issues": "Issues of the pages of comments, as JSON lists one after the other; empty if there are none.",
        },
        sql="""
SELECT * FROM (
    SELECT
        p.id AS post_id,
        p.title,
        coalesce(p.comment_count, s.comment_count) AS claimed,
        coalesce(h.held, 0) AS held,
        coalesce(p.comment_count, s.comment_count) - coalesce(h.held, 0) AS missing,
        coalesce(g.unread, 0) AS unread,
        coalesce(g.pages_read, 0) AS pages_read,
        g.issues
    FROM posts AS p
    LEFT JOIN sightings AS s ON s.post_id = p.id AND s.source = 'catalogue'
    LEFT JOIN (
        SELECT post_id, count(*) AS held FROM comments WHERE deleted_at IS NULL GROUP BY post_id
    ) AS h ON h.post_id = p.id
    LEFT JOIN (
        SELECT
            post_id,
            sum(unread) AS unread,
            count(*) AS pages_read,
            group_concat(CASE WHEN issues <> '[]' THEN issues END, ' ') AS issues
        FROM comment_pages GROUP BY post_id
    ) AS g ON g.post_id = p.id
) AS counted
WHERE missing <> 0 OR unread > 0 OR issues IS NOT NULL
""",
    ),
    View(
        name="run_log",
        about="Every run, with the most useful counts in columns of their own.",
        columns={
            "id": "Number of the run.",
            "started_at": "When it began.",
            "finished_at": "When it ended; empty while it runs or if it was killed.",
            "command": "What was asked for.",
            "version": "Version of the program.",
            "outcome": "complete, incomplete, interrupted, ... ; empty while running.",
            "exit_code": "Exit code of the command.",
            "requests": "Requests answered.",
            "bytes": "Bytes received.",
            "new": "Posts seen for the first time.",
            "changed": "Posts that got a new revision.",
            "unchanged": "Posts fetched and found unchanged.",
            "held": "Changed posts held for review: not verified against the page.",
            "gone": "Posts the blog no longer has.",
            "comments_new": "Comments seen for the first time.",
            "failed": "Addresses that could not be fetched.",
            "unrecognised": "Pages that arrived but were not what their addresses promise.",
            "counts": "JSON object of all counts.",
        },
        sql="""
SELECT
    id,
    started_at,
    finished_at,
    command,
    version,
    outcome,
    exit_code,
    json_extract(counts, '$.requests') AS requests,
    json_extract(counts, '$.bytes') AS bytes,
    json_extract(counts, '$.new') AS new,
    json_extract(counts, '$.changed') AS changed,
    json_extract(counts, '$.unchanged') AS unchanged,
    json_extract(counts, '$.held') AS held,
    json_extract(counts, '$.gone') AS gone,
    json_extract(counts, '$.comments_new') AS comments_new,
    json_extract(counts, '$.failed') AS failed,
    json_extract(counts, '$.unrecognised') AS unrecognised,
    counts
FROM runs
""",
    ),
    View(
        name="captures_latest",
        about="For each address its latest exchange with a page (status 200), and where its record is.",
        columns={
            "url": "Canonical address.",
            "id": "Number of the exchange in captures.",
            "fetched_at": "When the request was sent.",
            "content_type": "Media type the server named.",
            "payload_sha256": "SHA-256 of the entity as sent.",
            "warc_file": "File in the archive's warc folder.",
            "warc_offset": "First byte of the response record's gzip member.",
            "warc_length": "Length of that member in bytes.",
            "record_id": "WARC-Record-ID of the response record.",
            "revisit_of": "Record that holds the same payload, for a revisit.",
        },
        sql="""
SELECT
    c.url, c.id, c.fetched_at, c.content_type, c.payload_sha256, c.warc_file, c.warc_offset, c.warc_length, c.record_id,
    c.revisit_of
FROM captures AS c
WHERE c.status = 200 AND NOT EXISTS (
    SELECT 1 FROM captures AS later
    WHERE later.url = c.url AND later.status = 200 AND later.fetched_at >= c.fetched_at
        AND (later.fetched_at > c.fetched_at OR later.id > c.id)
)
""",
    ),
    View(
        name="category_overview",
        about="Every category with how many posts it has, and since when.",
        columns={
            "name": "Name as shown.",
            "slug": "Name in addresses.",
            "posts": "Posts in it.",
            "first_on": "When the first of them was published, YYYY-MM-DD.",
            "last_on": "When the latest was.",
        },
        sql="""
SELECT c.name, c.slug, count(p.id) AS posts, min(p.published_on) AS first_on, max(p.published_on) AS last_on
FROM categories AS c
LEFT JOIN post_categories AS pc ON pc.category_id = c.id
LEFT JOIN posts AS p ON p.id = pc.post_id
GROUP BY c.id, c.name, c.slug
""",
    ),
    View(
        name="tag_overview",
        about="Every tag with how many posts have it, and since when.",
        columns={
            "name": "The tag.",
            "posts": "Posts with it.",
            "first_on": "When the first of them was published, YYYY-MM-DD.",
            "last_on": "When the latest was.",
        },
        sql="""
SELECT t.name, count(DISTINCT p.id) AS posts, min(p.published_on) AS first_on, max(p.published_on) AS last_on
FROM tags AS t
LEFT JOIN post_tags AS pt ON pt.tag_id = t.id
LEFT JOIN posts AS p ON p.id = pt.post_id
GROUP BY t.id, t.name
""",
    ),
    View(
        name="commenters",
        about="Everybody who commented, by the name shown, with how much and where.",
        columns={
            "author": "Name as shown; different people may share one.",
            "is_owner": "1 for the blog's author.",
            "comments": "Comments, including deleted ones.",
            "posts": "Posts they are under.",
            "first_on": "Date of the first, YYYY-MM-DD.",
            "last_on": "Date of the latest.",
        },
        sql="""
SELECT
    c.author,
    c.is_owner,
    count(*) AS comments,
    count(DISTINCT c.post_id) AS posts,
    min(c.published_on) AS first_on,
    max(c.published_on) AS last_on
FROM comments AS c
GROUP BY c.author, c.is_owner
""",
    ),
)
"""Every view, each after those it selects from."""


def create(connection: Connection) -> None:
    """Make the views of this program, in place of those of another version; leave those that are the same."""
    if connection.dialect.name == "postgresql":
        _create_on_server(connection)
        return
    there = _definitions(connection)
    for view in VIEWS:
        statement = view.statement(connection.dialect.name)
        if there.get(view.name) != statement:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")
            connection.exec_driver_sql(statement)


def _create_on_server(connection: Connection) -> None:
    """Make all of them, with the rights others had on them, when one is not the same.

    PostgreSQL rewrites a definition, so a view's comment says which statement created it; and it keeps a
    view that another one shows.
    """
    statements = {view.name: view.statement("postgresql") for view in VIEWS}
    marks = {name: hashlib.sha256(statement.encode()).hexdigest() for name, statement in statements.items()}
    there = _made_by(connection)
    if all(there.get(name) == mark for name, mark in marks.items()):
        return
    rights = server.rights(connection, list(statements))
    drop(connection)
    for name, statement in statements.items():
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"COMMENT ON VIEW {name} IS '{marks[name]}'")
    for right in rights:
        connection.exec_driver_sql(right)


def _definitions(connection: Connection) -> dict[str, str | None]:
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
    return {str(row[0]): row[1] for row in found}


def _made_by(connection: Connection) -> dict[str, str | None]:
    found = connection.exec_driver_sql(
        "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class "
        "WHERE relkind = 'v' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    )
    return {str(row[0]): row[1] for row in found}


def drop(connection: Connection) -> None:
    """Remove the views of this program; people's own stay, and tables that older programs had under such a name."""
    there = set(inspect(connection).get_view_names())
    for view in reversed(VIEWS):
        if view.name in there:
            connection.exec_driver_sql(f"DROP VIEW {view.name}")
