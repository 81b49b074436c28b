"""The archives of several blogs on one server: a page that lists them, one search of all, and each one's own reader.

Everything that is not one blog's is below `/-/`, a name that no blog can have.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archiver.errors import ArchiverError, UsageError
from archiver.media import SVG
from archiver.store import search_schemas
from archiver.store.schemas import Schemas, Statement
from archiver.store.search import Hit
from archiver.store.server import in_schema
from archiver.store.totals import LAST_COMPLETE
from archiver.urls import Site
from archiver.web.reader import app, look, markup, parameters, searching, view, words
from archiver.web.reader.desk import Desk, Missing
from archiver.web.reader.parameters import Parameter

OWN = "/-"
"""Path below which everything is that does not belong to one blog."""

_LISTED_FOR = 5.0  # seconds
_MOST_OPEN = 8  # readers of blogs kept open: each may keep a few connections
_PARAMETERS = (Parameter("blog", "only this blog, by its name", most=100), *searching.PARAMETERS)
_ABOUT = f"""
SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM comments), {LAST_COMPLETE},
       (SELECT outcome FROM runs ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM runs)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Volume:
    """The archive of one blog."""

    site: Site
    home: Path
    """Folder of its records: without them, texts are shown without pictures."""


class Shelf:
    """The archives of several blogs in one database."""

    def __init__(self, url: str, volumes: Callable[[], Mapping[str, Volume]]) -> None:
        """Take the database's URL, and what returns the archives by the names of their schemas."""
        self.url = url
        self._list = volumes
        self._listed: tuple[float, Mapping[str, Volume]] = (0.0, {})
        self.schemas = Schemas(url, ())
        self._open: OrderedDict[str, tuple[Volume, Desk, ASGIApp]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def volumes(self) -> Mapping[str, Volume]:
        """The archives by the names of their schemas, as they were a few seconds ago at most."""
        if time.monotonic() >= self._listed[0]:
            self._listed = time.monotonic() + _LISTED_FOR, self._list()
        return self._listed[1]

    def reader(self, name: str) -> ASGIApp | None:
        """Return the reader of a blog, or None for an unknown name; raise ArchiverError without an archive."""
        volume = self.volumes.get(name)
        if volume is None:
            return None
        with self._lock:
            if name in self._open and self._open[name][0] == volume:
                self._open.move_to_end(name)
                return self._open[name][2]
            if not self.schemas.there([name]):
                raise ArchiverError(f"{name}: nothing is archived yet")
            try:
                desk = Desk.open(volume.home, in_schema(self.url, name), site=volume.site, root=f"/{name}")
            except UsageError as error:  # the request was not at fault
                raise ArchiverError(f"{name}: {error}") from error
            self._open[name] = volume, desk, app.reader(desk)
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)[1][1].close()
            return self._open[name][2]

    def close(self) -> None:
        """Close the archives."""
        for _, desk, _ in self._open.values():
            desk.close()
        self._open.clear()
        self.schemas.close()


def application(shelf: Shelf) -> Starlette:
    """Return the reader of several blogs."""
    routes = [
        Route("/", _front, methods=["GET"]),
        Route(f"{OWN}/search", _search, methods=["GET"]),
        Route(f"{OWN}/api/search", _api_search, methods=["GET"]),
        Route(f"{OWN}/language/{{language}}", _language, methods=["GET"]),
        Route(f"{OWN}/static/blog.css", _colours, methods=["GET"]),
        Route(f"{OWN}/static/icon.svg", _icon, methods=["GET"]),
        Route(f"{OWN}/static/icons/{{blog}}.svg", _icon_of, methods=["GET"]),
        Route(f"{OWN}/static/{{path:path}}", app.file, methods=["GET"]),
        Mount("/{blog}", app=_OneBlog(shelf)),
    ]
    handlers: Mapping[Any, Any] = {
        UsageError: _wrong,
        ArchiverError: _unreadable,
        HTTPException: _missing,
        Missing: _missing,
    }
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.state.shelf = shelf
    return made


