"""Runs a crawl from beginning to end and says how it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

# First: when loaded, it looks through all imports around it, which takes 0.1 s from deep inside our own.
import scrapy.core.downloader.handlers.http11  # noqa: F401
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from twisted.python.failure import Failure

from archiver.counting import counted
from archiver.crawl import logs, verdicts
from archiver.crawl.handlers import OFFLINE, recorded_origin
from archiver.crawl.interrupts import Interrupts
from archiver.crawl.place import ArchiveLocation
from archiver.crawl.run import Run, attach
from archiver.crawl.servers import UNSHARED, Servers
from archiver.crawl.verdicts import Verdict
from archiver.dates import parse_date
from archiver.durable import expect_file
from archiver.errors import ArchiverError, ExitCode, UsageError
from archiver.loading import loading
from archiver.pages.promises import PageCheck
from archiver.profile import BESIDE
from archiver.settings import DOWNLOAD_DELAY
from archiver.storage.bucket import Bucket, normal
from archiver.store import comments, frontier, lists, runs, warc_files
from archiver.store.location import database_url
from archiver.store.lock import locked
from archiver.warc import index
from archiver.warc.storage import SUFFIX

POSTS_A_PAGE = 10
"""Posts that are re-checked for each independent page that is: there are a hundred times as many."""

SPIDER = "everything"
"""The spider of a crawl, by its name."""

RECHECK = 20
"""Posts that a run re-checks by default: daily runs get through 1,340 posts in ten weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """What a crawl is asked for."""

    sources: tuple[str, ...] = ()
    """Lists to crawl from; all that the blog has if empty."""
    slugs: tuple[str, ...] = ()
    index: str = ""
    limit: int | None = None
    full: bool = False
    recheck: int = RECHECK
    delay: float | None = None
    concurrency: int | None = None
    comments: bool = True
    images: bool = True
    without: tuple[str, ...] = ()
    """What is left out, as in BESIDE."""
    contact: str = ""
    verbose: bool = False
    source: Path | None = None
    """Folder of the archive to answer from, with no network; None to ask the blog."""
    at: str = ""
    """The date as of which that archive is to answer; now when empty."""

    @property
    def recheck_pages(self) -> int:
        """How many independent pages are re-checked."""
        wanted = "furniture" in self.sources and "pages" not in self.without
        return self.recheck // POSTS_A_PAGE if wanted else 0

    @property
    def command(self) -> str:
        """The stored form of the request: two runs of one command resume each other."""
        parts = ["crawl", *self.sources, *(f"--category {slug}" for slug in self.slugs)]
        parts += [f"--index {self.index}"] if self.index else []
        parts += ["--full"] if self.full else []
        parts += [f"--recheck {self.recheck}"] if self.recheck != RECHECK else []
        parts += [] if self.comments else ["--no-comments"]
        parts += [] if self.images else ["--no-images"]
        parts += [f"--without {','.join(sorted(self.without))}"] if self.without else []
        parts += [f"--from {self.source}"] if self.source else []
        parts += [f"--at {self.at}"] if self.at else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """How a crawl went."""

    run: int
    outcome: str
    exit_code: int
    message: str
    notes: tuple[str, ...]
    """Other remarks, for example what an earlier run had left behind."""
    seconds: float
    counts: dict[str, Any]
    unfinished: int | None = None
    """Addresses that a further run may get; None when the database could not say."""
    comments_missing: int | None = None
    """Comments that the blog counts or shows and the archive does not hold, over all posts."""
    comments_elsewhere: int | None = None
    """Posts whose comments are at a service that loads them by a script."""
    disagreements: dict[str, list[int]] = field(default_factory=dict)
    """Posts about which the blog's lists, the index and the archive disagree, by kind of disagreement."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return asdict(self)


def crawl(
    place: ArchiveLocation,
    options: CrawlOptions,
    progress: Callable[[Run], None] | None = None,
    servers: Servers = UNSHARED,
) -> CrawlReport:
    """Crawl until nothing is left to ask for, and report; `servers` are those that other crawls ask, too.

    Scrapy's reactor cannot be started twice, so a process can do this only once. Raises ArchiveLocked when another run
    holds the archive, and what a spider's arguments or the disk gave cause for.
    """
    began = time.monotonic()
    options = replace(options, sources=options.sources or place.site.profile.lists)
    if options.source:
        place, options = _offline(place, options, options.source)
    elif options.at:
        raise UsageError("expected --from with --at: only an archive can answer as of a date")
    arguments = _checked(_arguments(place, options))
    _expect_database(place)
    with locked(place.home, place.db) as dead:
        run = Run(
            place,
            options.command,
            limit=options.limit,
            full=options.full,
            recheck=options.recheck,
            recheck_pages=options.recheck_pages,
            without=frozenset(BESIDE[each] for each in options.without),
            progress=progress,
            servers=servers,
        )
        _note_takeover(run, dead)
        try:
            run.rests.leave_time(DOWNLOAD_DELAY if options.delay is None else options.delay)
            with _logging(run, options):
                known = lists.slugs(run.archive.session)
                reason = _run_spider(run, SPIDER, _settings(run, options), known=known, **arguments)
            report = _conclude(run, reason, time.monotonic() - began, partial(verdicts.judge_asked, options.slugs))
        finally:
            run.close()
    return _delivered(run, report)


def probe(place: ArchiveLocation, options: CrawlOptions) -> tuple[CrawlReport, list[PageCheck]]:
    """Fetch a few pages of each kind, and report what is recognised in them; no post is stored.

    Raises as `crawl` does.
    """
    began = time.monotonic()
    _expect_database(place)
    with locked(place.home, place.db) as dead:
        run = Run(place, "probe")
        _note_takeover(run, dead)
        try:
            settings = _settings(run, options)
            settings.setdict(PROBE_SETTINGS, priority="cmdline")
            with _logging(run, options):
                reason = _run_spider(run, "probe", settings, site=run.site)
            report = _conclude(run, reason, time.monotonic() - began, verdicts.judge_probe)
        finally:
            run.close()
    return _delivered(run, report), run.findings


def _delivered(run: Run, report: CrawlReport) -> CrawlReport:
    """Return a report with the fate of the files to be stored elsewhere: the last one closes after it."""
    code = ExitCode.INCOMPLETE if run.spool.failed and report.exit_code == ExitCode.DONE else report.exit_code
    return replace(report, notes=tuple(run.notes), exit_code=code)


def _checked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a spider with the index read, after making one from them as a trial.

    Faults in them are found before there is a lock, a run or a file. Raises UsageError.
    """
    settings = Settings()
    settings.setmodule("archiver.settings", priority="project")
    with loading():
        spider: Any = SpiderLoader.from_settings(settings).load(SPIDER)(**arguments)
    return arguments | {"index": spider.index_topics or arguments["index"]}


