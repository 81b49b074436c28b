"""One run of the crawl: what all its parts share, and the one place where work becomes durable."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from archiver import __version__, clock, items, sites
from archiver.crawl import revisits, wire
from archiver.crawl.canary import Canary
from archiver.crawl.counts import Counts
from archiver.crawl.servers import UNSHARED, Servers
from archiver.errors import ArchiverError, DiskFull, RateLimited, UsageError
from archiver.pages.promises import Finding
from archiver.storage.elsewhere import storage
from archiver.storage.spool import MAX_AGE, MAX_BYTES, Spool, Stock
from archiver.store import blog, captures, chronicle, connections, doubts, freshness, frontier, lost, runs
from archiver.store.database import Archive, database_url, timestamp
from archiver.urls import ROBOTS, Site
from archiver.warc import index, journal, recovery
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.message import Message
from archiver.warc.writer import LARGEST, Location, WarcWriter

logger = logging.getLogger(__name__)

COMMIT_ITEMS = 50
COMMIT_SECONDS = 1.0
"""Work is made durable after this many items or seconds: what a kill can cost at most."""

PATIENCE = timedelta(minutes=10)
"""A run waits this long when the site asks for a rest; asked for a longer one it ends, and the next keeps to it."""

RESERVE = 64 << 20
"""Bytes of free disk below which a run ends: twice the largest response, and room to end well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an archive is, and where the blog is fetched from."""

    home: Path
    db: str | None = None
    site: Site = field(default_factory=Site)
    mirror: bool = False
    """Whether the site is said to be a mirror of the blog that the archive holds."""
    warc_url: str | None = None
    """Where closed WARC files go in object storage, such as `s3://bucket/prefix`; None for where those before went."""
    keep_local: int | None = None
    """Bytes of WARC files that may stay in the home once they are stored there; None keeps all."""

    @property
    def warc_folder(self) -> Path:
        """Folder of the WARC files."""
        return self.home / "warc"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.home / "logs"


class Run:
    """A run of a command that writes: the database's unit of work, the WARC file, the counts.

    Nothing is durable before `commit`, which syncs the WARC first: a row never points at bytes that are not there.
    """

    def __init__(
        self,
        place: Place,
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
        place.home.mkdir(parents=True, exist_ok=True)
        self.place = place
        self.site = place.site
        self.servers = servers
        self.limit = limit
        self.full = full
        self.without = without
        """Kinds of page that are left out."""
        self.counts = Counts()
        self.everything_listed = False
        """Whether a list of everything was read, and nothing speaks against what it says."""
        self.missing_counted = False
        self.waiting: list[str] = []
        """Addresses that wait for the next run, as their pages are not believed."""
        self.fatal: ArchiverError | None = None
        self._halt: Callable[[], object] = lambda: None
        self._progress = progress
        self._check_room()
        if place.warc_folder.exists() and not os.access(place.warc_folder, os.W_OK):
            raise ArchiverError(f"{place.warc_folder}: expected a folder to write records to, found it read-only")
        self.archive = Archive(database_url(place.home, place.db))
        session = self.archive.session
        try:
            self._check_site()
        except UsageError:
            self.archive.close()
            raise
        self.notes: list[str] = []
        try:
            self.spool = Spool(self.archive, place.warc_folder, place.warc_url, place.keep_local, self.note)
        except ArchiverError:
            self.archive.close()
            raise
        self.storage = storage(place.home, database_url(place.home, place.db))
        told = (runs.rest_until(session), servers.rest_until(self.site.base))
        self.rest_until = max(filter(None, told), default=None)
        if self.rest_until is not None and self.rest_until - clock.now() > PATIENCE:
            self.archive.close()
            raise RateLimited(f"the site asked not to be asked before {timestamp(self.rest_until)}; run again then")
        started_at = timestamp()
        self.id, self.cycle = runs.begin(session, command, now=started_at, blog=self.site.origin, site=self.site.base)
        self.canary = Canary(self.archive, self.id, self.site)
        self.unanswered: ArchiverError | None = None
        """What the site last did instead of answering; None after an answer."""
        self.rest_asked: datetime | None = None
        """Until when an address asked for a longer rest than a run can wait; it may have spoken for itself alone."""
        self.findings: list[Finding] = []
        self.asked = ""
        """The address that was answered last."""
        known = self._recover()
        self._fill_queue(recheck, recheck_pages)
        self.archive.commit()
        self.spool.deliver()
        start = RunStart(
            run=self.id,
            cycle=self.cycle,
            command=command,
            site=self.site.base,
            started_at=started_at,
            blog=self.site.origin,
            profile=sites.lines_of(self.site.profile),
        )
        self.writer = WarcWriter(
            place.warc_folder,
            self.site.profile.name,
            software=f"blog-archiver/{__version__}",
            info=_about(start),
            taken={*known, *self.spool.names()},
            max_bytes=MAX_BYTES if self.spool.bucket else LARGEST,
            max_age=MAX_AGE if self.spool.bucket else None,
        )
        self._writing: Path | None = None
        self._index: list[str] = []
        self._uncommitted = 0
        self._committed_at = time.monotonic()

    def _check_site(self) -> None:
        """Raise UsageError when the archive holds another site's blog: rows of two would be taken for one's."""
        session = self.archive.session
        blog = runs.blog(session)
        if blog not in (None, self.site.origin):
            raise UsageError(
                f"{self.place.home}: expected the profile of the blog this archive holds, {blog}, found that of "
                f"{self.site.origin}; name another --home"
            )
        known = runs.fetched_from(session) or captures.origin(session, self.site.origin)
        if known is None or self.place.mirror or self.site.is_same(known):
            return
        raise UsageError(
            f"{self.place.home}: expected a --site of the blog this archive holds, fetched from {known}, found "
            f"{self.site.base}; name another --home, or say --mirror if it is a copy of the same blog"
        )

    def _recover(self) -> Collection[str]:
        """Close what an earlier run left open, and note the exchanges it recorded but did not get to commit.

        Returns the names of the files that the database knows.
        """
        known = captures.ends(self.archive.session)
        recovered = recovery.recover(self.place.warc_folder, known)
        for file in recovered.files:
            self.note(file.sentence)
        stock = self._take_stock(recovered.in_use)
        there = self.storage.names() | {*recovered.in_use} | self.spool.lost()
        if missing := sorted(known.keys() - there):
            self.note(
                f"expected {len(known)} WARC files in {self.place.warc_folder}, found {len(missing)} missing, such as "
                f"{missing[0]}: bring them back from a copy; `archiver verify` names the posts that were read from them"
            )
        found = 0
        owner = runs.before(self.archive.session, self.id) or self.id
        ends = known | dict.fromkeys(stock.returned, 0)
        kept = {name: captures.offsets(self.archive.session, name) for name in stock.returned}
        for record, location in recovery.orphans(self.storage, ends):
            if location.offset in kept.get(location.warc_file, ()):
                continue
            if record.type == "revisit":
                payload = captures.payload_sha256(self.archive.session, location.revisit_of or "")
                location = replace(location, payload_sha256=payload or location.payload_sha256)
            truncated = record.header("WARC-Truncated") if record.type == "response" else None
            head = ResponseHead(
                target_uri=record.target_uri or "",
                fetched_at=datetime.fromisoformat(record.date),
                status=record.http_status or 0,
                content_type=record.http_header(b"content-type") or "",
                ip_address=record.ip,
                etag=None if truncated else record.http_header(b"etag"),
                last_modified=None if truncated else record.http_header(b"last-modified"),
                truncated=truncated,
            )
            self.spool.opened(location.warc_file)
            self._store_capture(self.site.asked(head.target_uri) or head.target_uri, head, location, owner)
            found += 1
        if found:
            self.note(f"{found} exchanges were on disk without a row; they have one now")
        return known.keys()

    def _take_stock(self, in_use: Collection[str]) -> Stock:
        """Have what was lost with another machine asked for again, and take up what came back with one."""
        session = self.archive.session
        stock = self.spool.take_stock(in_use)
        if stock.returned:
            lost.return_(session, stock.returned)
            self.note(f"{len(stock.returned)} WARC files that were taken for lost are here again")
        if stock.lost:
            count, unknown = lost.declare(session, stock.lost, run_id=self.id)
            for url in filter(self.site.owns, unknown):  # where redirects of files that are there led
                kind = self.site.kind(url) or self.site.file_kind(url)
                if kind and urlsplit(url).path != ROBOTS:
                    frontier.add(session, url, kind, run_id=self.id, now=timestamp())
            self.note(
                f"{len(stock.lost)} WARC files never arrived in object storage and are not in {self.spool.folder}, "
                f"such as {min(stock.lost)}: the addresses of their {count} captures are asked for again"
            )
        self.has_lost = lost.any_left(session)
        """Whether rows wait for a page to come again that was lost."""
        self._newly_lost = bool(stock.lost)
        return stock

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

    def keep_index(self, topics: items.Topics) -> None:
        """Record the curated index of a file: no exchange has it."""
        kind = "text/html" if topics.source.endswith((".html", ".htm")) else "text/markdown"
        uri = journal.index_uri(topics.source)
        location = self.writer.write_resource(uri, topics.body, kind, clock.now())
        self.spool.opened(location.warc_file)
        self._index.append(index.resource_line(location, topics.body, kind))

    def have_wait(self, url: str, reason: str) -> None:
        """Leave an address for the next run: its page is not believed, or there was no asking for it."""
        frontier.wait(self.archive.session, url, reason)
        self.waiting.append(url)

    def leave_unread(self, url: str, kind: str) -> None:
        """Leave the rest of a list that has too many pages: what it does not name is not missing."""
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

    def leave_time(self, pause: float) -> None:
        """Keep the pause between requests also to the last request of the run before."""
        last = captures.last_fetch(self.archive.session)
        # The row counts whole seconds, so the request may have been a second later.
        wait = timedelta(seconds=pause + 1) - (clock.now() - last) if last else timedelta(0)
        if wait > timedelta(0) and not self.resting:
            self.rest_until = clock.now() + min(wait, timedelta(seconds=pause))

    def record(
        self, url: str, request: bytes, response: Message, head: ResponseHead, confirmed: items.Holder | None = None
    ) -> int:
        """Append an exchange to the WARC and note where it is; return the capture's number.

        `confirmed` is the capture whose validators were sent with the request. Raises the failure of the database once
        it has failed: rows are committed in the order of the file, so nothing may follow those that were lost.
        """
        if self.archive.failure is not None:
            raise self.archive.failure
        self.asked = url
        whole = head.truncated is None
        location = self.writer.write_exchange(
            target_uri=head.target_uri,
            request=request,
            response=response,
            fetched_at=head.fetched_at,
            ip_address=head.ip_address,
            truncated=head.truncated,
            original=revisits.original(self.archive, self.storage, response, confirmed) if whole else None,
        )
        self.spool.opened(location.warc_file)
        self._index.append(index.cdxj_line(location, response.block))
        self.counts.requests += 1
        self.counts.bytes += len(response.block)
        self.counts.statuses[head.status] += 1
        return self._store_capture(url, head, location)

    def _store_capture(self, url: str, head: ResponseHead, location: Location, run_id: int | None = None) -> int:
        capture = items.Capture(
            url=url,
            target_uri=location.target_uri,
            fetched_at=timestamp(head.fetched_at),
            status=head.status,
            content_type=head.content_type,
            payload_sha256=location.payload_sha256,
            warc_file=location.warc_file,
            warc_offset=location.offset,
            warc_length=location.length,
            record_id=location.record_id,
            revisit_of=location.revisit_of,
            etag=head.etag,
            last_modified=head.last_modified,
            truncated=head.truncated,
        )
        return captures.add(self.archive.session, capture, run_id or self.id)

    @property
    def resting(self) -> bool:
        """Whether the site is to be left alone for now."""
        return self.rest_until is not None and clock.now() < self.rest_until

    def rest(self, wait: timedelta, reason: str) -> None:
        """Ask for nothing for a while; a run that is killed meanwhile leaves the next one to keep to it."""
        until = clock.now() + wait
        if self.rest_until is None or until > self.rest_until:
            self.rest_until = until
            logger.info("resting until %s: %s", timestamp(until), reason)
            runs.rest(self.archive.session, self.id, until=timestamp(until))
            self.commit()
            self.servers.rest(self.site.base, until, reason)

    def rest_as_asked(self) -> None:
        """Have the next run keep to the rest that was asked for."""
        if self.rest_asked is not None:
            self.rest_until = max(self.rest_asked, self.rest_until or self.rest_asked)
            self.servers.rest(self.site.base, self.rest_until, str(self.unanswered or "asked for"))

    def progress(self) -> tuple[int, int]:
        """Return how many addresses of this run are settled, and how many are known."""
        settled = sum(self.counts.pages.values()) + sum(self.counts.gaps.values())
        return settled, settled + frontier.unfinished(self.archive.session)

    def settled(self) -> None:
        """Note that one more item was stored; make the work durable if it is time."""
        self._uncommitted += 1
        overdue = time.monotonic() - self._committed_at >= COMMIT_SECONDS
        if self._uncommitted >= COMMIT_ITEMS or overdue:
            self.commit()
        if self._progress:
            self._progress(self)

    def commit(self) -> None:
        """Make everything so far durable: the WARC's bytes, then the rows that point at them.

        Raises DiskFull while there is still room to end well.
        """
        self.make_durable()
        self._check_room()

    def make_durable(self) -> None:
        """Do as `commit` does, however little room is left."""
        self.writer.sync()
        self.archive.commit()
        if self.writer.path != self._writing:  # the one before is closed
            self._writing = self.writer.path
            self.spool.deliver()
        self.spool.collect()
        self._uncommitted = 0
        self._committed_at = time.monotonic()

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.place.home).free
        if free < RESERVE and self.fatal is None:
            raise DiskFull(f"{self.place.home}: {free >> 20} MiB free, {RESERVE >> 20} wanted; make room and run again")

    def stop(self, error: ArchiverError) -> None:
        """End the run early because of an error; the first one counts."""
        if self.fatal is None:
            self.fatal = error
            self._halt()

    def halts(self, halt: Callable[[], object]) -> None:
        """Say how the crawl is halted."""
        self._halt = halt

    def settle_missing(self) -> None:
        """Count this run against the posts it found missing, if it got to its end and believed its lists."""
        is_read = not self.counts.cut and not frontier.any_unread(self.archive.session, "list", run_id=self.id)
        if self.everything_listed and is_read:
            self.missing_counted = True
            gone = freshness.settle_missing(self.archive.session, run_id=self.id, cycle=self.cycle)
            self.counts.posts["gone"] += gone

    def connect(self) -> None:
        """Work out anew how posts belong together."""
        with self.archive.savepoint() as session:
            connections.refresh(session)

    def end(self, outcome: str, exit_code: int) -> None:
        """Store how the run ended; after a failure of the storage, without what was not committed."""
        if self.archive.failure is not None:
            self.archive.recover()
        session = self.archive.session
        left = lost.conclude(session) if self.has_lost else 0
        if left and self._newly_lost:
            self.note(f"{left} captures are lost: what was read from them stays, `archiver verify` names the posts")
        frontier.release(session)
        for url in self.waiting:
            frontier.reopen(session, url)
        resting = timestamp(self.rest_until) if self.rest_until and self.resting else None
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
            with suppress(ArchiverError):  # a rebuild then takes the run for one that was killed
                self.writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, end.finished_at)
        runs.end(session, self.id, outcome, exit_code, end.counts, now=end.finished_at, rest_until=resting)
        self.make_durable()

    def close(self) -> None:
        """Close the WARC file under its final name, index it, and close the database."""
        # What a full disk keeps from being closed and indexed, the next run closes and indexes.
        with suppress(ArchiverError) if self.fatal else nullcontext():
            self.writer.close()
            index.update_index(self.storage, self.place.home / index.NAME, self._index)
            self.spool.settle()
        self.spool.close()
        self.archive.close()


def _about(start: RunStart) -> dict[str, str]:
    """Return what the warcinfo record of a run says, and whether its records are less than what was received."""
    rebuilt = wire.fallback_reason()
    if not rebuilt:
        return start.as_fields()
    logger.warning("records hold rebuilt headers, not the bytes received: %s", rebuilt)
    return {**start.as_fields(), "description": f"Headers and chunks are rebuilt, not as received: {rebuilt}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """What a record and its row say about a response beside its bytes."""

    target_uri: str
    fetched_at: datetime
    status: int
    content_type: str
    ip_address: str | None
    etag: str | None
    last_modified: str | None
    truncated: str | None


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
        place = Place(home=Path(settings["ARCHIVER_HOME"]), db=settings["ARCHIVER_DB"] or None, site=site_of(settings))
        run = Run(place, f"scrapy crawl {crawler.spidercls.name}")
        attach(crawler, run)
        crawler.signals.connect(run.close, signals.engine_stopped, weak=False)
    return _RUNS[crawler]
