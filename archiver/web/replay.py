"""The blog given back as it was, from the records alone.

At the server's root are the blog's own addresses, as last seen or as of a date; `/@20260101/archives/8265` is one as of
another date, with `id_` after the date (or alone: `/@id_/archives/8265`) exactly the bytes that were recorded;
`/@/archives/8265` lists its captures, `/@link/archives/8265` lists them for programs (RFC 7089), `/@` lists all days.
Every answer says in its headers which capture it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import urljoin

from archiver.dates import last_second, parse_date
from archiver.errors import ArchiverError, UsageError
from archiver.pages.gate import is_gate, may_be
from archiver.pages.independent import parse_page
from archiver.pages.post import parse_post
from archiver.schedule.loop import stop_on_signals
from archiver.storage.elsewhere import storage
from archiver.store import blog
from archiver.store.timeline import END_OF_TIME, StoredCapture, Timeline
from archiver.urls import Site, origin
from archiver.warc.storage import Storage
from archiver.web import notices, policy
from archiver.web.answer import HTML, ShownCapture, answer, memento_url
from archiver.web.exchange import MEMORY, Exchanges, RecordedResponse
from archiver.web.messages import Request, Response
from archiver.web.moment import ReplayAddress, http_date, parse_http_date, parse_view
from archiver.web.rewriter import Rewriter
from archiver.web.server import LoopbackServer

_FILES = (".css", ".js", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".woff", ".woff2", ".ttf", ".otf")
"""Files that are the same whatever query follows their name; it is only there to get past caches."""

_PAGES = (".html",)
"""Pages that are the same whatever query follows: their scripts read it, as the list of everything does `?tag=`."""

_TO_THE_SECOND = len("20260101000000")
_MOST_LISTED = 500
_MOST_NEAR = 8

Candidates = Iterator[tuple[StoredCapture, bool]]


class Replay:
    """Answers requests from an archive; may be asked by several threads at once."""

    def __init__(
        self, warc: Storage, timeline: Timeline, site: Site, at: str = END_OF_TIME, memory: int = MEMORY
    ) -> None:
        """Answer for a site from the records in these files, as of `at` if an address names no date.

        `memory` is how many bytes of answers are kept for the next time.
        """
        self._exchanges = Exchanges(warc, timeline, memory)
        self._timeline = timeline
        self._at = at
        self.site = site
        self._rewriter = Rewriter(site.profile.hosts, timeline.hosts(site.origin))

    def respond(self, request: Request) -> Response:
        """Return the answer to a request; nothing is ever fetched."""
        if request.method not in ("GET", "HEAD"):
            return _own(405, notices.wrong(f"{request.method} {request.target}"), ("Allow", "GET, HEAD"))
        try:
            return self._list(request) or self._page(request)
        except (UsageError, ValueError) as error:  # ValueError: what is not a URL
            return _own(400, notices.wrong(str(error)))
        except ArchiverError as error:
            return _own(503, notices.wrong(str(error)))

    def first_page(self) -> str:
        """Return the path of a page to begin with: the front page or, if that is not archived, the list of posts."""
        return notices.path_of(next(iter(self._start(self._at)), self.site.front_url() + "@"))

    def _list(self, request: Request) -> Response | None:
        """Return the answer to an address that lists captures; None for others."""
        target = request.target
        if target in ("/@", "/@/"):
            return _own(200, notices.days(self._timeline.days(_MOST_LISTED), self._start()))
        if target.startswith("/@/"):
            url = self._canonical(target.removeprefix("/@"))
            return _own(200, notices.captures(url, self._timeline.all(url, _MOST_LISTED)))
        if target.startswith("/@link/"):
            url = self._canonical(target.removeprefix("/@link"))
            return _timemap(request, url, self._timeline.all(url, _MOST_LISTED)[::-1])
        return None

    def _page(self, request: Request) -> Response:
        """Return the answer to an address of the blog, perhaps with a date before it."""
        view = parse_view(request.target)
        if view is None:
            return _own(404, notices.wrong(request.target))
        if not view.path:
            return _own(302, b"", ("Location", request.target + "/"))
        until = self._moment(view, request)
        url = self._canonical(view.path)
        problems: list[str] = []
        dated = not view.digits and "accept-datetime" in request.headers
        for held, exchange in self._showing(self._candidates(url, view, until, dated=dated), problems):
            try:
                return answer(request, ShownCapture(held, exchange, view, not view.digits), self._rewriter_for(held))
            except ArchiverError as error:
                problems.append(str(error))
        if other := self._in_place_of(url, until):
            return _own(302, b"", ("Location", view.prefix + notices.path_of(other)))
        return self._missing(url, view, until, problems)

    def _showing(self, candidates: Candidates, problems: list[str]) -> Iterator[tuple[StoredCapture, RecordedResponse]]:
        """Yield what shows an address, the best first; add why captures cannot be read to `problems`.

        Captures that show nothing of the page wait until all others were tried, but come before its absence.
        """
        blank: list[tuple[StoredCapture, RecordedResponse]] = []
        for held, exactly in candidates:
            try:
                exchange = self._exchanges.read(held)
                shows = self._shows(held, exchange, exactly)
            except ArchiverError as error:
                problems.append(str(error))
                continue
            if blank and exchange.status >= 400:
                break
            if shows and exchange.is_blank and not exactly:
                blank.append((held, exchange))
            elif shows:
                yield held, exchange
        yield from blank

    def _moment(self, view: ReplayAddress, request: Request) -> str:
        """Return as of when the page is wanted."""
        if view.digits:
            return last_second(view.digits)
        wished = request.headers.get("accept-datetime")
        if wished is None:
            return self._at
        moment = parse_http_date(wished)
        if moment is None:
            raise UsageError(f"Accept-Datetime: expected an HTTP date, found {wished!r}")
        return moment

    def _canonical(self, path: str) -> str:
        """Return the address of the blog a path is.

        Raises ValueError when it can be none.
        """
        url = self.site.canonical(self.site.origin + path)
        if url is None:
            raise UsageError(f"expected a path of the blog, found {path!r}")
        return url

    def _candidates(self, url: str, view: ReplayAddress, until: str, *, dated: bool) -> Candidates:
        """Yield captures, the best first, each with whether it is exactly the one that was asked for.

        A picture, style or script may be from later: a page is archived before what it needs.
        A request for a date before the first capture gets that one (RFC 7089, section 4.5.3).
        """
        for address in self._spellings(url):
            if len(view.digits) == _TO_THE_SECOND:
                yield from ((held, True) for held in _ranked(partial(self._timeline.best, address, until, since=until)))
            yield from ((held, False) for held in _ranked(partial(self._timeline.best, address, until)))
            if until < END_OF_TIME:
                later = _ranked(partial(self._timeline.next, address, until))
                yield from ((held, False) for held in later if dated or _is_file(held))

    def _in_place_of(self, url: str, until: str) -> str | None:
        """Return the address that is shown for one without captures; None if there is none.

        For the root of a host of which the blog is a part, that is its front page; for a page of comments the post or
        page that shows it by itself: it is not fetched twice.
        """
        if url == f"{self.site.origin}/" and self.site.profile.path:
            return self.site.front_url()
        place = self.site.discussion(url)
        held = self._timeline.best(place[0], until) if place else None
        if place is None or held is None or held.status != 200:
            return None
        parse = parse_post if self.site.post_id(held.url) else parse_page
        try:
            body = self._exchanges.read(held).decoded()
            shown = parse(held.target_uri, body, replace(self.site, base=origin(held.target_uri)))
        except ArchiverError:
            return None
        return held.url if shown.comment_page == place[1] else None

    def _spellings(self, url: str) -> Iterator[str]:
        """Yield an address; if it is a file's, then the same without its query, or with another."""
        yield url
        bare = url.partition("?")[0]
        if bare != url and bare.lower().endswith(_PAGES):
            yield bare
        if bare.lower().endswith(_FILES):
            if bare != url:
                yield bare
            if other := self._timeline.with_any_query(bare):
                yield other

    def _shows(self, held: StoredCapture, exchange: RecordedResponse, exactly: bool) -> bool:
        """Return whether an answer is for this address: not a redirect to itself, nor the gate instead."""
        if exchange.location is not None:
            return _leads_to(held, exchange.location, self.site) != held.url
        gate = self.site.profile.gate
        if exactly or exchange.status not in (200, 403) or not may_be(gate, len(exchange.entity)):
            return True
        return not is_gate(gate, exchange.status, exchange.decoded())

    def _rewriter_for(self, held: StoredCapture) -> Rewriter:
        """Return the rewriter, which knows every server the blog was fetched from, even by a crawl since the start."""
        host = held.target_uri.partition("://")[2].partition("/")[0]
        if host not in self._rewriter.hosts and host not in self.site.profile.hosts:
            self._rewriter = Rewriter(self.site.profile.hosts, self._rewriter.hosts | {host})
        return self._rewriter

    def _missing(self, url: str, view: ReplayAddress, until: str, problems: list[str]) -> Response:
        """Return the page that says why an address cannot be shown."""
        near = [*self._start(until), *self._timeline.near(url, until, _MOST_NEAR)]
        miss = notices.Miss(
            url=url,
            until=until,
            captures=self._timeline.all(url, _MOST_LISTED),
            known=self._timeline.known(url),
            linking=self._timeline.linking(url, _MOST_NEAR),
            near=[other for other in dict.fromkeys(near) if other != url],
            prefix=view.prefix,
            problem="\n".join(problems),
        )
        return _own(404, notices.missing(miss), *([] if view.digits else [("Vary", "Accept-Datetime")]))

    def _start(self, until: str = END_OF_TIME) -> list[str]:
        """Return pages to start reading from."""
        found = ((url, self._timeline.best(url, until)) for url in (self.site.front_url(), self.site.catalogue_url()))
        return [url for url, held in found if held and held.status == 200]


