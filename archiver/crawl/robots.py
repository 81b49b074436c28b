"""robots.txt: fetched once per run, and obeyed; a host whose rules cannot be fetched is not asked for anything.

Without the rules of the blog's own host the run ends; those of another host concern the addresses there.

RFC 9309, section 2.3.1: 4xx means no rules; 5xx and no answer mean no access.
"""

from __future__ import annotations

import asyncio
import re
from codecs import BOM_UTF8
from typing import Any, Self
from urllib.parse import quote_from_bytes, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http.request import NO_CALLBACK

from archiver.crawl.inside import inside
from archiver.crawl.manners import PASSING
from archiver.crawl.run import Run, run_of
from archiver.errand import KEY, RULES, Errand
from archiver.errors import ArchiverError, RateLimited, Refused, Unreachable, in_words, is_unreachable
from archiver.items import CUT, FORBIDDEN, OUT_OF_BOUNDS
from archiver.urls import ROBOTS

LONGEST = 512 * 1024
"""Bytes of robots.txt that count: RFC 9309, section 2.5, asks for at least 500 KiB."""

ATTEMPTS = 3
"""Times robots.txt is asked for while a server or a connection fails."""

LONGEST_DELAY = 60.0
"""Seconds to which a `Crawl-delay` is cut: a longer one would make a crawl last for years."""


NOWHERE = (f"{OUT_OF_BOUNDS}: on another site", f"{OUT_OF_BOUNDS}: not a web address", "max redirections")
"""How the refusals of redirects begin that lead to no rules, which count as missing rules (2.3.1.2)."""

PRODUCT = "blog-archiver"
"""The name of this program in rules (2.2.1)."""

_NAME = re.compile(r"^([ \t]*user[- ]?agent[ \t]*[: \t][ \t]*)(\*(?![\w-])|[a-z_-]*).*", re.IGNORECASE | re.MULTILINE)
_PLAIN = bytes(range(0x20, 0x7F)) + b"\t\n"


def parse_rules(body: bytes) -> Protego:
    """Return the rules of a robots.txt, normalised before Protego reads it.

    Left out are a byte order mark, what follows the bytes that count, and a line they end within, which would say
    something else. Bytes that are not plain ASCII are escaped (RFC 9309, 2.2.2), since others end lines, too. A group
    is this program's by its whole name (2.2.1), where Protego takes the beginning of one for the name.
    """
    text = body.removeprefix(BOM_UTF8).replace(b"\r", b"\n")
    if len(text) > LONGEST:
        text = text[: text.rfind(b"\n", 0, LONGEST) + 1]
    return Protego.parse(_NAME.sub(_as_named, quote_from_bytes(text, safe=_PLAIN)))


def _as_named(line: re.Match[str]) -> str:
    """Return a line that says whose the rules are: everyone's, this program's or another's."""
    name = line[2].lower()
    return line[1] + (name if name in ("*", PRODUCT) else "another")


class RobotsMiddleware:
    """Lets a request pass if its host's robots.txt does."""

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self.crawler = crawler
        self.run = run
        self.pause = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.rules: dict[str, asyncio.Task[Protego | str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's run."""
        return cls(crawler, run_of(crawler))

    async def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for what robots.txt forbids, and for everything when it cannot be had."""
        if Errand.of(request.meta).kind == RULES:
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules:
            self.rules[origin] = asyncio.ensure_future(self._ask(origin))
        rules = await asyncio.shield(self.rules[origin])
        if isinstance(rules, str):
            raise IgnoreRequest(f"not asked for: {rules}")
        if not rules.can_fetch(request.url, PRODUCT):
            raise IgnoreRequest(FORBIDDEN)

    async def _ask(self, origin: str) -> Protego | str:
        """Return the rules of a host, or why there are none; without those of the blog's own host, stop the run.

        Failures that may pass are retried, since one cut connection should not cost a night's run.
        """
        url = f"{origin}{ROBOTS}"
        found = ""
        kind: type[ArchiverError] = RateLimited
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(self.pause * attempt)
            try:
                request = Request(url, callback=NO_CALLBACK, meta={KEY: Errand(kind=RULES)})
                response = await self._engine().download_async(request)
            except IgnoreRequest as error:
                if str(error).startswith(NOWHERE):
                    return self._parsed(origin, b"")
                found = str(error)
                continue
            except Exception as error:
                found, kind = f"no answer ({in_words(error)})", Unreachable if is_unreachable(error) else RateLimited
                continue
            if CUT in response.flags:
                found, kind = CUT, RateLimited
                continue
            if response.status < 500 and response.status not in (403, 429):
                return self._obeyed(origin, self._parsed(origin, response.body if response.status == 200 else b""))
            found, kind = f"HTTP {response.status}", RateLimited
            if response.status not in PASSING:
                break
        return self._without(origin, f"{url}: expected the site's rules, found {found}", kind)

    def _engine(self) -> Any:
        if self.crawler.engine is None:
            raise RuntimeError("the engine has not started")
        return self.crawler.engine

    def _parsed(self, origin: str, body: bytes) -> Protego:
        rules = parse_rules(body)
        delay = rules.crawl_delay(PRODUCT)
        if delay and origin == self.run.site.base:
            try:
                self._slow_down(min(float(delay), LONGEST_DELAY))
            except ArchiverError as error:
                self.run.stop(error)
        return rules

    def _slow_down(self, delay: float) -> None:
        """Keep at least this many seconds between requests, in this run."""
        downloader = self._engine().downloader
        lasting = inside(downloader, "per_slot_settings")
        for host, slot in inside(downloader, "slots").items():
            slot.delay = max(inside(slot, "delay"), delay)
            # A slot that is idle for a minute is dropped, and created again from this.
            lasting[host] = {"delay": slot.delay, "concurrency": slot.concurrency}
        throttle = self.crawler.get_extension(AutoThrottle)
        if throttle is not None:
            throttle.mindelay = max(inside(throttle, "mindelay"), delay)

    def _without(self, origin: str, message: str, kind: type[ArchiverError]) -> str:
        if origin == self.run.site.base:
            self.run.stop(kind(f"{message}; without them nothing is asked for, run again later"))
        return message

    def _obeyed(self, origin: str, rules: Protego) -> Protego:
        """Return the rules; where they forbid the blog as a whole, stop the run."""
        site = self.run.site
        pages = {site.front_url(), site.catalogue_url(), *site.list_urls(), site.post_url(1) or site.front_url()}
        if origin == site.base and not any(rules.can_fetch(site.fetch_url(page), PRODUCT) for page in pages):
            message = (
                f"{origin}/robots.txt forbids all of the blog; nothing was asked for, and everything archived stays"
            )
            self.run.stop(Refused(message))
        return rules