def _expect_database(place: ArchiveLocation) -> None:
    """Raise UsageError when there are records but no database: a crawl would fetch all of the blog again.

    The same when object storage that is named for the first time holds others' records: a rebuild would mix them up;
    and when what is in the place of the index is no file. Raises as `Bucket` does where that does not answer.
    """
    expect_file(place.home / index.NAME)
    url = database_url(place.home, place.db)
    if any(place.warc_folder.glob(f"*{SUFFIX}")) and not runs.any_known(url):
        raise UsageError(
            f"{place.home}: expected the database of the WARC files in it, found none; "
            "`archiver rebuild` builds it from them"
        )
    known = warc_files.known(url)
    if place.warc_url is None or normal(place.warc_url) == warc_files.place(known):
        return
    others = Bucket(place.warc_url, make=True).objects().keys() - known.keys()
    if others:
        raise UsageError(
            f"{place.warc_url}: expected no WARC files but those the database knows, found "
            f"{counted(len(others), 'other')}, such as {min(others)}; name another place, or, if this archive is where "
            "they are from, `archiver rebuild` takes them in"
        )


@contextmanager
def _logging(run: Run, options: CrawlOptions) -> Iterator[None]:
    """Keep the log of a run while the block runs, and those of runs before it within bounds."""
    folder = run.place.logs
    with logs.logging_to(logs.log_file(folder, run.id), verbose=options.verbose):
        logs.prune(folder, runs.failed(run.archive.session))
        yield


def _note_takeover(run: Run, dead: str) -> None:
    if dead:
        run.note(f"took over the lock of a run that died ({dead})")


def _offline(place: ArchiveLocation, options: CrawlOptions, source: Path) -> tuple[ArchiveLocation, CrawlOptions]:
    """Return where and how to crawl when an archive answers: by the addresses it was fetched from, without delays."""
    if source.resolve() == place.home.resolve():
        raise UsageError(f"expected another archive than {source} to answer; name a --home for the copy")
    return replace(place, site=replace(place.site, base=recorded_origin(source, place.site))), replace(
        options, delay=0, at=parse_date(options.at) if options.at else ""
    )


PROBE_SETTINGS = {
    "ITEM_PIPELINES": {"archiver.crawl.probe.ProbePipeline": 100},
    # A probe leaves the frontier as it is.
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
}


