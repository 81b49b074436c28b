"""A run's unit of work: the one place where what was fetched becomes durable."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Collection
from contextlib import nullcontext, suppress
from pathlib import Path

from archiver import __version__, clock, items
from archiver.crawl import revisits, wire
from archiver.crawl.wire import Exchange
from archiver.errors import ArchiverError, DiskFull
from archiver.storage.spool import MAX_AGE, MAX_BYTES, Spool
from archiver.store import captures
from archiver.store.database import Archive
from archiver.warc import index, journal
from archiver.warc.captures import capture
from archiver.warc.journal import RunEnd, RunStart
from archiver.warc.storage import Storage
from archiver.warc.writer import LARGEST, WarcWriter

COMMIT_ITEMS = 50
COMMIT_SECONDS = 1.0
"""Work is made durable after this many items or seconds: what a kill can cost at most."""

RESERVE = 64 << 20
"""Bytes of free disk below which a run ends: twice the largest response, and room to end well."""

logger = logging.getLogger(__name__)


def check_room(home: Path) -> None:
    """Raise DiskFull while there is still room to end well."""
    free = shutil.disk_usage(home).free
    if free < RESERVE:
        raise DiskFull(f"{home}: {free >> 20} MiB free, {RESERVE >> 20} wanted; make room and run again")


class UnitOfWork:
    """The WARC file, the rows that point into it and its lines of the index.

    Nothing is durable before `commit`, which syncs the WARC first: a row never points at bytes that are not there.
    What is written is a run's, so that a rebuild knows whose it is.
    """

    def __init__(
        self,
        home: Path,
        archive: Archive,
        warc: Storage,
        spool: Spool,
        start: RunStart,
        *,
        name: str,
        taken: Collection[str],
    ) -> None:
        """Prepare to write files whose names begin with `name`; `taken` are names none may have."""
        self.asked = ""
        """The address that was answered last."""
        self._home = home
        self._archive = archive
        self._warc = warc
        self._spool = spool
        self._run_id = start.run
        self._writer = WarcWriter(
            spool.folder,
            name,
            software=f"blog-archiver/{__version__}",
            info=_about(start),
            taken={*taken, *spool.names()},
            max_bytes=MAX_BYTES if spool.bucket else LARGEST,
            max_age=MAX_AGE if spool.bucket else None,
        )
        self._writing: Path | None = None
        self._index: list[str] = []
        self._uncommitted = 0
        self._committed_at = time.monotonic()

    def record(self, url: str, target_uri: str, exchange: Exchange, confirmed: items.Holder | None = None) -> int:
        """Append an exchange to the WARC and note where it is; return the capture's number.

        `confirmed` is the capture whose validators were sent with the request. Raises the failure of the database once
        it has failed: rows are committed in the order of the file, so nothing may follow those that were lost.
        """
        if self._archive.failure is not None:
            raise self._archive.failure
        self.asked = url
        response, whole = exchange.response, exchange.truncated is None
        location = self._writer.write_exchange(
            target_uri=target_uri,
            request=exchange.request,
            response=response,
            fetched_at=exchange.sent_at,
            ip_address=exchange.ip_address or None,
            truncated=exchange.truncated,
            original=revisits.original(self._archive, self._warc, response, confirmed) if whole else None,
        )
        self._spool.opened(location.warc_file)
        self._index.append(index.cdxj_line(location, response.block))
        row = capture(location, url, response.status, response.header, exchange.truncated)
        return captures.add(self._archive.session, row, self._run_id)

    def keep_index(self, topics: items.Topics) -> None:
        """Record the curated index of a file: no exchange has it."""
        kind = "text/html" if topics.source.endswith((".html", ".htm")) else "text/markdown"
        uri = journal.index_uri(topics.source)
        location = self._writer.write_resource(uri, topics.body, kind, clock.now())
        self._spool.opened(location.warc_file)
        self._index.append(index.resource_line(location, topics.body, kind))

    def keep_end(self, end: RunEnd) -> None:
        """Record how the run ended, if that can be: a rebuild else takes it for one that was killed."""
        with suppress(ArchiverError):
            self._writer.write_metadata(end.as_block(), journal.CONTENT_TYPE, end.finished_at)

    def settled(self) -> bool:
        """Note that one more item was stored; return whether it is time to make the work durable."""
        self._uncommitted += 1
        overdue = time.monotonic() - self._committed_at >= COMMIT_SECONDS
        return self._uncommitted >= COMMIT_ITEMS or overdue

    def commit(self) -> None:
        """Make everything so far durable: the WARC's bytes, then the rows that point at them."""
        self._writer.sync()
        self._archive.commit()
        if self._writer.path != self._writing:  # the one before is closed
            self._writing = self._writer.path
            self._spool.deliver()
        self._spool.collect()
        self._uncommitted = 0
        self._committed_at = time.monotonic()

    def close(self, *, failed: bool) -> None:
        """Close the WARC file under its final name, index it, and close the database."""
        # What a full disk keeps from being closed and indexed, the next run closes and indexes.
        with suppress(ArchiverError) if failed else nullcontext():
            self._writer.close()
            index.update_index(self._warc, self._home / index.NAME, self._index)
            self._spool.settle()
        self._spool.close()
        self._archive.close()


def _about(start: RunStart) -> dict[str, str]:
    """Return what the warcinfo record of a run says, and whether its records are less than what was received."""
    rebuilt = wire.fallback_reason()
    if not rebuilt:
        return start.as_fields()
    logger.warning("records hold rebuilt headers, not the bytes received: %s", rebuilt)
    return {**start.as_fields(), "description": f"Headers and chunks are rebuilt, not as received: {rebuilt}"}
