"""Manners: when to ask again, when to rest, and when to stop for today.

A refusal (429, 503, 403 without the gate's script) rests the whole host: as long as `Retry-After` says, or for a
back-off that doubles. Refusals in a row end the run: crawlers that went on were shut out. So do connections cut in a
row, which is how the blog was seen to ban.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object

from archiver.crawl.run import PATIENCE, Run, run_of
from archiver.errors import RateLimited, in_words
from archiver.store.runs import LONGEST_REST

REFUSALS = frozenset({403, 429, 503})
"""Statuses by which a server says: not now."""

PASSING = frozenset({408, 500, 502, 504, 522, 524})
"""Statuses that concern one request and may be different next time."""

CUTS = frozenset({"DownloadFailedError", "ConnectionDone", "ConnectionLost", "ResponseFailed"})
"""Names of exceptions by which a ban shows: the connection ends without an answer."""

MOST_IN_A_ROW = 5
"""Refusals or cuts in a row after which the run ends."""

LEAST_BACK_OFF = timedelta(seconds=0.1)
LONGEST_BACK_OFF = timedelta(minutes=10)
logger = logging.getLogger(__name__)


class MannersMiddleware:
    """Repeats what may go well later, rests when told to, ends the run when the site says stop."""

    def __init__(self, run: Run, retries: int, pause: float, passing: tuple[type[Exception], ...]) -> None:
        self.run = run
        self.retries = retries
        self.passing = passing
        self.pause = max(timedelta(seconds=pause), LEAST_BACK_OFF)
        self.in_a_row = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawler's run."""
        settings = crawler.settings
        passing = tuple(load_object(each) for each in settings.getlist("RETRY_EXCEPTIONS"))
        return cls(run_of(crawler), settings.getint("RETRY_TIMES"), settings.getfloat("DOWNLOAD_DELAY"), passing)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the request to be made again later."""
        reason = f"HTTP {response.status}"
        if response.status in REFUSALS:
            wait = retry_after(response, datetime.now(UTC)) or self._back_off(request)
            self.run.rest(wait, f"{request.url} answered {reason}")
            self._count(f"{reason} at {request.url}", wait)
            return self._later(request, reason, wait) or response
        if response.status in PASSING:
            return self._later(request, reason, self._back_off(request)) or response
        self.in_a_row = 0
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request to be made again later, or None to let it fail."""
        if not isinstance(exception, self.passing):
            return None
        reason = in_words(exception)
        if type(exception).__name__ in CUTS:
            self._count(f"the connection was cut at {request.url}", self._back_off(request))
        return self._later(request, reason, self._back_off(request))

    def _later(self, request: Request, reason: str, wait: timedelta) -> Request | None:
        attempt = request.meta.get("retry_times", 0) + 1
        if attempt > self.retries or request.meta.get("is_robots_txt"):  # which is outside the queue: no pause there
            return None
        meta = {**request.meta, "retry_times": attempt, "retry_reason": reason, "retry_wait": wait}
        return request.replace(dont_filter=True, meta=meta)

    def _back_off(self, request: Request) -> timedelta:
        """Return how long to wait before the next repetition: the pause between requests, doubled each time."""
        repetitions: int = request.meta.get("retry_times", 0)
        return min(self.pause * (2 << repetitions), LONGEST_BACK_OFF)

    def _count(self, what: str, wait: timedelta) -> None:
        """Count a refusal; after several in a row, or one that asks for a long rest, the run ends."""
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW or wait > PATIENCE:
            times = f"{self.in_a_row} times in a row" if self.in_a_row > 1 else f"for {wait}"
            message = f"the site refused us {times} ({what}); stopped early, nothing is lost, run again later"
            self.run.stop(RateLimited(message))


def retry_after(response: Response, now: datetime) -> timedelta | None:
    """Return how long a response asks to wait, at most a day; None when it does not say, or nothing that is a time.

    The header holds seconds or an HTTP date (RFC 9110, section 10.2.3).
    """
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
        return min(timedelta(seconds=min(seconds, LONGEST_REST.total_seconds())), LONGEST_REST)
    try:
        until = parsedate_to_datetime(value)
    except (OverflowError, TypeError, ValueError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_REST)
