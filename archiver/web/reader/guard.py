"""Who may ask, and what every answer tells the browser.

The reader listens on this machine; a page elsewhere could still have its own name resolve to it, or ask it in the
background. So only names of this machine are answered, and whatever another site requests without the person going
there is refused. So is a form sent from another origin, even from another port of this machine. Listening for other
machines takes a token, which the browser keeps in a cookie after the first visit, and an e-reader or a feed reader
sends as a password.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.web.server import hosts_at

# MathJax writes the sizes of what it draws into a style sheet of the page. Archived markup keeps no style of its own,
# and nothing that a style could load comes from elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no-referrer, a form over plain HTTP to another machine would not say where it comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-cache",
}
"""Headers of every answer that does not say otherwise."""

COOKIE = "archiver-token"
_LONGEST_QUERY = 16_384  # bytes: the longest SQL anybody types
_LONGEST_PATH = 2_048


@dataclass(frozen=True, slots=True)
class Access:
    """The rules for who is let in."""

    port: int
    token: str | None = None
    """None for this machine only; else the token that others have to show."""
    forms: bool = False
    """Whether forms can change anything."""


class Guard:
    """Checks requests before they reach the application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._hosts = hosts_at(access.port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            return
        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, _with_headers(send))

    def _refused(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if scope["method"] == "POST" and self._access.forms:
            if not _from_here(headers):
                return PlainTextResponse("expected a form of the reader's own pages\n", 403)
        elif scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("expected GET or HEAD: the reader changes nothing\n", 405, {"Allow": "GET, HEAD"})
        if len(scope["query_string"]) > _LONGEST_QUERY or len(scope.get("raw_path") or b"") > _LONGEST_PATH:
            return PlainTextResponse("the address is too long\n", 414)
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("another site may link to the reader, not read it\n", 403)
        if self._access.token is not None:
            return self._without_token(scope, self._access.token)
        if headers.get("host", "").lower() not in self._hosts or len(headers.getlist("host")) != 1:
            return PlainTextResponse("expected this server under one of its own names\n", 403)
        return None

    def _without_token(self, scope: Scope, token: str) -> ASGIApp | None:
        """Return the refusal of a request without the token; a first visit that brings it gets the cookie."""
        request = Request(scope)
        if _same(request.query_params.get("token"), token):
            kept = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "token"]
            path = "/" + request.url.path.lstrip("/")
            answer = RedirectResponse(path + (f"?{urlencode(kept)}" if kept else ""), 303)
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")
            return answer
        if _same(request.cookies.get(COOKIE) or _credentials(request.headers.get("authorization", "")), token):
            return None
        said = "expected the token that `archiver serve` printed: open that address, or give it as the password\n"
        return PlainTextResponse(said, 401, {"WWW-Authenticate": 'Basic realm="archiver", charset="UTF-8"'})


def _from_here(headers: Headers) -> bool:
    """Return whether a form comes from a page of this origin, or from no page at all."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _credentials(authorization: str) -> str:
    """Return the token in a header: by itself, or as the password of any user, which is all that e-readers can send."""
    scheme, _, shown = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization.removeprefix("Bearer ")
    try:
        return base64.b64decode(shown, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _same(shown: str | None, token: str) -> bool:
    return hmac.compare_digest((shown or "").encode(), token.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
