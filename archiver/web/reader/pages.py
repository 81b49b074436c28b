"""The pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver import clock
from archiver.errors import UsageError
from archiver.schedule.due import next_run
from archiver.store import schema
from archiver.store.pool import Row
from archiver.text import bibtex
from archiver.urls import Site, from_bytes
from archiver.web.reader import (
    charts,
    citations,
    comparison,
    descriptions,
    glimpses,
    highlights,
    independent,
    lists,
    markdown,
    markup,
    naming,
    notation,
    own,
    parameters,
    printed,
    related,
    returning,
    searching,
    threads,
    versions,
    view,
    words,
)
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.tables import MOST_ROWS, TIMEOUT, table
from archiver.web.reader.view import number_in, page, problem
from archiver.web.server import NAMES

_LATEST = Parameter("comments", "which comments come first", default="earliest", choices=("earliest", "latest"))
_SHOWN_THREADS = 20  # discussions that are not folded
_FOLDED = 12  # comments of one discussion from which its answers are folded
_NEWEST = 12
_LISTED = 50  # missing addresses of one kind and reason
_REVISIONS = (Parameter("from", "a version", int), Parameter("to", "a version", int))


def front(request: Request) -> Response:
    """Show what is new, what there is, and what the last run added or changed."""
    queries, ledger = desk(request).queries, desk(request).ledger
    runs = ledger.runs(1)
    brought = ledger.brought(runs[0]["id"]) if runs else []
    years = queries.years()
    return page(
        request,
        "front.html",
        posts=queries.posts(limit=_NEWEST),
        categories=queries.categories(),
        topics=queries.topics(),
        series=queries.series(),
        years=years,
        chart=charts.columns("Posts by year", [(str(row["year"]), row["posts"]) for row in years]),
        tags=queries.tags()[:40],
        pages=queries.pages(_NEWEST),
        totals=ledger.counts(),
        run=runs[0] if runs else None,
        brought=brought,
        day=returning.on_this_day(desk(request).pool),
        stopped=own.last_stop(desk(request)),
    )


def post(request: Request) -> Response:
    """Show a post."""
    here = desk(request)
    queries, site = here.queries, here.site
    number = number_in(request)
    row = queries.post(number)
    if row is None:
        return _unknown_post(request, number)
    revisions = queries.revisions(number)
    comments = queries.comments(number)
    latest_first = parameters.read(request, [_LATEST])["comments"] == "latest"
    former = queries.comment_revisions(number)
    discussions = threads.threads(comments, former, site, here.root, latest_first=latest_first)
    text = markup.post(row["markdown"], site, here.root)
    cites, works = queries.cites(number), queries.works(number)
    return page(
        request,
        "post.html",
        post=row,
        original=site.path(row["url"]),
        text=replace(text, html=glimpses.titled(text.html, here.root, cites, works)),
        printed=printed.links(
            text.html, {number: row["url"], **{one["id"]: one["url"] for one in cites}}, site, here.root
        ),
        places=queries.places(number),
        series=queries.series_of(number),
        neighbours=queries.neighbours(number),
        cites=cites,
        cited_by=queries.cited_by(number),
        works=works,
        related=related.related(here.pool, row, works),
        revisions=revisions,
        captures=queries.captures(row["url"]),
        comment_count=len(comments),
        elsewhere=queries.comments_elsewhere(number),
        shown=discussions[:_SHOWN_THREADS],
        latest_first=latest_first,
        folded=discussions[_SHOWN_THREADS:],
        fold_from=_FOLDED,
        citation=_citation(row, site),
        highlights=highlights.shown(here, row),
        equations=notation.equations(here.pool, number),
        macros=notation.defined(here.pool, number),
    )


def citation(request: Request) -> Response:
    """Return a post's BibTeX entry as a file."""
    number = number_in(request)
    row = desk(request).queries.post(number)
    if row is None:
        raise Missing(f"post {number}")
    site = desk(request).site
    headers = {"Content-Disposition": f'attachment; filename="{site.citation(row["url"])}.bib"'}
    return Response(_citation(row, site), media_type="text/x-bibtex; charset=utf-8", headers=headers)


