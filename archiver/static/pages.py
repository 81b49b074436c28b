"""The reader's pages, requested within this process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Match, Route

from archiver.errors import ArchiverError
from archiver.web.reader import app, searching, words
from archiver.web.reader.desk import Desk, desk
from archiver.web.reader.view import page

OWN = Path(__file__).parent / "files"
"""Files that the reader does not have."""


class Pages:
    """The answers of an archive's reader in one language."""

    def __init__(self, here: Desk, language: str) -> None:
        self._app = app.reader(here)
        self._routes: list[BaseRoute] = [Route("/search", _search), *self._app.routes]
        self._language = language

    def get(self, address: str) -> bytes:
        """Return the body of the answer at an address as links have it, or of one of the program's files."""
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "server": ("localhost", 80),
            "root_path": "",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"cookie", f"{words.COOKIE}={self._language}".encode())],
            "app": self._app,
        }
        answer = _answered(self._routes, scope)
        return Path(answer.path).read_bytes() if isinstance(answer, FileResponse) else bytes(answer.body)


def _answered(routes: Iterable[BaseRoute], scope: dict[str, object]) -> Response:
    for route in routes:
        match, found = route.matches(scope)
        if match is Match.FULL and isinstance(route, Route):
            answer: Response = route.endpoint(Request({**scope, **found}))
            return answer
    raise ArchiverError(f"expected a page of the reader, found none at {scope['path']}")


def _search(request: Request) -> Response:
    """Show the search form that works in the browser."""
    examples = searching.examples(desk(request).pool)
    return page(request, "static_search.html", examples=examples)
