"""One version of a post under a permanent address: by when it was seen, which a rebuild of the database keeps."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from archiver.store.pool import Row
from archiver.text import bibtex
from archiver.urls import Site
from archiver.web.reader import markup
from archiver.web.reader.desk import Missing, desk
from archiver.web.reader.view import number_in, page

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_DIGITS = 16  # of the SHA-256 in a citation: 64 bits distinguish any two versions of a post


def version(request: Request) -> Response:
    """Show a post as it was at a given time, with a citation of exactly that."""
    here, number = desk(request), number_in(request)
    post = here.queries.post(number)
    row = here.queries.version(number, _seen_at(str(request.path_params["moment"])))
    if post is None or row is None:
        raise Missing(f"version {request.path_params['moment']} of post {number}")
    return page(
        request,
        "version.html",
        post=post,
        version=row,
        current=row["id"] == post["current_revision_id"],
        text=markup.post(row["markdown"], here.site, here.root),
        original=here.site.path(post["url"]),
        citation=_citation(post, row, here.site),
    )


def _seen_at(written: str) -> str:
    found = _MOMENT.fullmatch(written)
    return "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else ""


def _citation(post: Row, row: Row, site: Site) -> str:
    return bibtex.entry(
        key=f"{site.citation(post['url'])}-{row['seen_at'][:10]}",
        title=row["title"],
        author=post["author"],
        url=post["url"],
        published_on=post["published_on"],
        archived_on=row["seen_at"][:10],
        language=site.profile.language,
        note=f"Version archived on {row['seen_at']}, SHA-256 {row['content_sha256'][:_DIGITS]}",
    )