def history(request: Request) -> Response:
    """Show the versions of a post."""
    queries = desk(request).queries
    number = number_in(request)
    row = queries.post(number)
    if row is None:
        return _unknown_post(request, number)
    edited = threads.threads(queries.comments(number), queries.comment_revisions(number), desk(request).site)
    former = [each for one in edited for each in one.flat() if each.former]
    return page(request, "history.html", post=row, revisions=queries.revisions(number), former=former)


def difference(request: Request) -> Response:
    """Show two versions of a post side by side: those requested, or the last two."""
    queries = desk(request).queries
    number = number_in(request)
    row = queries.post(number)
    if row is None:
        return _unknown_post(request, number)
    revisions = queries.revisions(number)
    asked = parameters.read(request, _REVISIONS)
    newest = asked["to"] or revisions[0]["id"]
    older = [revision["id"] for revision in revisions if revision["id"] < newest]
    oldest = asked["from"] or next(iter(older), newest)
    before, after = (_revision(desk(request), number, each) for each in (oldest, newest))
    found = comparison.compare(before["markdown"], after["markdown"])
    return page(
        request,
        "difference.html",
        post=row,
        revisions=revisions,
        before=before,
        after=after,
        comparison=found,
        pieces=comparison.pieces,
    )


def search(request: Request) -> Response:
    """Show the search form and what it finds."""
    here = desk(request)
    values = parameters.read(request, searching.PARAMETERS)
    found, wrong = None, None
    if values["q"].strip():
        try:
            found = searching.find(here, values)
        except UsageError as error:
            wrong = str(error)
    given = {key: value for key, value in request.query_params.items() if key not in ("offset",) and value}
    return page(
        request,
        "search.html",
        400 if wrong else 200,
        values=values,
        found=found,
        examples=[] if found and found.hits else searching.examples(here.pool),
        problem=wrong,
        categories=here.queries.categories(),
        topics=here.queries.topics(),
        years=here.queries.years()[::-1],
        tags=here.queries.tags()[:60],
        others=urlencode(given),
        formula=markup.formula,
    )


def sql(request: Request) -> Response:
    """Show the form for SQL, worked queries, and what a query finds."""
    asked = request.query_params.get("q", "")
    found, wrong = None, None
    if asked.strip():
        try:
            found = table(desk(request), asked)
        except UsageError as error:
            wrong = str(error).removeprefix("SQL: ")
    return page(
        request,
        "sql.html",
        400 if wrong else 200,
        asked=asked,
        found=found,
        problem=wrong,
        described=partial(descriptions.described, language=words.chosen(request)),
        examples=schema.EXAMPLES,
        tables=schema.tables(),
        views=schema.views(),
        timeout=int(TIMEOUT),
        most=MOST_ROWS,
    )


def health(request: Request) -> Response:
    """Show the state of the archive: runs, gaps, doubts, reviews, sizes, growth."""
    here = desk(request)
    growth = here.ledger.growth()
    drawn = [
        charts.line("Posts over time", [(row["month"], row["posts"]) for row in growth]),
        charts.line("Comments over time", [(row["month"], row["comments"]) for row in growth]),
        charts.line("Readers over time", [(row["day"], row["readers"]) for row in here.ledger.readers()]),
    ]
    return page(
        request,
        "health.html",
        totals=here.ledger.totals(),
        runs=here.ledger.runs(20),
        missing=here.ledger.missing(_LISTED),
        doubts=here.ledger.doubts(),
        reviews=here.ledger.reviews(),
        sizes=here.sizes,
        due=next_run(here.home, clock.now().astimezone()),
        charts=[chart for chart in drawn if chart],
        loads=json.loads,
    )


