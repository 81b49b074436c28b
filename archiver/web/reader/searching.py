"""A search as its form describes it, and its hits ready for the page and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from markupsafe import Markup

from archiver.errors import UsageError
from archiver.store import suggestions
from archiver.store.passages import Segments
from archiver.store.pool import ReadOnlyPool
from archiver.store.search import Hit, search
from archiver.store.search_query import LONGEST, SORTS, Filters, Query, parse
from archiver.text.macros import definitions
from archiver.web.reader import markup
from archiver.web.reader.desk import Desk
from archiver.web.reader.parameters import Parameter

PAGE = 20
"""Hits per page."""

PARAMETERS = (
    Parameter("q", "the query, in the language of `archiver search`", default="", most=LONGEST),
    Parameter("category", "only posts of the category with this slug", most=100),
    Parameter("tag", "only posts with this tag", most=100),
    Parameter("topic", "only posts of this topic of the curated index", most=200),
    Parameter("year", "only posts of this year", int, least=1900, most=2999),
    Parameter("sort", "order of the hits: the best first if empty", choices=SORTS),
    Parameter("code", "only posts with a code block", bool, default=False),
    Parameter("comments", "search the comments instead of the posts", bool, default=False),
    Parameter("tex", "take the whole query as TeX: it must be in a formula, byte for byte", bool, default=False),
    Parameter("like", "take the whole query as a formula, in any spelling and with other letters", bool, default=False),
    Parameter("limit", "most hits", int, default=PAGE, least=1, most=100),
    Parameter("offset", "hits to leave out", int, default=0, most=100_000),
)


DEFINING = """
SELECT tex FROM (
    SELECT tex, position FROM formulas WHERE post_id = :post
    UNION ALL SELECT tex, position FROM page_formulas WHERE page_id = :page
) AS held WHERE (instr(tex, 'newcommand') OR instr(tex, '\\def') OR instr(tex, 'MathOperator')) ORDER BY position
"""
"""Queries the formulas of a text that define something."""


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What a search found, as rows of plain values."""

    hits: list[dict[str, Any]]
    exact: int
    related: int
    understood: str
    meant: str | None
    """A query with other words, if nothing matches all of this one."""

    def described(self) -> dict[str, Any]:
        """Return everything, for programs."""
        return asdict(self)


def find(here: Desk, values: dict[str, Any]) -> SearchResults:
    """Return what a search finds; `values` are those of `PARAMETERS`.

    Raises UsageError for an invalid query.
    """
    with here.pool.searching() as index:
        results = search(index, query(values), here.site, limit=values["limit"], offset=values["offset"])
        meant = None if results.exact else suggestions.meant(index, values["q"])
    hits = [
        {**row(hit, here.root), "macros": macros(here.pool.tuples(DEFINING, defining(hit)))} for hit in results.hits
    ]
    return SearchResults(hits, results.exact, results.related, results.understood, meant)


def examples(pool: ReadOnlyPool) -> list[str]:
    """Return queries this archive has hits for; none where it has no index."""
    with suppress(UsageError), pool.searching() as index:
        return suggestions.examples(index)
    return []


def query(values: dict[str, Any]) -> Query:
    """Return the query that the values of a form describe; raise UsageError for an invalid one."""
    asked = _query(values)
    return replace(asked, filters=asked.filters & _filters(values), sort=values["sort"] or asked.sort)


def _query(values: dict[str, Any]) -> Query:
    text = values["q"].strip()
    if values["like"] and text:
        return Query(like=(text,))
    if not values["tex"]:
        return parse(text)
    if values["comments"]:
        return Query(tex=(text,))
    return Query(tex=(text,)) if text else Query()


def _filters(values: dict[str, Any]) -> Filters:
    year = values["year"]
    named = {key: (values[key],) if values[key] else () for key in ("category", "tag", "topic")}
    return Filters(
        categories=named["category"],
        tags=named["tag"],
        topics=named["topic"],
        has=("code",) if values["code"] else (),
        after=str(year) if year else None,
        before=str(year + 1) if year else None,
        comments=values["comments"],
    )


def defining(hit: Hit) -> dict[str, Any]:
    """Return the values of `DEFINING` for the text of a hit."""
    return {"post": hit.post_id, "page": hit.page_id}


def macros(rows: Iterable[Sequence[Any]]) -> str:
    """Return the definitions that formulas make for those after them, so that one of the latter can be set alone."""
    return " ".join(found for (tex,) in rows for found in definitions(tex))


def row(hit: Hit, root: str = "") -> dict[str, Any]:
    """Return a hit as plain values; the reader of its blog is below `root`."""
    path = f"{root}/pages/{hit.page_id}" if hit.page_id else f"{root}/posts/{hit.post_id}"
    shown = {segment.text for segment in hit.passage}
    return {
        "post_id": hit.post_id,
        "comment_id": hit.comment_id,
        "page_id": hit.page_id,
        "path": f"{path}#comment-{hit.comment_id}" if hit.comment_id else path,
        "url": hit.url,
        "title": "".join(segment.text for segment in hit.title),
        "title_html": _marked(hit.title),
        "passage_html": _marked(hit.passage),
        "formulas": [tex for tex in hit.formulas if tex not in shown],
        "author": hit.author,
        "published_on": hit.published_on,
        "categories": list(hit.categories),
        "related": hit.related,
        "by": hit.by,
    }


def _marked(segments: Segments) -> Markup:
    """Return pieces of text as HTML, matches marked, formulas ready to be set."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(markup.piece(text)) if marked else markup.piece(text)
        for text, marked in segments
    )
