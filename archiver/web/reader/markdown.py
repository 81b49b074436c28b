"""A post as Markdown after its front matter, and the list of all of them: for programs that read."""

from __future__ import annotations

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from archiver.store.pool import Row
from archiver.text import front_matter, llms
from archiver.text.commonmark import with_dollars
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.view import number_in

_KIND = "text/markdown; charset=utf-8"


def post(request: Request) -> Response:
    """Return a post as Markdown."""
    number = number_in(request)
    row = desk(request).queries.post(number)
    if row is None:
        raise Missing(f"post {number}")
    return Response(document(desk(request), row).encode("utf-8", "replace"), media_type=_KIND)


def page(request: Request) -> Response:
    """Return an independent page as Markdown."""
    number = number_in(request)
    row = desk(request).queries.page(number)
    if row is None:
        raise Missing(f"page {number}")
    return Response(page_document(row).encode("utf-8", "replace"), media_type=_KIND)


def listing(request: Request) -> Response:
    """Return the list of posts and pages, each with where its Markdown is."""
    here = desk(request)
    posts = here.pool.rows("SELECT id, title, published_on FROM posts ORDER BY published_on DESC, id DESC")
    listed = llms.write(
        next(iter(here.site.profile.titles.values())),
        [f"Posts of {here.site.profile.address}, as archived; each is one Markdown file with its formulas as TeX."],
        {
            row["id"]: llms.LlmsLink(row["title"], f"{here.root}/posts/{row['id']}.md", row["published_on"] or "")
            for row in posts
        },
        _groups(here, _TOPICS),
        _groups(here, _SERIES),
        [llms.LlmsLink(row["title"], f"{here.root}/pages/{row['id']}.md") for row in here.queries.pages()],
    )
    return PlainTextResponse(listed.encode("utf-8", "replace"))


def document(here: Desk, row: Row) -> str:
    """Return a post with its front matter; every formula is between dollar signs, links lead to the blog."""
    places, series = here.queries.places(row["id"]), here.queries.series_of(row["id"])
    fields = {
        "title": row["title"],
        "id": row["id"] if here.site.post_url(row["id"]) else None,
        "url": row["url"],
        "author": row["author"],
        "date": row["published_on"],
        "categories": [each["name"] for each in places["categories"]],
        "tags": [each["name"] for each in places["tags"]],
        "topics": [each["name"] for each in places["topics"]],
        "series": series[0]["name"] if series else None,
        "series_part": next((at for at, part in enumerate(series, 1) if part["id"] == row["id"]), None),
        "license": row["license"],
        "license_url": row["license_url"],
        "status": row["status"],
        "archived": row["last_seen_at"],
        "changed": row["last_changed_at"],
    }
    return f"{front_matter.write(fields)}\n{with_dollars(row['markdown'])}\n"


def page_document(row: Row) -> str:
    """Return an independent page with its front matter, as `document` does a post."""
    fields = {
        "title": row["title"],
        "url": row["url"],
        "archived": row["last_seen_at"],
        "changed": row["last_changed_at"],
    }
    return f"{front_matter.write(fields)}\n{with_dollars(row['markdown'])}\n"


def _groups(here: Desk, sql: str) -> list[llms.Group]:
    groups: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for number, name, post_id in here.pool.tuples(sql):
        groups[number, name].append(post_id)
    return [(name, posts) for (_, name), posts in groups.items()]


_TOPICS = """
SELECT t.id, t.name, tp.post_id FROM topics AS t JOIN topic_posts AS tp ON tp.topic_id = t.id
ORDER BY t.position, tp.position
"""
_SERIES = "SELECT series_id, series, post_id FROM series_outline ORDER BY series_id, position"
