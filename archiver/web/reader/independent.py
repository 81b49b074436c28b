"""The rest of the blog: its independent pages, and the linked files."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archiver.web.reader import markup, threads, view
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.view import number_in

_FOLDED = 12  # comments of one discussion from which its answers are folded, as for a post


def listing(request: Request) -> Response:
    """List the independent pages and the files."""
    queries = desk(request).queries
    return view.page(request, "pages.html", pages=queries.pages(), files=queries.files())


def page(request: Request) -> Response:
    """Show an independent page."""
    here = desk(request)
    queries = here.queries
    number = number_in(request)
    row = queries.page(number)
    if row is None:
        raise Missing(f"page {number}")
    comments = queries.page_comments(number)
    return view.page(
        request,
        "independent.html",
        page=row,
        original=here.site.path(row["url"]),
        text=markup.post(row["markdown"], here.site, here.root),
        former=queries.page_revisions(number),
        former_text=markup.source,
        captures=queries.captures(row["url"]),
        comment_count=len(comments),
        shown=threads.threads(comments, {}, here.site, here.root),
        fold_from=_FOLDED,
    )
