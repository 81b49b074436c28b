"""What the pages show as JSON, for programs and for the pages' own script, described by OpenAPI.

One table lists the addresses, their parameters and what answers them: it routes, checks and describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from archiver import __version__
from archiver.errors import UsageError
from archiver.store import query, results
from archiver.urls import LARGEST_POST
from archiver.web.reader import notation, parameters, related, searching, tables
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.parameters import Parameter
from archiver.web.reader.queries import MOST_LISTED, Choice

ABOUT = "What the archive holds, for programs. Rows have the columns `archiver sql --schema` describes."

Values = dict[str, Any]
Answer = Callable[[Desk, Values], Any]

_POST = Parameter("id", "the blog's number of the post", int, required=True, in_path=True, least=1, most=LARGEST_POST)
_PAGE = Parameter(
    "id", "number of the page, as in /api/pages", int, required=True, in_path=True, least=1, most=LARGEST_POST
)
_ADDRESS = Parameter("url", "address of a page or file, however it is written", required=True, most=2_000)
_LIMIT = Parameter("limit", "most rows", int, default=50, least=1, most=MOST_LISTED)
_OFFSET = Parameter("offset", "rows to leave out", int, default=0, most=1_000_000)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API."""

    path: str
    about: str
    answer: Answer
    parameters: tuple[Parameter, ...] = ()
    array: bool = False
    """Whether the answer is a list."""

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        found = self.answer(desk(request), parameters.read(request, self.parameters))
        return found if isinstance(found, Response) else JSONResponse(found)

    def route(self) -> Route:
        """Return where it is."""
        return Route(self.path, self._respond, methods=["GET"])

    def _respond(self, request: Request) -> Response:
        return self(request)

    def described(self) -> dict[str, Any]:
        """Return the address as OpenAPI describes it."""
        schema: dict[str, Any] = {"type": "array", "items": {"type": "object"}} if self.array else {"type": "object"}
        failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return {
            "get": {
                "summary": self.about,
                "operationId": self.path.removeprefix("/api/").replace("/", "_").replace("{", "").replace("}", ""),
                "parameters": [parameter.described() for parameter in self.parameters],
                "responses": {
                    "200": {"description": "found", "content": {"application/json": {"schema": schema}}},
                    "400": {"description": "a value makes no sense", "content": failure},
                    "404": {"description": "not in the archive", "content": failure},
                    "414": {"description": "the address is too long"},
                    "503": {"description": "the archive cannot be read", "content": failure},
                },
            }
        }


def _posts(desk: Desk, values: Values) -> Any:
    choice = Choice(values["category"], values["tag"], values["year"], values["topic"])
    rows = desk.queries.posts(choice, values["limit"], values["offset"])
    return {"total": desk.queries.count(choice), "posts": rows}


def _post(desk: Desk, values: Values) -> Any:
    number = values["id"]
    row = desk.queries.post(number)
    if row is None:
        raise Missing(f"post {number}")
    return {
        **row,
        **desk.queries.places(number),
        "series": desk.queries.series_of(number),
        "cites": desk.queries.cites(number),
        "cited_by": desk.queries.cited_by(number),
        "works": desk.queries.works(number),
        "revisions": desk.queries.revisions(number),
    }


def _related(desk: Desk, values: Values) -> Any:
    row = desk.queries.post(values["id"])
    if row is None:
        raise Missing(f"post {values['id']}")
    return [asdict(each) for each in related.related(desk.pool, row, desk.queries.works(row["id"]))]


def _labels(desk: Desk, values: Values) -> Any:
    if desk.queries.post(values["id"]) is None:
        raise Missing(f"post {values['id']}")
    return [asdict(each) for each in notation.equations(desk.pool, values["id"])]


def _macros(desk: Desk, values: Values) -> Any:
    del values
    found = notation.all_macros(desk.pool)
    return [{"name": name, "definitions": list(map(asdict, each))} for name, each in found.items()]


def _comments(desk: Desk, values: Values) -> Any:
    if desk.queries.post(values["id"]) is None:
        raise Missing(f"post {values['id']}")
    former = desk.queries.comment_revisions(values["id"])
    return [{**row, "former": former.get(row["id"], [])} for row in desk.queries.comments(values["id"])]


def _page(desk: Desk, values: Values) -> Any:
    number = values["id"]
    row = desk.queries.page(number)
    if row is None:
        raise Missing(f"page {number}")
    return {
        **row,
        "comments": desk.queries.page_comments(number),
        "former": desk.queries.page_revisions(number),
    }


def _search(desk: Desk, values: Values) -> Any:
    return searching.find(desk, values).described()