def _run_spider(run: Run, spider: str, settings: Settings, **arguments: Any) -> str:
    """Run a spider to its end; return Scrapy's reason for it."""
    process = _process(settings)
    crawler = process.create_crawler(spider)
    attach(crawler, run)
    failures: list[Failure] = []
    with Interrupts() as interrupts:
        crawling = process.crawl(crawler, **arguments)
        crawling.addErrback(failures.append)
        _once_running(interrupts.hand_over)
        process.start()
        interrupted = interrupts.seen
    if failures:
        failures[0].raiseException()
    return verdicts.SHUTDOWN if interrupted else _finish_reason(crawler)


def _once_running(call: Callable[[], None]) -> None:
    """Call a function when the reactor runs, after everything that is called at its start."""
    from twisted.internet import reactor  # not before Scrapy has chosen it

    started: Any = reactor
    started.callWhenRunning(started.callLater, 0, call)


def _process(settings: Settings) -> CrawlerProcess:
    """Return the runner of crawlers, which leaves the log to us: by a setting, or an argument before Scrapy 2.19."""
    if ROOT_HANDLER in Settings():
        settings.set(ROOT_HANDLER, False, priority="cmdline")
        return CrawlerProcess(settings)
    return CrawlerProcess(settings, install_root_handler=False)


ROOT_HANDLER = "LOG_INSTALL_ROOT_HANDLER"

_CONSOLES = ("scrapy.extensions.telnet.TelnetConsole", "scrapy.extensions.remote_control.RemoteControl")
"""Extensions that the settings switch off. Scrapy imports them even so, and even if they are None: 0.1 s."""


def _finish_reason(crawler: Crawler) -> str:
    stats = crawler.stats
    return str(stats.get_value("finish_reason", "")) if stats else ""


def _settings(run: Run, options: CrawlOptions) -> Settings:
    settings = Settings()
    settings.setmodule("archiver.settings", priority="project")
    contact = options.contact or settings["ARCHIVER_CONTACT"]
    loaded = {name: place for name, place in settings["EXTENSIONS_BASE"].items() if name not in _CONSOLES}
    changes: dict[str, Any] = {
        "ARCHIVER_HOME": str(run.place.home),
        "ARCHIVER_SITE": run.site,
        "EXTENSIONS_BASE": loaded,
    }
    if contact:
        changes["USER_AGENT"] = settings["USER_AGENT"].replace(")", f"; {contact})")
    if options.delay is not None:
        changes |= {"DOWNLOAD_DELAY": options.delay, "AUTOTHROTTLE_START_DELAY": options.delay}
        changes |= {"AUTOTHROTTLE_ENABLED": options.delay > 0}
    if options.concurrency is not None:
        changes |= {"CONCURRENT_REQUESTS": options.concurrency, "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency}
    if options.source:
        changes |= OFFLINE | {"ARCHIVER_FROM": str(options.source), "ARCHIVER_AT": options.at}
    settings.setdict(changes, priority="cmdline")
    return settings


def _arguments(place: ArchiveLocation, options: CrawlOptions) -> dict[str, Any]:
    return {
        "site": place.site,
        "sources": options.sources,
        "slugs": options.slugs,
        "index": options.index,
        "comments": options.comments,
        "images": options.images,
    }


def _conclude(
    run: Run, reason: str, seconds: float, judge: Callable[[Run], Verdict] = verdicts.judge_crawl
) -> CrawlReport:
    """Judge how the run went, store that and report it, as far as the disk still allows."""
    run.fatal = run.fatal or run.archive.failure
    early = verdicts.judge_early_end(run, reason)
    standing: dict[str, Any] = {}
    if run.archive.failure is None:
        for url, why in run.canary.close_lost() if early is None else ():
            run.have_wait(url, why)
        run.canary.conclude()
    outcome, code, message = early or judge(run)
    with suppress(ArchiverError) if run.fatal else nullcontext():
        if outcome in runs.ENDED:
            run.settle_missing()
        if code == ExitCode.RATE_LIMITED:
            run.rests.keep(str(run.unanswered or "asked for"))
        if run.fatal is None:
            run.connect()
        run.end(outcome, code)
        session = run.archive.session
        standing["unfinished"] = frontier.unfinished(session) + run.counts.failures
        standing["comments_missing"] = comments.missing(session)
        standing["comments_elsewhere"] = comments.elsewhere(session)
        standing["disagreements"] = lists.disagreements(session, run.cycle)
    return CrawlReport(
        run=run.id,
        outcome=outcome,
        exit_code=code,
        message=message,
        notes=tuple(run.notes),
        seconds=round(seconds, 1),
        counts=run.counts.as_dict(),
        **standing,
    )
