"""Downloader middlewares: the gate, and the recorder."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import cookies
from scrapy.http import Response
from tldextract import TLDExtract

from archiver.crawl.message import request_bytes, response_bytes
from archiver.crawl.run import ResponseHead, Run, run_of
from archiver.errors import ArchiverError
from archiver.pages.gate import is_gate
from archiver.store.database import timestamp

KNOCKS = 2
"""How often the gate is asked again with its cookie: once is what crawlers that ran against it needed."""

logger = logging.getLogger(__name__)

# Scrapy's cookie jar would ask the web for the list of public suffixes; the copy that comes with the library will do.
cookies._split_domain = TLDExtract(suffix_list_urls=(), include_psl_private_domains=True)


class GateMiddleware:
    """Repeats a request that met the cookie gate, now with the cookie; what still meets it is a gap, not content."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the same request again."""
        if not is_gate(response.status, response.body):
            return response
        knocks = request.meta.get("gate_knocks", 0)
        if knocks < KNOCKS:
            return request.replace(dont_filter=True, meta={**request.meta, "gate_knocks": knocks + 1})
        logger.warning("the gate stayed shut at %s after %d repetitions with its cookie", request.url, KNOCKS)
        return response.replace(status=403)


class WarcMiddleware:
    """Records every exchange before anything else sees the response.

    A record that cannot be written ends the run: what is not recorded must not be stored.
    """

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self.crawler = crawler
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the recorder of a crawler's run."""
        return cls(crawler, run_of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Record the exchange and note in the request's `meta` where it is."""
        # The downloader's latency ends when the headers arrive; a record is dated by its request.
        sent = datetime.now(UTC) - timedelta(seconds=request.meta.get("download_latency", 0.0))
        head = ResponseHead(
            target_uri=response.url,
            fetched_at=sent,
            status=response.status,
            content_type=_header(response, "Content-Type") or "",
            ip_address=str(response.ip_address) if response.ip_address else None,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
        )
        url = self.run.site.resolve(response.url) or response.url
        try:
            capture = self.run.record(url, request_bytes(request), response_bytes(response), head)
        except ArchiverError as error:
            self.run.stop(error)
            raise
        request.meta["capture_id"] = capture
        request.meta["fetched_at"] = timestamp(sent)
        return response


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value is not None else None
