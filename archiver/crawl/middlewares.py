"""Downloader middlewares: the gate, content codings, redirects, and the recorder."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import cookies
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from archiver.clock import timestamp
from archiver.crawl.inside import keep_suffixes_at_hand
from archiver.crawl.message import rebuilt
from archiver.crawl.run import Run, run_of
from archiver.crawl.wire import Exchange, take_exchange
from archiver.errand import Errand, noted
from archiver.errors import ArchiverError
from archiver.items import CUT, GATE
from archiver.pages.gate import is_gate
from archiver.store import captures
from archiver.store.frontier import FURNITURE
from archiver.warc import coding, message
from archiver.warc.writer import MAX_BLOCK

KNOCKS = 2
"""How often the gate is asked again with its cookie: once is what crawlers that ran against it needed."""

MOST_COOKIES = 4096
"""Bytes of cookies sent: servers refuse a request with a line of more than 8 KB; the gate's cookie has 20 bytes."""

SINGLE = frozenset({"post", "comments", "image", "requisite"}) | FURNITURE
"""Kinds of page that may be asked for conditionally: lists have to be walked."""

EVIDENCE = 1 << 20
"""Bytes that are recorded of a response larger than the limit."""

logger = logging.getLogger(__name__)


class GateMiddleware:
    """Repeats a request that met the cookie gate, now with the cookie; if still met, the gate is a gap, not content."""

    def __init__(self, run: Run) -> None:
        self.gate = run.site.profile.gate

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's run."""
        keep_suffixes_at_hand(cookies)
        return cls(run_of(crawler))

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the same request again."""
        if not is_gate(self.gate, response.status, response.body):
            return response
        knocks = Errand.of(request.meta).knocks
        if knocks < KNOCKS:
            return request.replace(dont_filter=True, meta=noted(request.meta, knocks=knocks + 1))
        logger.warning("the gate stayed shut at %s after %d repetitions with its cookie", request.url, KNOCKS)
        return response.replace(status=403, flags=[*response.flags, GATE])


class ContentCodingMiddleware:
    """Undoes the content coding of responses, and marks those whose coding does not end in order.

    In place of Scrapy's, which does not tell a coding that was cut short, and guesses a charset from coded bytes.
    A body that is not in the coding it claims, or in an unknown one, stays as it is, as in the archive's reader.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.accepted = coding.accepted()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's largest response."""
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE") or MAX_BLOCK)

    def process_request(self, request: Request) -> None:
        """Say which codings can be undone."""
        request.headers.setdefault("Accept-Encoding", self.accepted)

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response without its coding; raise IgnoreRequest when it would be larger than allowed."""
        values = response.headers.getlist("Content-Encoding")
        if not values:
            return response
        codings = message.tokens(tuple((_CODING, value) for value in values), _CODING)
        try:
            body, whole = coding.undo(response.body, codings, self.largest)
        except coding.ContentTooLarge as error:
            raise IgnoreRequest(f"the response exceeded DOWNLOAD_MAXSIZE: {error}") from error
        if body is response.body:
            return response
        del response.headers["Content-Encoding"]
        # Not by `replace`, which asks for the charset of the coded body.
        kept: dict[str, Any] = {name: getattr(response, name) for name in Response.attributes}
        kept |= {"body": body, "flags": response.flags if whole else [*response.flags, CUT]}
        return responsetypes.from_args(headers=response.headers, url=response.url, body=body)(**kept)


_CODING = b"content-encoding"


class RedirectsMiddleware(RedirectMiddleware):
    """Follows redirects as Scrapy does, and without a Referer, which is sent nowhere."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler; Scrapy's would look for what sets a Referer, and warn in every log."""
        made = cls(crawler.settings)
        made.crawler = crawler
        return made


class CookieLimitMiddleware:
    """Sends no more cookies than a server takes, the shortest first: one page could set too many for all others."""

    def process_request(self, request: Request) -> None:
        """Leave cookies out that make too long a line."""
        cookies = (request.headers.get("Cookie") or b"").split(b"; ")
        room, kept = MOST_COOKIES, set()
        for cookie in sorted(set(cookies), key=len):
            room -= len(cookie) + 2
            if room < 0:
                request.headers["Cookie"] = b"; ".join(each for each in cookies if each in kept)
                return
            kept.add(cookie)


class ValidatorMiddleware:
    """Asks only for what has changed, where the server sent validators before (RFC 9110, section 13.1)."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's run."""
        return cls(run_of(crawler))

    def process_request(self, request: Request) -> None:
        """Add the validators of what the archive has of this address."""
        # A style sheet names further files, and is asked for again by full runs alone: it has to be read.
        errand = Errand.of(request.meta)
        single = errand.kind in SINGLE and not request.url.partition("?")[0].endswith(".css")
        url = errand.url if single and errand.archived else None
        known = captures.validated(self.run.archive.session, url) if url else None
        if known and known.etag:
            request.headers["If-None-Match"] = known.etag
        elif known and known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified
        request.meta.update(noted(request.meta, confirms=known))


class WarcMiddleware:
    """Records every exchange before anything else sees the response.

    A record that cannot be written ends the run: what is not recorded must not be stored.
    """

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self.crawler = crawler
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the recorder for a crawler's run."""
        return cls(crawler, run_of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Record the exchange; a response that is not whole goes no further."""
        exchange = take_exchange(request) or rebuilt(request, response)
        self._record(request, exchange)
        if exchange.truncated:
            raise IgnoreRequest(f"the response broke off: {exchange.truncated}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Record what arrived of a download that failed."""
        if exchange := take_exchange(request):
            self._record(request, exchange)

    def _record(self, request: Request, exchange: Exchange) -> None:
        """Write an exchange, and note its location in the request's errand."""
        # The beginning of a response larger than the limit is evidence enough.
        if exchange.truncated == "length":
            exchange = replace(exchange, response=message.parse(exchange.response.block[:EVIDENCE]))
        target_uri = urldefrag(request.url)[0]
        url = self.run.site.resolve(target_uri) or target_uri
        try:
            capture = self.run.record(url, target_uri, exchange, Errand.of(request.meta).confirms)
        except ArchiverError as error:
            self.run.stop(error)
            raise
        request.meta.update(noted(request.meta, capture_id=capture, fetched_at=timestamp(exchange.sent_at)))
