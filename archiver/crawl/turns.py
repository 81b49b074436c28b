"""Turns: a request goes out when the server may be asked, whoever else crawls it.

Scrapy's own pauses come before; this is the last place before the wire, so nothing holds up a request that has had
its turn.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archiver import clock
from archiver.clock import timestamp
from archiver.crawl.boundaries import PublicResolver
from archiver.crawl.inside import inside
from archiver.crawl.rests import PATIENCE
from archiver.crawl.run import run_of
from archiver.crawl.wire import WireDownloadHandler
from archiver.errors import ArchiverError, RateLimited

_UNJUDGED = (
    "expected to look up {} by TWISTED_DNS_RESOLVER, which keeps requests from this machine and network, found that "
    "Scrapy {} has not asked it; install the version that constraints.txt names"
)


class TurnDownloadHandler(WireDownloadHandler):
    """Waits for the request's turn, and downloads as its base does."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawler: Any = crawler
        self._run = run_of(crawler)
        self._pause = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._unjudged = ""

    async def download_request(self, request: Request) -> Response:
        """Download in turn.

        Raises RateLimited when the server rests for longer than a run can wait, IgnoreRequest when its name was not
        looked up by the resolver that refuses private addresses; the run ends then.
        """
        if self._unjudged:
            raise IgnoreRequest(self._unjudged)
        while wait := self._turn(request):
            if wait > PATIENCE:
                raise RateLimited(f"the server wants no requests before {timestamp(clock.now() + wait)}")
            await asyncio.sleep(wait.total_seconds())
        response = await super().download_request(request)
        if not PublicResolver.has_judged(request):
            self._unjudged = _UNJUDGED.format(urlsplit(request.url).hostname, scrapy.__version__)
            self._run.stop(ArchiverError(self._unjudged))
            raise IgnoreRequest(self._unjudged)
        return response

    def _turn(self, request: Request) -> timedelta:
        try:
            return self._run.servers.turn(request.url, self._pause_of(request))
        except ArchiverError as error:
            self._run.stop(error)
            raise

    def _pause_of(self, request: Request) -> float:
        """Return the current seconds between requests: the server may be slow, or ask for more."""
        slot = inside(self._crawler.engine.downloader, "slots").get(request.meta.get("download_slot"))
        return float(slot.delay) if slot else self._pause