def _ranked(ask: Callable[..., StoredCapture | None]) -> Iterator[StoredCapture]:
    """Yield what a question gives, one capture after another."""
    for skip in count():
        held = ask(skip=skip)
        if held is None:
            return
        yield held


def _is_file(held: StoredCapture) -> bool:
    """Return whether a capture is a whole file that is not a page."""
    return 200 <= held.status < 300 and held.truncated is None and not held.content_type.lower().startswith(HTML)


def _leads_to(held: StoredCapture, location: bytes, site: Site) -> str | None:
    """Return the canonical form of where a redirect leads; None when that is not on the blog."""
    try:
        absolute = urljoin(held.target_uri, location.decode("utf-8", "replace"))
        return replace(site, base=origin(held.target_uri)).canonical(absolute)
    except ValueError:
        return None


def _timemap(request: Request, url: str, held: list[StoredCapture]) -> Response:
    """Return the captures of an address, oldest first, in the link format (RFC 7089, section 5)."""
    path = notices.path_of(url)
    lines = [
        f'<{url}>; rel="original"',
        f'<{request.origin}{path}>; rel="timegate"',
        f'<{request.origin}/@link{path}>; rel="self"; type="application/link-format"{_span(held)}',
        *(f'<{memento_url(request, one)}>; rel="memento"; datetime="{http_date(one.fetched_at)}"' for one in held),
    ]
    headers = (("Content-Type", "application/link-format"), *policy.ALWAYS)
    return Response(200 if held else 404, headers, (",\n".join(lines) + "\n").encode())