def original(request: Request) -> Response:
    """Redirect to the blog's own page as it was archived, on the replay's origin."""
    here = desk(request)
    host = str(request.url.hostname or "")
    if here.root:
        raise Missing(words.translator(words.chosen(request))("The reader of several blogs has no replay."))
    if here.replay_port is None or host.strip("[]") not in {name.strip("[]") for name in NAMES}:
        raise Missing(words.translator(words.chosen(request))("The replay runs on this machine only."))
    path = "/" + quote(str(request.path_params["path"]).lstrip("/"), safe="/:@!$&'()*+,;=-._~")
    query = f"?{request.url.query}" if request.url.query else ""
    shown = f"[{host}]" if ":" in host else host
    return RedirectResponse(f"http://{shown}:{here.replay_port}{path}{query}", 302)


def address(request: Request) -> Response:
    """Redirect from the blog's own path of a post, an independent page or their comments to its page here."""
    here = desk(request)
    url = here.site.resolve("/" + from_bytes(request.scope["raw_path"]).removeprefix(here.root).lstrip("/"))
    url, page = here.site.discussion(url) or (url, 0)
    number = here.site.post_id(url)
    place = "#comments" if page else ""
    if number and (here.site.post_url(number) or here.queries.post(number)):
        return RedirectResponse(f"{here.root}/posts/{number}{place}", 301)
    if number:
        return _unknown_post(request, number, url)
    if url and (row := here.queries.page_at(url)):
        return RedirectResponse(f"{here.root}/pages/{row['id']}{place}", 301)
    return problem(request, 404, "Not found", "")


def language(request: Request) -> Response:
    """Keep the language of the pages in a cookie and go back."""
    answer = view.in_language(request, f"{desk(request).root}/")
    if answer is None:
        raise Missing(str(request.path_params["language"]))
    return answer


def _unknown_post(request: Request, number: int, url: str | None = None) -> Response:
    here = desk(request)
    url = url or here.site.post_url(number) or here.queries.linked(number)
    gap = here.queries.gap(url) if url else None
    return problem(request, 404, "The archive does not have this post.", url or str(number), url=url, gap=gap)


def _revision(here: Desk, post: int, number: int) -> Row:
    found = here.queries.revision(number)
    if found is None or found["post_id"] != post:
        raise Missing(f"version {number} of post {post}")
    return found


def _citation(row: Row, site: Site) -> str:
    return bibtex.entry(
        key=site.citation(row["url"]),
        title=row["title"],
        author=row["author"],
        url=row["url"],
        published_on=row["published_on"],
        archived_on=(row["last_seen_at"] or "")[:10] or None,
        language=site.profile.language,
    )


def _route(path: str, endpoint: Callable[[Request], Response]) -> Route:
    return Route(path, endpoint, methods=["GET"])


ROUTES = [
    _route("/", front),
    _route("/posts", lists.listing),
    _route("/llms.txt", markdown.listing),
    _route("/posts/{id:int}.md", markdown.post),
    _route("/pages/{id:int}.md", markdown.page),
    _route("/posts/{id:int}", post),
    _route("/posts/{id:int}/history", history),
    _route("/posts/{id:int}/versions/{moment}", versions.version),
    _route("/posts/{id:int}/difference", difference),
    _route("/posts/{id:int}/citation.bib", citation),
    _route("/posts/{id:int}/glimpse", glimpses.glimpse),
    _route("/pages", independent.listing),
    _route("/pages/{id:int}", independent.page),
    *naming.ROUTES,
    _route("/citations", citations.listing),
    _route("/new", returning.new),
    _route("/random", returning.random),
    _route("/topics/{id:int}", lists.topic),
    _route("/series/{id:int}", lists.series),
    _route("/tags", lists.tags),
    _route("/captures", lists.captures),
    _route("/search", search),
    _route("/sql", sql),
    _route("/health", health),
    _route("/language/{language}", language),
    _route("/original/{path:path}", original),
    *(_route(f"/{kind}/{{name:path}}", partial(lists.listing, kind=kind)) for kind in ("categories", "tags", "years")),
    _route("/{path:path}", address),
]
