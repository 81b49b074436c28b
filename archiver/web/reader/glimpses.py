"""What is behind a link, shown next to it: the first lines of a post, the title of a paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from archiver import references
from archiver.store import passages
from archiver.store.pool import Row
from archiver.web.reader import markup, searching
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.view import number_in, page

_KEPT = "private, max-age=600"
_FIRST_LINES = 220  # characters
_LINK = re.compile(r'<a href="([^"]*)"(?![^>]* title=)')
_POST = re.compile(r"(\d{1,18})(?:#.*)?")


def glimpse(request: Request) -> Response:
    """Show title, date and first lines of a post: part of a page, which the script shows next to a link."""
    here = desk(request)
    row = here.queries.post(number_in(request))
    if row is None:
        raise Missing(f"post {number_in(request)}")
    answer = page(
        request,
        "glimpse.html",
        post=row,
        lines=[markup.piece(part.text) for part in passages.passage(row["text"], (), width=_FIRST_LINES)],
        macros=searching.macros(here.pool.tuples(searching.DEFINING, {"post": row["id"], "page": None})),
    )
    answer.headers["Cache-Control"] = _KEPT
    return answer


def titled(text: Markup, root: str, posts: Sequence[Row], works: Sequence[Row]) -> Markup:
    """Return a text whose links to these posts and works say what they lead to, if that has a title."""
    by_number = {row["id"]: _named(row) for row in posts if row["title"]}
    by_work = {(row["kind"], row["identifier"]): row["title"] for row in works if row["title"]}

    def naming(found: re.Match[str]) -> str:
        name = _name(unescape(found[1]), root, by_number, by_work)
        return f'{found[0]} title="{escape(name)}"' if name else found[0]

    return Markup(_LINK.sub(naming, text))  # noqa: S704 - safe markup, and what is put in is escaped


def _named(row: Row) -> str:
    return f"{row['title']} · {row['published_on']}" if row["published_on"] else str(row["title"])


def _name(href: str, root: str, by_number: Mapping[int, str], by_work: Mapping[tuple[str, str], str]) -> str | None:
    post = _POST.fullmatch(href.removeprefix(f"{root}/posts/")) if href.startswith(f"{root}/posts/") else None
    if post:
        return by_number.get(int(post[1]))
    work = references.reference(href)
    return by_work.get((work.kind, work.identifier)) if work else None
