"""One run of the crawl: what all its parts share."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from archiver import clock, items, sites
from archiver.clock import timestamp
from archiver.counting import counted
from archiver.crawl.canary import Canary
from archiver.crawl.counts import Counts
from archiver.crawl.place import ArchiveLocation
from archiver.crawl.rests import PATIENCE, Rests
from archiver.crawl.servers import UNSHARED, Servers
from archiver.crawl.takeover import Takeover
from archiver.crawl.wire import Exchange
from archiver.crawl.work import UnitOfWork, check_room
from archiver.errors import ArchiverError, UsageError
from archiver.pages.promises import PageCheck
from archiver.storage.elsewhere import storage
from archiver.storage.spool import Spool
from archiver.store import blog, captures, chronicle, doubts, freshness, frontier, lost, relations, runs
from archiver.store.database import Archive
from archiver.store.location import database_url
from archiver.urls import Site
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.storage import Storage

logger = logging.getLogger(__name__)


class Run:
    """A run of a command that writes: what it was asked for, what happened, and the parts that do the work."""

    def __init__(
        self,
        place: ArchiveLocation,
        command: str,
        *,
        limit: int | None = None,
        full: bool = False,
        recheck: int = 0,
        recheck_pages: int = 0,
        without: frozenset[str] = frozenset(),
        progress: Callable[[Run], None] | None = None,
        servers: Servers = UNSHARED,
    ) -> None:
        self.place = place
        self.site = place.site
        self.servers = servers
        self.limit = limit
        self.full = full
        self.without = without
        """Kinds of page that are left out."""
        self.counts = Counts()
        self.notes: list[str] = []
        self.findings: list[PageCheck] = []
        self.everything_listed = False
        """Whether a complete list was read, with no reason to doubt it."""
        self.missing_counted = False
        self.waiting: list[str] = []
        """Addresses that wait for the next run because their pages are not believed."""
        self.fatal: ArchiverError | None = None
        self.unanswered: ArchiverError | None = None
        """What the site last did instead of answering; None after an answer."""
        self._halt: Callable[[], object] = lambda: None
        self._progress = progress
        self.archive = _opened(place)
        url = database_url(place.home, place.db)
        try:
            self.spool = Spool(self.archive, place.warc_folder, place.warc_url, place.keep_local, self.note)
            self.rests = Rests(self.archive, self.site.base, servers)
        except ArchiverError:
            self.archive.close()
            raise
        self._begin(command, storage(place.home, url), recheck, recheck_pages)

    def _begin(self, command: str, warc: Storage, posts: int, pages: int) -> None:
        """Take over what earlier runs left, and prepare to write."""
        started_at, site = timestamp(), self.site
        self.id, self.cycle = runs.begin(
            self.archive.session, command, now=started_at, blog=site.origin, site=site.base
        )
        self.canary = Canary(self.archive, self.id, site)
        self.takeover = Takeover(self.archive, warc, self.spool, site, self.id, self.note)
        self._fill_queue(posts, pages)
        self.archive.commit()
        self.spool.deliver()
        start = RunStart(
            run=self.id,
            cycle=self.cycle,
            command=command,
            site=site.base,
            started_at=started_at,
            blog=site.origin,
            profile=sites.lines_of(site.profile),
        )
        taken, home = self.takeover.files, self.place.home
        self.work = UnitOfWork(home, self.archive, warc, self.spool, start, name=site.profile.name, taken=taken)

    def _fill_queue(self, posts: int, pages: int) -> None:
        """Take up what earlier runs left, and what is due again; a new cycle looks again at some posts."""
        session, now = self.archive.session, clock.now()
        frontier.release(session)
        frontier.forget_waits(session, after=timestamp(now + PATIENCE))
        frontier.retry_due(session, run_id=self.id, now=timestamp(now))
        frontier.reconsider(session, items.FORBIDDEN)
        frontier.reconsider(session, items.LEFT_OUT, without=self.without)
        if self.cycle == self.id:
            freshness.add_due(session, posts, pages, run_id=self.id, now=timestamp(now))

    def have_wait(self, url: str, reason: str) -> None:
        """Leave an address for the next run: its page is not believed, or it could not be requested."""
        frontier.wait(self.archive.session, url, reason)
        self.waiting.append(url)

    def leave_unread(self, url: str, kind: str) -> None:
        """Leave the rest of a list that has too many pages: what it does not name does not count as missing."""
        most = self.site.profile.places.most_pages
        frontier.skip(self.archive.session, url, kind, items.TOO_MANY, run_id=self.id, now=timestamp())
        self.note(
            f"expected lists with at most {most} pages of one form, found more: {url} and what follows it is not read; "
            f"if the blog is as large as that, raise most_pages in [places] of {sites.FILE}"
        )
        self.counts.cut += 1

    def note(self, sentence: str) -> None:
        """Say something about the run, in its log and its report."""
        logger.info(sentence)
        self.notes.append(sentence)

    def record(self, url: str, target_uri: str, exchange: Exchange, confirmed: items.Holder | None = None) -> int:
        """Record an exchange as `UnitOfWork.record` does, and count it; return the capture's number."""
        number = self.work.record(url, target_uri, exchange, confirmed)
        self.counts.requests += 1
        self.counts.bytes += len(exchange.response.block)
        self.counts.statuses[exchange.response.status or 0] += 1
        return number

    def rest(self, wait: timedelta, reason: str) -> None:
        """Ask the site for nothing for a while."""
        self.rests.rest(self.id, wait, reason, self.commit)

    def progress(self) -> tuple[int, int]:
        """Return how many addresses of this run are settled, and how many are known."""
        settled = sum(self.counts.pages.values()) + sum(self.counts.gaps.values())
        return settled, settled + frontier.unfinished(self.archive.session)

    def settled(self) -> None:
        """Note that one more item was stored; make the work durable if it is time."""
        if self.work.settled():
            self.commit()
        if self._progress:
            self._progress(self)

    def commit(self) -> None:
        """Make everything so far durable; raise DiskFull while there is still room to end well."""
        self.work.commit()
        if self.fatal is None:
            check_room(self.place.home)

    def stop(self, error: ArchiverError) -> None:
        """End the run early because of an error; the first one counts."""
        if self.fatal is None:
            self.fatal = error
            self._halt()

    def halts(self, halt: Callable[[], object]) -> None:
        """Set how the crawl is halted."""
        self._halt = halt

    def settle_missing(self) -> None:
        """Count this run against the posts it found missing, if it got to its end and believed its lists."""
        is_read = not self.counts.cut and not frontier.any_unread(self.archive.session, "list", run_id=self.id)
        if self.everything_listed and is_read:
            self.missing_counted = True
            gone = freshness.settle_missing(self.archive.session, run_id=self.id, cycle=self.cycle)
            self.counts.posts["gone"] += gone

    def connect(self) -> None:
        """Derive the series and references of posts again."""
        with self.archive.savepoint() as session:
            relations.refresh(session)

    def end(self, outcome: str, exit_code: int) -> None:
        """Store how the run ended; after a failure of the storage, without what was not committed."""
        if self.archive.failure is not None:
            self.archive.recover()
        session = self.archive.session
        left = lost.conclude(session) if self.takeover.has_lost else 0
        if left and self.takeover.newly_lost:
            self.note(
                f"lost: {counted(left, 'capture')}; what was read from them stays, `archiver verify` names the posts"
            )
        frontier.release(session)
        for url in self.waiting:
            frontier.reopen(session, url)
        resting = timestamp(self.rests.until) if self.rests.until and self.rests.left else None
        end = RunEnd(
            run=self.id,
            finished_at=timestamp(),
            outcome=outcome,
            exit_code=exit_code,
            rest_until=resting,
            missing_counted=self.missing_counted,
            counts=self.counts.as_dict(),
            addresses=chronicle.unarchived(session, self.cycle),
            doubts=doubts.as_rows(session),
        )
        if self.counts.requests:
            self.work.keep_end(end)
        runs.end(session, self.id, outcome, exit_code, end.counts, now=end.finished_at, rest_until=resting)
        self.work.commit()

    def close(self) -> None:
        """Close the WARC file under its final name, index it, and close the database."""
        self.work.close(failed=self.fatal is not None)


