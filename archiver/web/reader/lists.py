"""Pages with lists: posts by what they have in common, tags, and captures of an address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archiver.web.moment import digits_of
from archiver.web.reader import parameters
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.queries import Choice
from archiver.web.reader.view import number_in, page

PER_PAGE = 100
"""Posts per page of a list."""

_PAGE = Parameter("page", "number of the page", int, default=1, least=1, most=10_000)
_URL = Parameter("url", "an address of the blog", required=True, most=2_000)


def captures(request: Request) -> Response:
    """List the captures of an address."""
    url = parameters.read(request, [_URL])["url"]
    return page(request, "captures.html", url=url, captures=desk(request).captures(url), digits_of=digits_of)


def listing(request: Request, kind: str = "") -> Response:
    """List the posts of a category, tag or year, or all of them."""
    queries = desk(request).queries
    choice, heading = _chosen(request, kind)
    total = queries.count(choice)
    at = parameters.read(request, [_PAGE])["page"]
    posts = queries.posts(choice, PER_PAGE, (at - 1) * PER_PAGE)
    if not posts and (kind or at > 1):
        raise Missing(heading)
    return page(
        request, "list.html", kind=kind, heading=heading, posts=posts, total=total, number=at, per_page=PER_PAGE
    )


def topic(request: Request) -> Response:
    """Show a topic of the curated index."""
    queries = desk(request).queries
    found = queries.topic(number_in(request))
    if found is None:
        raise Missing(f"topic {number_in(request)}")
    return page(request, "outline.html", kind="Topic", heading=found["name"], parts_=queries.outline(found["id"]))


def series(request: Request) -> Response:
    """Show a series."""
    parts = desk(request).queries.parts(number_in(request))
    if not parts:
        raise Missing(f"series {number_in(request)}")
    return page(request, "outline.html", kind="Series", heading=parts[0]["name"], parts_=parts)


def tags(request: Request) -> Response:
    """Show all tags."""
    return page(request, "tags.html", tags=desk(request).queries.tags())


def _chosen(request: Request, kind: str) -> tuple[Choice, str]:
    """Return which posts an address lists, and what to call them."""
    name = str(request.path_params.get("name", ""))
    if kind == "categories":
        category = desk(request).queries.category(name)
        if category is None:
            raise Missing(name)
        return Choice(category=name), category["name"]
    if kind == "tags":
        return Choice(tag=name), name
    if kind == "years":
        if not (name.isascii() and name.isdigit() and len(name) == 4):
            raise Missing(name)
        return Choice(year=int(name)), name
    return Choice(), ""