def _sql(desk: Desk, values: Values) -> Any:
    asked = values["q"]
    if not asked.strip():
        raise UsageError("expected a query, for example SELECT title FROM posts LIMIT 5")
    if values["format"] == "table":
        return tables.table(desk, asked).described()
    form = {"csv": results.as_csv, "json": results.as_json}[values["format"]]
    found = query.run(desk.pool.database, asked, timeout=tables.TIMEOUT, limit_rows=tables.MOST_SAVED)
    kind = {"csv": "text/csv; charset=utf-8", "json": "application/json"}[values["format"]]
    headers = {"Content-Disposition": f'attachment; filename="archive.{values["format"]}"'}
    return StreamingResponse(_encoded(form(found)), media_type=kind, headers=headers)


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    for text in lines:
        yield text.encode("utf-8", "replace")


def _runs(desk: Desk, values: Values) -> Any:
    return desk.ledger.runs(values["limit"])


def _gaps(desk: Desk, values: Values) -> Any:
    return desk.ledger.gaps(values["limit"])


def _captures(desk: Desk, values: Values) -> Any:
    return desk.captures(values["url"], values["limit"])


def _status(desk: Desk, values: Values) -> Any:
    del values
    return {**desk.ledger.totals(), **asdict(desk.sizes), "version": __version__}


ENDPOINTS = (
    Endpoint(
        "/api/posts",
        "Posts in brief, newest first",
        _posts,
        (
            Parameter("category", "slug of a category", most=100),
            Parameter("tag", "a tag", most=100),
            Parameter("year", "a year", int, least=1900, most=2999),
            Parameter("topic", "number of a topic of the curated index", int),
            _LIMIT,
            _OFFSET,
        ),
    ),
    Endpoint("/api/posts/{id}", "A post: its text, where it is listed, its connections", _post, (_POST,)),
    Endpoint("/api/posts/{id}/related", "Posts related to a post, and why", _related, (_POST,), array=True),
    Endpoint(
        "/api/posts/{id}/labels",
        "The equations of a post that have a label, in order: label, TeX, number",
        _labels,
        (_POST,),
        array=True,
    ),
    Endpoint(
        "/api/posts/{id}/comments",
        "The comments of a post, each with its former wordings",
        _comments,
        (_POST,),
        array=True,
    ),
    Endpoint(
        "/api/pages", "The independent pages in brief, by title", lambda desk, _: desk.queries.pages(), array=True
    ),
    Endpoint("/api/pages/{id}", "An independent page: its text, comments and former wordings", _page, (_PAGE,)),
    Endpoint("/api/files", "The linked files, by address", lambda desk, _: desk.queries.files(), array=True),
    Endpoint("/api/search", "Posts, pages or comments that match a query, best first", _search, searching.PARAMETERS),
    Endpoint(
        "/api/sql",
        "What a query finds; it can only read",
        _sql,
        (
            Parameter("q", "a query in SQL", required=True, most=8_000),
            Parameter("format", "the form of the answer", default="table", choices=("table", "csv", "json")),
        ),
    ),
    Endpoint("/api/categories", "The categories", lambda desk, _: desk.queries.categories(), array=True),
    Endpoint("/api/tags", "The tags, most used first", lambda desk, _: desk.queries.tags(), array=True),
    Endpoint("/api/topics", "The topics of the curated index", lambda desk, _: desk.queries.topics(), array=True),
    Endpoint("/api/series", "The series, longest first", lambda desk, _: desk.queries.series(), array=True),
    Endpoint(
        "/api/labels",
        "The labels of equations, each with the posts that have it",
        lambda desk, _: [{"label": each, "posts": posts} for each, posts in notation.labels(desk.pool).items()],
        array=True,
    ),
    Endpoint("/api/macros", "The macros that posts define, most used first, in their wordings", _macros, array=True),
    Endpoint("/api/years", "The years with posts", lambda desk, _: desk.queries.years(), array=True),
    Endpoint(
        "/api/captures",
        "The captures of an address, latest first",
        _captures,
        (_ADDRESS, _LIMIT),
        array=True,
    ),
    Endpoint("/api/runs", "The runs, newest first", _runs, (_LIMIT,), array=True),
    Endpoint("/api/gaps", "What is missing and why", _gaps, (_LIMIT,), array=True),
    Endpoint("/api/status", "How much of what there is", _status),
)


def _openapi(request: Request) -> Response:
    del request
    problem = {"type": "object", "required": ["problem"], "properties": {"problem": {"type": "string"}}}
    return JSONResponse(
        {
            "openapi": "3.1.0",
            "info": {"title": "The archive's reader", "version": __version__, "description": ABOUT},
            "paths": {endpoint.path: endpoint.described() for endpoint in ENDPOINTS},
            "components": {"schemas": {"Problem": problem}},
        }
    )


ROUTES = [*(endpoint.route() for endpoint in ENDPOINTS), Route("/api/openapi.json", _openapi, methods=["GET"])]