def _opened(place: ArchiveLocation) -> Archive:
    """Return the archive of a place, if a run may write to it.

    Raises DiskFull, and ArchiverError for a folder that cannot be written to or a database that cannot be opened, and
    UsageError when the archive holds another site's blog.
    """
    place.home.mkdir(parents=True, exist_ok=True)
    check_room(place.home)
    if place.warc_folder.exists() and not os.access(place.warc_folder, os.W_OK):
        raise ArchiverError(f"{place.warc_folder}: expected a folder to write records to, found it read-only")
    archive = Archive(database_url(place.home, place.db))
    try:
        _check_site(place, archive)
    except UsageError:
        archive.close()
        raise
    return archive


def _check_site(place: ArchiveLocation, archive: Archive) -> None:
    """Raise UsageError when the archive holds another site's blog: rows of two blogs would be mixed up."""
    session, site = archive.session, place.site
    known_blog = runs.blog(session)
    if known_blog not in (None, site.origin):
        raise UsageError(
            f"{place.home}: expected the profile of the blog this archive holds, {known_blog}, found that of "
            f"{site.origin}; name another --home"
        )
    known = runs.fetched_from(session) or captures.origin(session, site.origin)
    if known is None or place.mirror or site.is_same(known):
        return
    raise UsageError(
        f"{place.home}: expected a --site of the blog this archive holds, fetched from {known}, found "
        f"{site.base}; name another --home, or say --mirror if it is a copy of the same blog"
    )


_RUNS: WeakKeyDictionary[Crawler, Run] = WeakKeyDictionary()


def attach(crawler: Crawler, run: Run) -> None:
    """Give a crawler its run before it starts: its components are made by Scrapy, from the crawler alone."""
    _RUNS[crawler] = run
    run.halts(lambda: asyncio.get_running_loop().create_task(crawler.stop_async()))


def site_of(settings: BaseSettings) -> Site:
    """Return the blog of a crawl, and where it is fetched from, by Scrapy's settings and the archive they name.

    Raises ProfileInvalid when the owner's profile cannot be read.
    """
    site = settings["ARCHIVER_SITE"]
    if isinstance(site, Site):
        return site
    home = Path(settings["ARCHIVER_HOME"])
    return blog.site(home, database_url(home, settings["ARCHIVER_DB"]), site.rstrip("/"))


def run_of(crawler: Crawler) -> Run:
    """Return the run of a crawler; one started by Scrapy's own command line gets one from its settings."""
    if crawler not in _RUNS:
        settings = crawler.settings
        place = ArchiveLocation(
            home=Path(settings["ARCHIVER_HOME"]), db=settings["ARCHIVER_DB"] or None, site=site_of(settings)
        )
        run = Run(place, f"scrapy crawl {crawler.spidercls.name}")
        attach(crawler, run)
        crawler.signals.connect(run.close, signals.engine_stopped, weak=False)
    return _RUNS[crawler]
