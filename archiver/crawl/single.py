"""One page asked for by itself, outside any crawl: once, for the person who named it.

Nothing follows from its links, so this needs no frontier, no rules of robots.txt, which are for programs that find
their own way (RFC 9309, section 1), and none of Scrapy's time to start.
"""

from __future__ import annotations

import time
from collections.abc import Container, Mapping
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from archiver.config import without_secrets
from archiver.errors import ArchiverError, RateLimited, Unreachable, UsageError
from archiver.pages.charset import as_utf8
from archiver.pages.document import LARGEST
from archiver.settings import DEFAULT_REQUEST_HEADERS, DOWNLOAD_TIMEOUT, USER_AGENT
from archiver.warc import coding

SECONDS = float(DOWNLOAD_TIMEOUT)
"""Seconds that a page may take, from the request to the last byte received."""

_PIECE = 1 << 16
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
PAGES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain")
"""Media types of pages."""


class FetchedPage(NamedTuple):
    """The page as it arrived."""

    url: str
    """Address of the page itself, after redirects."""
    body: bytes
    """The body without its content coding; in UTF-8 if its mark or header named another charset."""
    headers: Mapping[str, str]


def fetch(
    url: str,
    *,
    contact: str = "",
    seconds: float = SECONDS,
    most: int = LARGEST,
    kinds: Container[str] | None = PAGES,
) -> FetchedPage:
    """Return the page at an http(s) address, by at most one request and its redirects.

    `most` is the largest body in bytes that is taken, `kinds` are the media types, None for any. Raises UsageError for
    what is no such address, RateLimited, Unreachable, or ArchiverError for any other answer than a page.
    """
    agent = USER_AGENT.replace(")", f"; {contact})") if contact else USER_AGENT
    ends = time.monotonic() + seconds
    try:
        headers = {**DEFAULT_REQUEST_HEADERS, "User-Agent": agent, "Accept-Encoding": "gzip"}
        request = Request(_written(url), headers=headers)  # noqa: S310  # the opener knows no other schemes
        with _opener().open(request, timeout=seconds) as response:
            return _page(response, url, ends, most, kinds)
    except HTTPError as error:
        with error:  # it is the response, which would stay open
            kind = RateLimited if error.code in _BUSY else ArchiverError
            reason = str(error.reason).partition("\n")[0]
            raise kind(f"expected a page at {url}, found status {error.code} {reason}") from error
    except (URLError, TimeoutError, HTTPException) as error:
        said = getattr(error, "reason", None) or error
        raise Unreachable(f"expected a page at {url}, found no answer: {str(said) or type(error).__name__}") from error
    except ValueError as error:
        raise UsageError(f"expected an http(s) address, found {without_secrets(url)!r} ({error})") from error


def _written(url: str) -> str:
    """Return an address as it is sent: ASCII, the host as IDNA has it (RFC 3987, section 3.1)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no scheme or no host")
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return quote(urlunsplit((parts.scheme, host, parts.path or "/", parts.query, "")), safe="%/:=&?~+!$,;'@()*[]")


def _opener() -> OpenerDirector:
    """Return an opener for the web only: a redirect to ftp: or file: finds no handler."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), HTTPRedirectHandler(), _Errors()):
        opener.add_handler(handler)
    return opener


class _Errors(HTTPRedirectHandler):
    """Raises for answers other than success."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        """Return a success, follow a redirect, raise HTTPError for the rest."""
        if 200 <= response.status < 300:
            return response
        answer = self.parent.error("http", request, response, response.status, response.reason, response.headers)
        return cast("HTTPResponse", answer)

    https_response = http_response

    def http_error_default(
        self, request: Request, response: HTTPResponse, code: int, reason: str, headers: object
    ) -> None:
        """Raise HTTPError."""
        raise HTTPError(request.full_url, code, reason, headers, response)  # type: ignore[arg-type]


def _page(response: HTTPResponse, url: str, ends: float, most: int, kinds: Container[str] | None) -> FetchedPage:
    kind = response.headers.get_content_type()
    if kinds is not None and kind not in kinds:
        raise ArchiverError(f"expected a page at {url}, found {kind}")
    body = b""
    while piece := response.read1(_PIECE):
        body += piece
        if time.monotonic() > ends:
            raise TimeoutError("it takes too long")
        if len(body) > most:
            raise ArchiverError(f"expected a page of at most {most} bytes at {url}, found more")
    codings = [each.strip().lower() for each in response.headers.get("Content-Encoding", "").split(",") if each.strip()]
    page = as_utf8(coding.decode(body, codings, most), response.headers.get("Content-Type"))
    return FetchedPage(response.url, page, dict(response.headers))