class _OneBlog:
    """Hands requests below a blog's name to its reader."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = await run_in_threadpool(self._shelf.reader, str(scope["path_params"]["blog"]))
        if reader is None:
            raise HTTPException(404)
        await reader(scope, receive, send)


def _shelf(request: Request) -> Shelf:
    found: Shelf = request.app.state.shelf
    return found


def _front(request: Request) -> Response:
    """List the blogs."""
    shelf, language = _shelf(request), words.chosen(request)
    volumes = shelf.volumes
    answers = shelf.schemas.rows({name: [(_ABOUT, {})] for name in volumes})
    about = {name: _about(*row) for name, ((row,),) in answers.found.items()}
    blogs = [
        {
            "name": name,
            "title": words.title(volume.site.profile.titles, language),
            "tongue": volume.site.profile.tongue,
            "about": about.get(name),
            "failed": answers.failed.get(name),
        }
        for name, volume in volumes.items()
    ]
    posts = sum(each["posts"] for each in about.values())
    return view.filled(request, "shelf.html", root=OWN, blogs=blogs, posts=posts)


def _about(posts: int, comments: int, complete: str | None, outcome: str | None, runs: int) -> dict[str, Any]:
    state = (outcome or "running or killed") if runs else None
    return {"posts": posts, "comments": comments, "complete": complete, "state": state}


def _search(request: Request) -> Response:
    """Show the search form and what it finds in all blogs."""
    shelf, volumes = _shelf(request), _shelf(request).volumes
    values = parameters.read(request, _PARAMETERS)
    found, wrong = None, None
    if values["q"].strip():
        try:
            found = _found(shelf, volumes, values)
        except UsageError as error:
            wrong = str(error)
    given = {key: value for key, value in request.query_params.items() if key != "offset" and value}
    return view.filled(
        request,
        "shelf_search.html",
        400 if wrong else 200,
        root=OWN,
        values=values,
        found=found,
        problem=wrong,
        volumes=volumes,
        others=urlencode(given),
        formula=markup.formula,
    )


def _api_search(request: Request) -> Response:
    """Answer a search of all blogs for programs."""
    values = parameters.read(request, _PARAMETERS)
    return JSONResponse(_found(_shelf(request), _shelf(request).volumes, values))


def _found(shelf: Shelf, volumes: Mapping[str, Volume], values: dict[str, Any]) -> dict[str, Any]:
    chosen = values["blog"]
    if chosen and chosen not in volumes:
        raise UsageError(f"blog: expected one of {', '.join(volumes)}, found {chosen!r}")
    schemas = shelf.schemas.of([chosen] if chosen else list(volumes))
    found = search_schemas.search(
        schemas,
        searching.query(values),
        lambda name: volumes[name].site,
        limit=values["limit"],
        offset=values["offset"],
    )
    hits = list(zip(found.blogs, found.hits, strict=True))
    rows = [
        {
            "blog": name,
            **searching.row(hit, f"/{name}"),
            "macros": defined,
            "tongue": volumes[name].site.profile.tongue,
        }
        for (name, hit), defined in zip(hits, _macros(schemas, hits), strict=True)
    ]
    return {
        "exact": found.exact,
        "related": found.related,
        "understood": found.understood,
        "hits": rows,
        "failed": dict(found.failed),
    }


def _macros(schemas: Schemas, hits: Sequence[tuple[str, Hit]]) -> list[str]:
    """Return the definitions in the text of each hit."""
    asked: dict[str, list[Statement]] = {}
    for name, hit in hits:
        asked.setdefault(name, []).append((searching.DEFINING, searching.defining(hit)))
    found = {name: map(searching.macros, rows) for name, rows in schemas.rows(asked).found.items()}
    return [next(found[name]) if name in found else "" for name, _ in hits]


def _language(request: Request) -> Response:
    answer = view.in_language(request, "/")
    if answer is None:
        raise HTTPException(404)
    return answer


def _colours(_: Request) -> Response:
    """Return the colours of the whole shelf as a style sheet."""
    return Response(look.SHELF_STYLE, media_type="text/css")


def _icon(_: Request) -> Response:
    """Return the icon of the whole shelf."""
    return Response(look.SHELF_ICON, media_type=SVG)


def _icon_of(request: Request) -> Response:
    """Return the icon of one blog, whose reader need not be open for it."""
    volume = _shelf(request).volumes.get(str(request.path_params["blog"]))
    if volume is None:
        raise HTTPException(404)
    return Response(look.icon(volume.site.profile), media_type=SVG)


def _wrong(request: Request, error: Exception) -> Response:
    return _problem(request, 400, "Something is wrong with the request", str(error))


def _unreadable(request: Request, error: Exception) -> Response:
    return _problem(request, 503, "The archive cannot be read", str(error))


def _missing(request: Request, error: Exception) -> Response:
    return _problem(request, 404, "Not found", "")


def _problem(request: Request, status: int, heading: str, detail: str) -> Response:
    if request.url.path.startswith(f"{OWN}/api/"):
        return JSONResponse({"problem": detail or heading}, status)
    return view.filled(request, "shelf_problem.html", status, root=OWN, heading=heading, detail=detail)
