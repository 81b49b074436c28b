"""The frontier as Scrapy's scheduler."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Self, TypeVar, cast

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from archiver import clock
from archiver.clock import timestamp
from archiver.crawl.boundaries import refusal
from archiver.crawl.run import Run, run_of
from archiver.errand import Errand, noted
from archiver.errors import ArchiverError
from archiver.items import LEFT_OUT
from archiver.store import freshness, frontier

LONGEST_START = 5.0
"""Seconds a spider has to say where it starts; one with nothing to say must not hold up the queue."""

Method = TypeVar("Method", bound=Callable[..., Any])


def ends_run(method: Method) -> Method:
    """Make a failure of the database end the run; from then on the method returns None: nothing more is to be done."""

    @wraps(method)
    def guarded(self: FrontierScheduler, *arguments: Any) -> Any:
        if self.run.archive.failure is not None:
            return None
        try:
            return method(self, *arguments)
        except ArchiverError as error:
            self.run.stop(error)
            return None

    return cast("Method", guarded)


class FrontierScheduler(BaseScheduler):
    """Keeps requests as rows of the frontier; the row is the request.

    A new request becomes a pending row unless this run has had it. A repeated one returns its row to the pending ones,
    later. What continues a leased row (a redirect, the gate's second knock) goes ahead at once.
    """

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self.crawler = crawler
        self.run = run
        self.session = run.archive.session
        self.continued: deque[Request] = deque()
        self.beside = freshness.Beside(self.session)
        self.posts = 0
        self.begun = False
        """Whether the spider has said where it starts: lists come before everything that waits."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the scheduler for a crawler's run."""
        return cls(crawler, run_of(crawler))

    def open(self, spider: Spider) -> None:
        """Note the spider whose callbacks read the pages, and have the canary judge them."""
        self.spider = spider
        spider.judge = self.run.canary.judge  # type: ignore[attr-defined]
        asyncio.get_running_loop().call_later(LONGEST_START, self._begin)

    def _begin(self) -> None:
        self.begun = True
        self._wake()

    @ends_run
    def close(self, reason: str) -> None:
        """Make the last work durable."""
        self.run.work.commit()

    @ends_run
    def has_pending_requests(self) -> bool:
        """Return whether anything is left to fetch, now or later."""
        return bool(self.continued) or frontier.has_pending(self.session, without=self._left_out)

    @property
    def _left_out(self) -> set[str]:
        """Kinds of page not asked for: those not as expected or left out, and posts once there are enough."""
        limit = self.run.limit
        enough = limit is not None and self.posts - self.run.counts.gaps["post"] >= limit
        is_told = {*self.run.site.profile.lists} > {"furniture"}  # if no list names the posts, links lead to them
        beside = frontier.FURNITURE if limit is not None and (enough or is_told) else frozenset()
        return {*self.run.canary.closed, *self.run.without, *beside, *({"post"} if enough else ())}

    @ends_run
    def enqueue_request(self, request: Request) -> bool:
        """Store a request; return whether it is to be made."""
        self.begun = True
        errand = Errand.of(request.meta)
        if errand.url is None or not errand.leased:
            return self._add(request.url, errand)
        if errand.wait is not None:
            later = timestamp(clock.now() + errand.wait)
            frontier.postpone(self.session, errand.url, errand.reason, not_before=later)
            self._wake_after(errand.wait)
        else:
            self.continued.append(request)
        return True

    def _wake_after(self, wait: timedelta) -> None:
        """Make the engine ask for the next request when a wait is over; by itself it asks every five seconds."""
        seconds = wait.total_seconds() + 1  # rows count whole seconds
        asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        # Private; without it the engine's own clock has to do.
        call = getattr(getattr(self.crawler.engine, "_slot", None), "nextcall", None)
        if schedule := getattr(call, "schedule", None):
            schedule()

    def _add(self, address: str, errand: Errand) -> bool:
        kind, site = errand.kind, self.run.site
        url = site.resolve(address) or address
        reason = refusal(url, self.run, chosen=kind == "index")
        if reason:
            frontier.skip(self.session, url, kind, reason, run_id=self.run.id, now=timestamp())
            return False
        if errand.listed.get("is_beyond"):
            self.run.leave_unread(url, kind)
            return False
        if not self.run.full and not freshness.wanted(self.session, url, kind, errand.listed, site, self.beside):
            return False
        if kind in self.run.without:
            if not frontier.is_known(self.session, url):
                frontier.skip(self.session, url, kind, LEFT_OUT, run_id=self.run.id, now=timestamp())
            return False
        # A full run that is resumed does not ask for everything a second time; lists have news in each run.
        since = self.run.cycle if self.run.full and kind not in frontier.LISTS else self.run.id
        return frontier.add(self.session, url, kind, run_id=self.run.id, now=timestamp(), since=since)

    @ends_run
    def next_request(self) -> Request | None:
        """Lease the next row and return its request, or None when nothing may be asked for now."""
        if left := self.run.rests.left:
            self._wake_after(left)
            return None
        if self.continued:
            return self.continued.popleft()
        if not self.begun:
            return None
        lease = frontier.lease(self.session, run_id=self.run.id, now=timestamp(), without=self._left_out)
        if lease is None:
            return None
        self.posts += lease.kind == "post"
        return self._request(lease)

    def _request(self, lease: frontier.Lease) -> Request:
        spider: Any = self.spider
        request: Request = spider.ask(lease.url, lease.kind)
        known = {"archived": lease.archived, "attempts": lease.attempts, "failures": lease.failures}
        request.meta.update(noted(request.meta, leased=True, **known))
        return request