def _span(held: list[StoredCapture]) -> str:
    """Return from when to when the captures of a list are, as attributes of its link (section 5)."""
    if not held:
        return ""
    return f'; from="{http_date(held[0].fetched_at)}"; until="{http_date(held[-1].fetched_at)}"'


def _own(status: int, page: bytes, *headers: tuple[str, str]) -> Response:
    """Return a page of ours."""
    kind = ("Content-Type", "text/html; charset=utf-8")
    return Response(status, (kind, *headers, ("Content-Security-Policy", policy.OWN_POLICY), *policy.ALWAYS), page)


def serve(
    home: Path,
    database: str,
    port: int,
    *,
    at: str | None = None,
    memory: int = MEMORY,
    ready: Callable[[str, str], object] = print,
) -> None:
    """Serve an archive until an interrupt or SIGTERM, as of the date `at`.

    `ready` gets the address of the server, and the path of a page to begin with.

    Raises UsageError when there is no archive or the date is invalid, ArchiverError when the port is taken.
    """
    moment = parse_date(at) if at else END_OF_TIME
    timeline = Timeline(database)
    replay = Replay(storage(home, database), timeline, blog.site(home, database), moment, memory)
    with stop_on_signals() as stop, LoopbackServer(replay.respond, port) as server:
        ready(server.url, replay.first_page())
        stop.wait()
    timeline.close()
