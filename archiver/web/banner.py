"""A line above replayed pages: when this was recorded, what was before and after, and the way back to the reader.

It is put into pages on their way out, and only where the reader is served too; the records, and what `archiver
replay` serves, stay as they were. The line is ASCII, so that it fits a page in any encoding, and loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from urllib.parse import quote, urlsplit

from archiver.store.timeline import StoredCapture, Timeline
from archiver.web import notices, policy
from archiver.web.messages import Request, Response
from archiver.web.moment import digits_of, parse_view
from archiver.web.replay import Replay

_BACK = "/@reader/"
_MOST = 500  # captures of an address that are looked through
_BODY = re.compile(
    rb"<!--.*?-->|<(?P<raw>script|style|title|template|noscript)\b.*?</(?P=raw)\b"
    rb"|(?P<body><body(?:[\s/](?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)?>)",
    re.IGNORECASE | re.DOTALL,
)  # a body tag inside a script, a comment and the like is none
_STYLE = (
    "all:initial;display:block;box-sizing:border-box;width:100%;padding:6px 16px;background:#23282d;color:#e8e6e1;"
    "font:13px/1.5 system-ui,sans-serif;text-align:center;position:relative;z-index:2147483647"
)
_LINK = "all:unset;cursor:pointer;color:#9ecbff;text-decoration:underline;margin:0 6px"


class Banner:
    """Adds the line to answers between a replay and its server."""

    def __init__(self, replay: Replay, timeline: Timeline, reader: str) -> None:
        """Add the line to what the replay answers; `reader` is where the reader is."""
        self._replay = replay
        self._timeline = timeline
        self._port = urlsplit(reader).port

    def respond(self, request: Request) -> Response:
        """Return the answer of the replay, a page with the line above it."""
        if request.target.startswith(_BACK):
            return self._back(request)
        if not self._is_page(request):
            return self._replay.respond(request)
        plain = replace(request, headers={**request.headers, "accept-encoding": "identity"})
        response = self._replay.respond(plain)
        capture, kind = response.header("x-archive-capture"), response.header("content-type") or ""
        if response.status != 200 or not capture or not kind.startswith("text/html"):
            return response
        line = self._line(request, int(capture))
        return replace(response, body=_inserted(response.body, line)) if line else response

    def _is_page(self, request: Request) -> bool:
        """Return whether a browser asks for a whole page, not for a part of one or the recorded bytes."""
        if request.method not in ("GET", "HEAD") or request.headers.get("sec-fetch-dest", "document") != "document":
            return False
        return "id_/" not in request.target.partition("?")[0][:24]

    def _line(self, request: Request, capture: int) -> bytes | None:
        view = parse_view(request.target)
        site = self._replay.site
        url = site.canonical(site.origin + view.path) if view else None
        held = [one for one in self._timeline.all(url, _MOST) if one.status == 200] if url else []
        place = next((index for index, one in enumerate(held) if one.id == capture), None)
        if url is None or place is None:
            return None
        parts = [f"Archived {escape(held[place].fetched_at)}", *_neighbours(held, place)]
        parts.append(_link(_BACK + notices.path_of(url).lstrip("/"), "Open in the reader"))
        inner = " &#183; ".join(parts)
        return f'<archive-banner role="note" style="{_STYLE}">{inner}</archive-banner>'.encode(
            "ascii", "xmlcharrefreplace"
        )

    def _back(self, request: Request) -> Response:
        """Redirect to the reader: a page's sandbox lets it go nowhere else, but our own redirect may."""
        path = "/" + request.target.removeprefix(_BACK)
        site = self._replay.site
        url = site.canonical(site.origin + path) or site.origin
        number = site.post_id(url)
        target = f"/posts/{number}" if number else f"/captures?url={quote(url, safe='')}"
        host = urlsplit(request.origin).hostname or "127.0.0.1"
        shown = f"[{host}]" if ":" in host else host
        return Response(302, (("Location", f"http://{shown}:{self._port}{target}"), *policy.ALWAYS), b"")


def _neighbours(held: list[StoredCapture], place: int) -> Iterator[str]:
    """Yield links to the captures before and after one; `held` is latest first."""
    for index, words in ((place + 1, "Earlier"), (place - 1, "Later")):
        if 0 <= index < len(held):
            one = held[index]
            yield _link(f"/@{digits_of(one.fetched_at)}{notices.path_of(one.url)}", f"{words}: {one.fetched_at[:10]}")


def _link(path: str, words: str) -> str:
    return f'<a style="{_LINK}" href="{escape(quote(path, safe="/:?&=%@"))}">{escape(words)}</a>'


def _inserted(page: bytes, line: bytes) -> bytes:
    """Return a page with a line at the top of its body, or at its end where that cannot be found."""
    found = next((match for match in _BODY.finditer(page) if match["body"]), None)
    return page[: found.end()] + line + page[found.end() :] if found else page + line
