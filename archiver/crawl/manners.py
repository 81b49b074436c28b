"""Manners: when to ask again, when to rest, and when to stop for today.

A refusal (429, 503) rests the whole host: as long as `Retry-After` says, or for a back-off that doubles. Refusals of
several addresses in a row end the run: crawlers that continued were shut out. So do connections cut in a row, which is
how the blog was seen to ban crawlers, and a site that cannot be reached. One address alone ends nothing, whatever it
answers: a post with a password always says 403. What another host does concerns the addresses there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object

from archiver import clock
from archiver.clock import timestamp
from archiver.crawl.rests import PATIENCE
from archiver.crawl.run import Run, run_of
from archiver.errand import RULES, Errand, noted
from archiver.errors import ArchiverError, RateLimited, Unreachable, in_words, is_unreachable
from archiver.items import CUT, EMPTY
from archiver.pages.answers import is_empty
from archiver.pages.ending import ending_of
from archiver.store import endings
from archiver.store.endings import KINDS, Ending
from archiver.store.frontier import FAILING
from archiver.store.runs import LONGEST_REST

REFUSALS = frozenset({403, 429, 503})
"""Statuses by which a server says: not now."""

FORBIDDEN = 403
"""The one of them that may be about the address alone: others are asked for meanwhile, and this one once more."""

PASSING = frozenset({408, 500, 502, 504, 522, 524})
"""Statuses that concern one request and may be different next time."""

CUTS = frozenset({"DownloadFailedError", "ConnectionDone", "ConnectionLost", "ResponseFailed"})
"""Names of exceptions by which a ban shows: the connection ends without an answer."""

MOST_IN_A_ROW = 5
"""Addresses that refuse, are cut off or cannot be reached in a row, after which the run ends."""

LEAST_BACK_OFF = timedelta(seconds=0.1)
LONGEST_BACK_OFF = timedelta(minutes=10)


class MannersMiddleware:
    """Retries what may succeed later, backs off when told to, ends the run when the site says stop."""

    def __init__(self, run: Run, retries: int, pause: float, passing: tuple[type[Exception], ...]) -> None:
        self.run = run
        self.retries = retries
        self.passing = passing
        self.pause = max(timedelta(seconds=pause), LEAST_BACK_OFF)
        self.unanswered: dict[str, str] = {}
        """Addresses of the blog that got no answer in this run, each with what was in the way."""
        self.in_a_row: set[str] = set()
        """Those that got none since the last address that did."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware for a crawler's run."""
        settings = crawler.settings
        passing = tuple(load_object(each) for each in settings.getlist("RETRY_EXCEPTIONS"))
        return cls(run_of(crawler), settings.getint("RETRY_TIMES"), settings.getfloat("DOWNLOAD_DELAY"), passing)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the request to repeat later."""
        reason = f"HTTP {response.status}"
        if response.status in REFUSALS:
            return self._refused(request, response, reason)
        if response.status in PASSING:
            return self._later(request, reason, self._back_off(request)) or response
        if is_empty(Errand.of(request.meta).kind, response.status, response.body):
            return self._later(request, EMPTY, self._back_off(request), most=1) or response
        if self._is_cut(request, response):
            again = self._later(request, CUT, self._back_off(request))
            return again or response.replace(flags=[*response.flags, CUT])
        if self._is_own(request):
            self.in_a_row.clear()
            self.unanswered.pop(request.url, None)
            self.run.unanswered = None
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request to repeat later, or None to let it fail."""
        if not isinstance(exception, self.passing):
            return None
        reason = in_words(exception)
        if type(exception).__name__ in CUTS:
            self._count(request, "the connection was cut", RateLimited)
        elif is_unreachable(exception):
            self._count(request, reason, Unreachable)
        return self._later(request, reason, self._back_off(request))

    def _is_cut(self, request: Request, response: Response) -> bool:
        """Return whether a page was cut short, by its content coding or by how pages of its kind end."""
        if response.status != HTTPStatus.OK:
            return False
        if CUT in response.flags:
            return True
        kind = Errand.of(request.meta).kind
        return kind in KINDS and endings.judge(self.run.archive.session, kind, ending_of(response.body)) is Ending.CUT

    def _refused(self, request: Request, response: Response, reason: str) -> Request | Response:
        """Rest the host when it asks for that; postpone an address that asks for more than a run can wait."""
        asked = retry_after(response, clock.now())
        wait = asked or self._back_off(request)
        self._count(request, reason, RateLimited, asked)
        if wait > PATIENCE:
            request.meta.update(noted(request.meta, not_before=timestamp(clock.now() + wait)))
            return response
        if response.status == FORBIDDEN and asked is None:
            return self._later(request, reason, wait, most=1) or response
        if self._is_own(request):
            self.run.rest(wait, f"{request.url} answered {reason}")
        else:
            self.run.servers.rest(request.url, clock.now() + wait, f"{request.url} answered {reason}")
        return self._later(request, reason, wait) or response

    def _later(self, request: Request, reason: str, wait: timedelta, most: int | None = None) -> Request | None:
        errand = Errand.of(request.meta)
        if errand.kind == RULES:  # which is outside the queue: no pause there
            return None
        # An address that has failed before is likely to fail again, and is tried less often.
        retries = 0 if errand.failures >= FAILING else 1 if errand.failures else self.retries
        if errand.attempts >= min(retries, self.retries if most is None else most):
            return None
        meta = noted(request.meta, attempts=errand.attempts + 1, reason=reason, wait=wait)
        return request.replace(dont_filter=True, meta=meta)

    def _back_off(self, request: Request) -> timedelta:
        """Return how long to wait before the next repetition: the pause between requests, doubled each time."""
        return min(self.pause * (2 << Errand.of(request.meta).attempts), LONGEST_BACK_OFF)

    def _is_own(self, request: Request) -> bool:
        return self.run.site.canonical(request.url) is not None

    def _count(self, request: Request, what: str, kind: type[ArchiverError], asked: timedelta | None = None) -> None:
        """Count an address of the blog that got no answer; after several in a row the run ends.

        If the site asks for a rest longer than a run can wait, a second address that says so is enough.
        """
        if not self._is_own(request) or Errand.of(request.meta).kind == RULES:
            return
        self.unanswered[request.url] = what
        self.in_a_row.add(request.url)
        number = len(self.in_a_row)
        long = asked is not None and asked > PATIENCE
        where = f"at {number} addresses in a row" if number > 1 else f"at {request.url}"
        did = "did not answer" if kind is Unreachable else f"refused us for {asked}" if long else "refused us"
        self.run.unanswered = kind(f"the site {did} {where} ({what}); nothing is lost, run again later")
        if long:
            self.run.rests.asked = clock.now() + (asked or LONGEST_REST)
        if number >= MOST_IN_A_ROW or (long and number > 1):
            for url, reason in self.unanswered.items():  # it was not about them, as far as one can tell
                self.run.have_wait(self.run.site.resolve(url) or url, reason)
            self.run.stop(self.run.unanswered)


def retry_after(response: Response, now: datetime) -> timedelta | None:
    """Return how long a response asks to wait, at most a day; None when it does not say, or says no valid time.

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
