"""The frontier as Scrapy's scheduler."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from archiver.crawl.run import Run, run_of
from archiver.store import frontier
from archiver.store.database import timestamp

BACK_OFF = timedelta(seconds=2)
"""Wait before the first repetition; doubles with each further one, as crawlers that ran against the blog did."""

CALLBACK = "parse_"
"""A callback's name without this is the kind of page."""


class FrontierScheduler(BaseScheduler):
    """Keeps requests as rows of the frontier; the row is the request.

    A new request becomes a pending row unless this cycle has it. A repeated one returns its row to the pending, later.
    What goes on with a leased row (a redirect, the gate's second knock) goes ahead at once.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.session = run.archive.session
        self.continued: deque[Request] = deque()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the scheduler of a crawler's run."""
        return cls(run_of(crawler))

    def open(self, spider: Spider) -> None:
        """Note the spider whose callbacks read the pages."""
        self.spider = spider

    def close(self, reason: str) -> None:
        """Make durable what came last."""
        self.run.commit()

    def has_pending_requests(self) -> bool:
        """Return whether anything is left to fetch, now or later."""
        return bool(self.continued) or (not self.run.full and frontier.has_pending(self.session))

    def enqueue_request(self, request: Request) -> bool:
        """Store a request; return whether it is to be made."""
        leased = request.meta.get("frontier_url")
        if leased is None:
            return self._add(request)
        attempt = request.meta.get("retry_times", 0)
        if attempt > request.meta["attempts"]:
            wait = datetime.now(UTC) + BACK_OFF * 2 ** (attempt - 1)
            reason = "asked again after a passing error"
            frontier.postpone(self.session, leased, reason, not_before=timestamp(wait))
        else:
            self.continued.append(request)
        return True

    def _add(self, request: Request) -> bool:
        kind = request.callback.__name__.removeprefix(CALLBACK) if request.callback else "other"
        url = self.run.site.resolve(request.url) or request.url
        return frontier.add(self.session, url, kind, cycle=self.run.cycle, now=timestamp())

    def next_request(self) -> Request | None:
        """Lease the next row and return its request, or None when nothing may be asked for now."""
        if self.continued:
            return self.continued.popleft()
        if self.run.full:
            return None
        lease = frontier.lease(self.session, cycle=self.run.cycle, now=timestamp())
        return self._request(lease) if lease else None

    def _request(self, lease: frontier.Lease) -> Request:
        spider: Any = self.spider
        request: Request = spider.ask(lease.url, lease.kind)
        request.meta.update(frontier_url=lease.url, attempts=lease.attempts, retry_times=lease.attempts)
        return request
