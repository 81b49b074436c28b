"""The application: pages, JSON, pictures, and the files they need."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from archiver.errors import ArchiverError, UsageError
from archiver.media import SVG
from archiver.web import metrics
from archiver.web.reader import api, look, media, opds, own, pages, parameters, view
from archiver.web.reader.desk import Desk, Missing, desk
from archiver.web.reader.parameters import Parameter

_HERE = Path(__file__).parent
_KEPT = "private, max-age=86400"
_URL = Parameter("url", "the address of a picture", required=True, most=2_000)


def reader(here: Desk) -> Starlette:
    """Return the reader of an archive."""
    routes = [
        *api.ROUTES,
        Route("/media", _picture, methods=["GET"]),
        Route("/metrics", _figures, methods=["GET"]),
        Route("/static/blog.css", _colours, methods=["GET"]),
        Route("/static/icon.svg", _icon, methods=["GET"]),
        Route("/static/{path:path}", file, methods=["GET"]),
        *opds.ROUTES,
        *own.ROUTES,
        *pages.ROUTES,
    ]
    handlers = {
        UsageError: _wrong,
        Missing: _missing,
        ArchiverError: _unreadable,
        HTTPException: _refused,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.desk = here
    return app


def _picture(request: Request) -> Response:
    """Return an archived picture."""
    found = media.picture(desk(request), parameters.read(request, [_URL])["url"])
    if found is None:
        raise Missing("picture")
    headers = {"Cache-Control": _KEPT}
    if found.capture_id is not None:
        headers["X-Archive-Capture"] = str(found.capture_id)
    if found.kind == SVG:
        headers["Content-Security-Policy"] = media.SVG_POLICY
    return Response(found.data, media_type=found.kind, headers=headers)


def _figures(request: Request) -> Response:
    """Return figures for Prometheus."""
    here = desk(request)
    source = metrics.MetricsSource(here.site.profile.name, here.pool.database, here.home)
    try:
        body, kind = metrics.exposition(lambda: [source], request.headers.get("accept", ""))
    except UsageError as error:
        return PlainTextResponse(f"{error}\n", 501)
    return Response(body, headers={"Content-Type": kind})


def _colours(request: Request) -> Response:
    """Return the colours of the blog as a style sheet."""
    return Response(look.style_sheet(desk(request).site.profile), media_type=_KINDS[".css"])


def _icon(request: Request) -> Response:
    """Return the icon of the blog's archive."""
    return Response(look.icon(desk(request).site.profile), media_type=SVG)


def file(request: Request) -> Response:
    """Return a file of the program's own: no other path has an answer."""
    found = _files().get(str(request.path_params["path"]))
    if found is None:
        raise Missing("file")
    path, kind = found
    kept = _KEPT if "mathjax" in path.parts else "no-cache"
    return FileResponse(path, media_type=kind, headers={"Cache-Control": kept})


_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff": "font/woff",
}


@cache
def _files() -> dict[str, tuple[Path, str]]:
    """Return the files that are served, by path."""
    folders = {"": _HERE / "static", "mathjax/": _HERE / "mathjax"}
    return {
        prefix + path.relative_to(folder).as_posix(): (path, _KINDS[path.suffix])
        for prefix, folder in folders.items()
        for path in folder.rglob("*")
        if path.suffix in _KINDS
    }


def _wrong(request: Request, error: Exception) -> Response:
    return _problem(request, 400, "Something is wrong with the request", str(error))


def _missing(request: Request, error: Exception) -> Response:
    return _problem(request, 404, "Not found", str(error))


def _unreadable(request: Request, error: Exception) -> Response:
    return _problem(request, 503, "The archive cannot be read", str(error))


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _problem(request, status, "Not found" if status == 404 else "Something is wrong with the request", "")


def _problem(request: Request, status: int, heading: str, detail: str) -> Response:
    if request.url.path.startswith(f"{desk(request).root}/api/"):
        return JSONResponse({"problem": f"{heading}: {detail}" if detail else heading}, status)
    return view.problem(request, status, heading, detail)
