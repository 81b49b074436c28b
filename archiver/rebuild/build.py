"""The second pass: the pages among the captures are read again and stored as they were when they were fetched.

Three things besides its bytes decide what became of a page:

- What a killed run fetched last was lost with it if the run that resumed it fetched it again.
- An address still pending when its run ended was not stored, whatever was fetched of it.
- Another program's captures are inserted by date, before what was fetched later. Their lists are ignored, since
  what lists say is compared within a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archiver import sites
from archiver.clock import timestamp
from archiver.counting import counted
from archiver.errors import ArchiverError
from archiver.items import Asset, CommentPage, Gap, Item, Outcome, Post, Unmodified
from archiver.rebuild import files, pool, reading
from archiver.rebuild.acceptance import accept_one
from archiver.rebuild.files import RunFiles
from archiver.rebuild.reading import Task
from archiver.rebuild.records import BATCH, Progress, Records
from archiver.store import chronicle, doubts, endings, freshness, outcomes, posts, relations, runs, search_index
from archiver.store.chronicle import CaptureRow, Settled
from archiver.store.database import Archive
from archiver.text import EXTRACTOR_VERSION
from archiver.warc import journal
from archiver.warc.storage import Storage

COMMAND = "rebuild"
"""Command of the run that records a rebuild in the new database."""


@dataclass(slots=True)
class RebuildCounts:
    """What a rebuild found."""

    runs: int = 0
    captures: int = 0
    pages: Counter[str] = field(default_factory=Counter)
    """Pages that were recognised, by kind."""
    unrecognised: int = 0
    """Pages that were not recognised, and are gaps."""
    notes: list[str] = field(default_factory=list)
    """Other remarks, for example which part of a file cannot be read."""
    lines: list[str] = field(default_factory=list)
    """Lines of the index of WARC files, in no order."""


@dataclass(frozen=True, slots=True)
class RebuildStep:
    """One event: an answer from the server, an index read from a file, or the end of a run."""

    run: RunFiles
    seen: CaptureRow | None = None
    kind: str = ""
    url: str | None = None
    """The address to settle: the one that was requested."""
    item: Item | None = None
    """Its outcome, if that takes no reading."""


_MOST_SHOWN = 20
"""Imported pages that are named because they could not be read."""

Work = Iterator[tuple[RebuildStep, Task | None]]


class Build:
    """One rebuild, into a database that holds nothing yet."""

    def __init__(
        self, archive: Archive, storage: Storage, progress: Progress, *, whole: bool, incoming: Path | None = None
    ) -> None:
        """Prepare; `whole` says that everything is to be one transaction, which the caller commits.

        `incoming` is a file that is still open and becomes part of the archive with this rebuild.
        """
        self._archive = archive
        self._session = archive.session
        self._storage = storage
        self._progress = progress
        self._whole = whole
        self._runs = files.runs(storage, incoming, sites.in_home(storage.folder.parent))
        self._records = Records(archive, self._commit, progress)
        self._tally = RebuildCounts(runs=len(self._runs))
        self._addresses: dict[str, Settled] = {}
        """What became of the run's addresses, stored at its end: storing them one by one takes longer than posts do."""
        self._early: dict[int, list[tuple[RebuildStep, Item]]] = {}
        """Pages of comments by the post they wait for, as in a crawl."""
        self._unread: list[str] = []
        """Why imported pages were not read: no address waits for them, so that they are no gaps."""

    def run(self, processes: int, executor: Executor | None = None) -> RebuildCounts:
        """Fill the database, pages read by so many processes, here or an executor's; return what was found."""
        began = timestamp()
        with pool.readers(self._storage, processes, executor) as readers:
            self._records.store(self._runs)
            self._tally.captures, self._tally.lines = self._records.captures, self._records.lines
            for number, (step, item) in enumerate(readers.read_all(self._work()), 1):
                self._take(step, item or step.item)
                if number % BATCH == 0:
                    self._commit()
                if step.seen:
                    self._progress("reading pages", step.seen.id, self._records.captures)
        self._commit()
        search_index.optimize(self._session.connection(), partial(self._progress, "writing the index"))
        self._conclude(began)
        return self._tally

    def _commit(self) -> None:
        if not self._whole:
            self._archive.commit()

    def _work(self) -> Work:
        """Yield everything that happened, in order."""
        outside = {run.id: run for run in self._runs if run.start.is_import}
        imported = chronicle.by_date(self._session, outside) if outside else iter(())
        waiting = next(imported, None)
        for run in self._runs:
            for step, task in self._of_run(run):
                while waiting and step.seen and waiting.fetched_at <= step.seen.fetched_at:
                    yield from self._imported(outside[waiting.run_id], waiting)
                    waiting = next(imported, None)
                yield step, task
            yield RebuildStep(run), None
        while waiting:
            yield from self._imported(outside[waiting.run_id], waiting)
            waiting = next(imported, None)

    def _of_run(self, run: RunFiles) -> Work:
        """Yield what a run of ours fetched, and its outcome."""
        if not run.is_content or run.start.is_import:
            return
        for subject in run.start.accepted:
            yield RebuildStep(run, kind=journal.ACCEPT, url=subject), None
        for file, offset, source in run.indexes:
            yield RebuildStep(run, kind="index"), Task(file, offset, "index", source, run.site)
        index = run.start.index_url and reading.canonical(run.start.index_url, run.site)
        unsettled = run.unsettled
        for seen in chronicle.in_order(self._session, run.id):
            url = self._records.asked.get(seen.id, seen.url)
            kind = reading.kind_of(url, index, run.site)
            if kind is None or seen.id in self._records.superseded or url in unsettled:
                continue
            if reading.is_page(seen, kind):
                yield RebuildStep(run, seen, kind, url), self._task(run, seen, kind)
            else:
                yield RebuildStep(run, seen, kind, url, reading.without_reading(self._storage, seen)), None

    def _imported(self, run: RunFiles, seen: CaptureRow) -> Work:
        """Yield the outcomes of another program's capture: posts, pages, files and comments; no address to settle."""
        kind = reading.kind_of(seen.url, None, run.site)
        if kind in ("post", "comments", "page", "file") and reading.is_page(seen, kind):
            yield RebuildStep(run, seen, kind), self._task(run, seen, kind)

    def _task(self, run: RunFiles, seen: CaptureRow, kind: str) -> Task:
        payload = self._records.originals.get(seen.revisit_of)
        file, offset = (payload.warc_file, payload.offset) if payload else (seen.warc_file, seen.warc_offset)
        return Task(file, offset, kind, seen.target_uri, run.site)

    def _take(self, step: RebuildStep, item: Item | None) -> None:
        if step.kind == journal.ACCEPT:
            self._accept(step.run, step.url or "")
            return
        if item is None:
            self._end(step.run)
            return
        if isinstance(item, CommentPage) and not posts.known(self._session, item.post_id):
            self._early.setdefault(item.post_id, []).append((step, item))
            return
        self._store(step, item)
        for comments, page in self._early.pop(item.id, []) if isinstance(item, Post) else ():
            self._store(comments, page)

    def _accept(self, run: RunFiles, subject: str) -> None:
        try:
            with self._archive.savepoint():
                accept_one(self._archive, self._storage, subject, run.site, run_id=run.id)
        except ArchiverError as error:
            self._tally.notes.append(f"accepted by run {run.id}, and not by this rebuild: {error}")

    def _store(self, step: RebuildStep, item: Item) -> None:
        """Store the outcome of a step, and note what became of its address."""
        item = outcomes.judged(self._session, step.kind, step.url, item)
        try:
            if not isinstance(item, Asset):  # its bytes are in its capture
                with self._archive.savepoint():
                    self._save(step, item)
        except ArchiverError:
            raise
        except Exception as error:  # as in a crawl: a page that cannot be stored is a gap
            self._tally.notes.append(f"{step.url or step.kind}: a fault of the archiver, please report it: {error!r}")
            item = Gap(reason=f"a fault of the archiver, please report it: {error!r}")
        if step.item is None:
            self._tally.pages[step.kind] += not isinstance(item, Gap)
            self._tally.unrecognised += isinstance(item, Gap) and step.url is not None
        if step.url and step.seen:
            self._settle(step, step.url, step.seen, item)
        elif isinstance(item, Gap) and step.seen:
            self._unread.append(item.reason if step.seen.url in item.reason else f"{step.seen.url}: {item.reason}")

    def _save(self, step: RebuildStep, item: Item) -> None:
        """Store the content of a page, if it is one; its address is settled at the end of the run."""
        if isinstance(item, Gap):
            endings.learn(self._session, step.kind, item)
            return
        seen, run = step.seen, step.run
        outcome = Outcome(
            item=item,
            kind=step.kind,
            url=step.url if isinstance(item, Unmodified) else None,
            capture_id=seen.id if seen else None,
            fetched_at=seen.fetched_at if seen else None,
        )
        outcomes.save(self._session, outcome, run.site, run_id=run.id, extractor_version=EXTRACTOR_VERSION)

    def _settle(self, step: RebuildStep, url: str, seen: CaptureRow, item: Item) -> None:
        """Note what became of an address, and what a killed run had yet to ask for."""
        reason, permanent = (item.reason, item.permanent) if isinstance(item, Gap) else (None, False)
        self._addresses[url] = Settled(
            url=url, kind=step.kind, date=seen.fetched_at, reason=reason, permanent=permanent
        )
        if step.run.end is None:
            self._expect(step.run, item)

    def _expect(self, run: RunFiles, item: Item) -> None:
        """Note what a run would have asked for next: a killed one left no record of it."""
        options = run.start.command.split()
        no_images = "--no-images" in options
        left_out = {"comments": "--no-comments" in options, "image": no_images, "requisite": no_images}
        for url, kind in reading.follow_ups(item, run.site):
            if not left_out.get(kind):
                chronicle.expect(self._session, url, kind, run_id=run.id, now=run.start.started_at)

    def _end(self, run: RunFiles) -> None:
        """Store what became of a run's addresses, how it ended, and what only it knew."""
        self._early = {}
        chronicle.settle(self._session, self._addresses.values(), run_id=run.id)
        self._addresses = {}
        end = run.end
        if end is None:
            return
        chronicle.restore(self._session, end.addresses, run_id=run.id)
        if end.doubts is not None:
            doubts.restore(self._session, end.doubts)
        if end.missing_counted:
            freshness.settle_missing(self._session, run_id=run.id, cycle=run.start.cycle)
        rest = end.rest_until
        runs.end(self._session, run.id, end.outcome, end.exit_code, end.counts, now=end.finished_at, rest_until=rest)

    def _conclude(self, began: str) -> None:
        """Store the rebuild as a run, so that the next crawl begins a cycle: what a killed one wanted is not known."""
        self._tally.notes += [
            f"{found.warc_file}, offset {found.offset}: {counted(found.length, 'byte')} cannot be read: {found.reason}"
            for found in self._records.damage
        ]
        if lost := self._records.unresolved:
            self._tally.notes.append(
                f"of a payload that no record has: {counted(len(lost), 'capture')}, such as {lost[0]}"
            )
        self._tally.notes += [f"imported, but not read: {each}" for each in self._unread[:_MOST_SHOWN]]
        if (more := len(self._unread) - _MOST_SHOWN) > 0:
            self._tally.notes.append(f"imported, but not read: {counted(more, 'further page')}")
        relations.refresh(self._session)
        chronicle.count_on(self._session)
        rest = runs.rest_until(self._session)
        run_id, _ = runs.begin(self._session, COMMAND, now=began)
        counts = {"captures": self._tally.captures, "pages": dict(self._tally.pages)}
        until = timestamp(rest) if rest else None
        runs.end(self._session, run_id, runs.COMPLETE, 0, counts, now=timestamp(), rest_until=until)
