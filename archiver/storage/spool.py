"""The folder in which WARC files are written, and their way from there into object storage.

A closed file gets a row with its size and SHA-256. Where the archive has a place in object storage it is then stored
there, checked, and noted as stored; only after that the copy in the folder may go. After a kill at any moment,
the next command that writes resumes: a file already stored is found to be the same.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from archiver.clock import timestamp
from archiver.counting import counted
from archiver.durable import sync_directory, writing
from archiver.errors import ArchiverError, StorageUnreachable
from archiver.storage.bucket import Bucket, Object
from archiver.storage.elsewhere import Remote
from archiver.store import warc_files
from archiver.store.database import Archive
from archiver.store.warc_files import Closed, WarcFileRow
from archiver.warc.storage import SUFFIX, Storage
from archiver.warc.writer import OPEN_SUFFIX

MAX_BYTES = 64 << 20
"""Bytes after which a file that is to be stored elsewhere is closed: the most that a lost disk costs."""

MAX_AGE = timedelta(hours=1)
"""The same as a time."""

ROUNDS = 2
"""Failures in a row after which the service is left alone until the next run."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What became of the files of earlier runs."""

    returned: frozenset[str] = frozenset()
    """Files that had been taken for lost, and are in the folder."""
    lost: frozenset[str] = frozenset()
    """Files that are nowhere, and were not known to be lost."""


