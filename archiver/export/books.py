"""Books made on request: by a separate process, one at a time, and kept for the next request."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

from archiver.errors import ArchiverError
from archiver.export import epub
from archiver.processes import end, kill, settle_in, started
from archiver.store.library import Library
from archiver.urls import Site
from archiver.warc.storage import Storage

MOST_KEPT = 20
"""How many books are kept: the ones requested last."""

MOST_WAITING = 4
"""How many requests may wait for a book at once: a tenth of a server's threads."""

PATIENCE = 300
"""Seconds a book may take: a topic of 300 posts takes half of them."""

_NICENESS = 10
_GLANCE = 0.1  # seconds


class Busy(ArchiverError):
    """As many requests wait for a book as may."""


class Books:
    """The books of an archive."""

    def __init__(self, storage: Storage, database: str, site: Site) -> None:
        self._source = storage, database, site
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._turn = threading.Lock()
        self._closed = False
        self._kept: OrderedDict[str, Path] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._executor: ProcessPoolExecutor | None = None

    def book(self, title: str, posts: Sequence[int], state: str) -> bytes:
        """Return a book of posts as EPUB, from the cache if it was made in the same `state` of the archive.

        Raises Busy when too many wait, ArchiverError when the book cannot be made.
        """
        if not self._waiting.acquire(blocking=False):
            raise Busy("other books are being made: try again in a minute")
        try:
            with self._turn:
                return self._book(hashlib.sha256(repr((title, posts, state)).encode()).hexdigest(), title, posts)
        finally:
            self._waiting.release()

    def close(self) -> None:
        """End the process and the book it is making, and forget the books."""
        self._closed = True
        while not self._turn.acquire(timeout=_GLANCE):
            if executor := self._executor:
                kill(executor)  # so that whoever waits for it gives up its turn
        try:
            if self._executor:
                end(self._executor)
            if self._folder:
                self._folder.cleanup()
            self._executor = self._folder = None
            self._kept.clear()
        finally:
            self._turn.release()

    def _book(self, name: str, title: str, posts: Sequence[int]) -> bytes:
        if self._closed:
            raise ArchiverError("the server is stopping: ask again when it is back")
        if name not in self._kept:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="books-", ignore_cleanup_errors=True)
            self._make(Path(self._folder.name) / name, title, posts)
            self._kept[name] = Path(self._folder.name) / name
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)[1].unlink(missing_ok=True)
        self._kept.move_to_end(name)
        return self._kept[name].read_bytes()

    def _make(self, target: Path, title: str, posts: Sequence[int]) -> None:
        if self._executor is None:
            self._executor = started(1, initializer=_settle_in)
        try:
            self._executor.submit(_write, *self._source, str(target), title, tuple(posts)).result(PATIENCE)
        except (BrokenProcessPool, TimeoutError) as error:
            end(self._executor)
            self._executor = None
            raise ArchiverError(
                f"expected a book within {PATIENCE} seconds, found none; "
                "use `archiver export epub`, which has no such limit"
            ) from error


def _settle_in() -> None:
    settle_in()
    with suppress(OSError):
        os.nice(_NICENESS)


def _write(storage: Storage, database: str, site: Site, target: str, title: str, posts: tuple[int, ...]) -> None:
    with Library(database, site) as library:
        epub.write(library, Path(target), lambda: None, storage, title=title, posts=posts)