class Spool:
    """The files of an archive's folder, for one command that writes and holds the archive's lock."""

    def __init__(
        self,
        archive: Archive,
        folder: Path,
        url: str | None = None,
        keep: int | None = None,
        note: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Take the folder, and where files go from there; by default where earlier ones went.

        `keep` is how many bytes of closed files may stay in the folder once they are stored; None keeps all. Raises
        UsageError for a URL that is no place in object storage, ArchiverError for a folder that cannot be created.
        """
        self._session = archive.session
        self._commit = archive.commit
        self.folder = folder
        self._keep = keep
        self._note = note
        self._rows = warc_files.rows(self._session)
        url = url or warc_files.place(self._rows)
        self.bucket = Bucket(url, make=True) if url else None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="upload") if self.bucket else None
        self._sending: dict[str, Future[Closed]] = {}
        self._failures = 0
        self._failure: StorageUnreachable | None = None
        self.failed: dict[str, str] = {}
        """Files that could not be stored, and why."""

    def names(self) -> set[str]:
        """Return the names of all files that have a row."""
        return set(self._rows)

    def lost(self) -> set[str]:
        """Return the names of the files that are lost."""
        return {name for name, row in self._rows.items() if row.lost_at}

    def opened(self, name: str) -> None:
        """Note a file that a command begins to write, in the transaction of what it writes first."""
        if name not in self._rows:
            self._store(name, **self._whereabouts())

    def take_stock(self, in_use: Collection[str] = ()) -> Stock:
        """Find what became of the files of earlier runs, on this machine or another; missing ones are noted as lost.

        `in_use` are files another process writes to.
        """
        here = self._here().keys() | set(in_use)
        returned = frozenset(name for name in here if name in self._rows and self._rows[name].lost_at)
        for name in returned:
            self._store(name, lost_at=None)
        missing = [
            name
            for name, row in self._rows.items()
            if row.url and not row.uploaded_at and not row.lost_at and name not in here
        ]
        if not missing or not self.bucket:
            return Stock(returned)
        try:
            nowhere = self._not_stored(missing)
        except ArchiverError as error:
            self._note(
                f"not in {self.folder}, and not known to be stored: {counted(len(missing), 'WARC file')}: {error}"
            )
            return Stock(returned)
        for name in nowhere:
            self._store(name, lost_at=timestamp())
        return Stock(returned, frozenset(nowhere))

    def deliver(self) -> None:
        """Begin to store the closed files that are not stored yet; `collect` notes the results."""
        for name, path in self._here().items():
            row = self._rows.get(name)
            if name in self._sending or (row and (row.uploaded_at or row.lost_at)):
                continue
            if self._executor and self._failures < ROUNDS:
                self._sending[name] = self._executor.submit(self._sent, path)
            elif row and not row.closed_at and not self._executor:
                self._store(name, **asdict(measured(path)))

    def collect(self, *, patient: bool = False) -> None:
        """Note which files have been stored, and make room; with `patient`, wait for those under way."""
        if patient:
            wait(self._sending.values())
        done = [name for name, future in self._sending.items() if future.done()]
        for name in done:
            self._arrived(name, self._sending.pop(name))
        if done:
            self._commit()  # before a copy goes
            self._make_room()

    def settle(self) -> None:
        """Store closed files, and wait for that; return what could not be stored."""
        self._failures = 0
        self.deliver()
        self.collect(patient=True)
        self._commit()
        self._make_room()
        if self.failed and self.bucket:
            name, reason = next(iter(self.failed.items()))
            self._note(
                f"kept in {self.folder} for the next run: {counted(len(self.failed), 'WARC file')}, "
                f"such as {name}: {reason}"
            )

    def close(self) -> None:
        """Close; transfers under way are completed."""
        if self._executor:
            self._executor.shutdown(cancel_futures=True)

    def _here(self) -> dict[str, Path]:
        return {path.name: path for path in sorted(self.folder.glob(f"*{SUFFIX}"))}

    def _whereabouts(self) -> dict[str, str]:
        if not self.bucket:
            return {}
        return {"url": self.bucket.url, "spool": f"{platform.node()}:{self.folder.absolute()}"}

    def _store(self, name: str, **values: Any) -> None:
        warc_files.note(self._session, name, **values)
        self._rows[name] = replace(self._rows.get(name, WarcFileRow(name)), **values)

    def _not_stored(self, names: Collection[str]) -> list[str]:
        """Return which of these files are not in object storage; note in the rows those that are.

        Their upload was the last thing their machine did.
        """
        nowhere = []
        by_place = groupby(sorted(names, key=self._url_of), key=self._url_of)
        for url, some in by_place:
            bucket = Bucket(url)
            there = bucket.objects()
            nowhere += [name for name in some if name not in there or not self._adopted(bucket, name, there[name])]
        return nowhere

    def _url_of(self, name: str) -> str:
        return self._rows[name].url or ""

    def _adopted(self, bucket: Bucket, name: str, found: Object) -> bool:
        row = self._rows[name]
        sha256 = bucket.digest(name)
        if row.sha256 and (row.sha256, row.size) != (sha256, found.size):
            self._note(
                f"{bucket.url}/{name}: expected the {row.size} bytes of the closed file, found {found.size} others"
            )
            return False
        closed = {"size": found.size, "sha256": sha256, "closed_at": row.closed_at or timestamp(found.stored_at)}
        self._store(name, **closed, spool=None, uploaded_at=timestamp())
        return True

    def _sent(self, path: Path) -> Closed:
        """Store a file, in another thread; return its size and digest."""
        closed = measured(path)
        if self.bucket and self._failures < ROUNDS:
            try:
                self.bucket.put(path, closed.sha256)
            except StorageUnreachable as error:
                self._failures += 1
                self._failure = error
                raise
            self._failures = 0
        elif self._failure:
            raise self._failure
        return closed

    def _arrived(self, name: str, sent: Future[Closed]) -> None:
        try:
            closed = sent.result()
        except (ArchiverError, OSError) as error:
            self.failed[name] = str(error)
            self._store(name, **self._whereabouts())
            return
        self.failed.pop(name, None)
        self._store(name, **asdict(closed), **self._whereabouts(), uploaded_at=timestamp())

    def _make_room(self) -> None:
        """Remove the oldest copies of stored files, until the others fit."""
        if not self.bucket or self._keep is None:
            return
        here = self._here()
        taken = sum(path.stat().st_size for path in here.values())
        dropped = []
        for row in sorted(self._rows.values(), key=lambda row: (row.closed_at or "", row.name)):
            if taken <= self._keep:
                break
            if row.uploaded_at and row.name in here:
                taken -= here[row.name].stat().st_size
                with writing(here[row.name]):
                    here[row.name].unlink()
                dropped.append(row.name)
        if dropped:
            sync_directory(self.folder)
            for name in dropped:
                self._store(name, spool=None)
            self._commit()


def restate(
    archive: Archive, storage: Storage, former: Mapping[str, WarcFileRow], incoming: Path | None = None
) -> None:
    """Give the files of an archive their rows in a database that is being rebuilt; the caller commits.

    `former` are the rows of the former database: an object of the size they give need not be read again.
    `incoming` is a file that is still open.
    """
    session = archive.session
    for name, source in storage.closed().items():
        before, there = former.get(name, WarcFileRow(name)), storage.objects and storage.objects.find(name)
        closed = measured(source) if isinstance(source, Path) else None
        if isinstance(there, Remote) and (
            closed is None or (closed.size, closed.sha256) == (there.size, before.sha256)
        ):
            whole = before if before.sha256 and before.size == there.size else there.measured()
            at, stored = closed.closed_at if closed else whole.closed_at, before.uploaded_at or timestamp()
            row = {"size": whole.size, "sha256": whole.sha256, "closed_at": at, "uploaded_at": stored}
            warc_files.note(session, name, url=there.url, **row)
        elif closed:
            warc_files.note(session, name, **asdict(closed))
    if incoming:
        warc_files.note(session, incoming.name.removesuffix(OPEN_SUFFIX))


def measured(path: Path) -> Closed:
    """Return what a closed file is."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        status = os.fstat(file.fileno())
    return Closed(size=status.st_size, sha256=sha256, closed_at=timestamp(datetime.fromtimestamp(status.st_mtime, UTC)))
