"""One writer per archive."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from archiver.clock import timestamp
from archiver.durable import expect_file, writing
from archiver.errors import ArchiveLocked
from archiver.store import server
from archiver.store.location import database_url

NAME = "lock"
"""Name of the lock file in the archive's home; it holds the owner's process number and start."""


@contextmanager
def locked(home: Path, db: str | None = None) -> Iterator[str]:
    """Hold the archive while the block runs; give who held it before and died, or nothing.

    The lock is the operating system's, so a dead owner's is free; a database on a server has another one of its own,
    as other homes may write to it. Raises ArchiveLocked when another process has either, DiskFull and ArchiverError
    when the first cannot be written, UsageError when it is no file, ArchiverError when the server cannot be queried.
    """
    url = database_url(home, db)
    with writing(home / NAME):
        home.mkdir(parents=True, exist_ok=True)
        expect_file(home / NAME)
        handle = os.open(home / NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        before = _take(handle, home)
        try:
            with server.locked(url) if server.is_server(url) else nullcontext():
                yield before
        finally:  # a block that ends in an error has not died
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, home: Path) -> str:
    """Write our name into the lock; return the name that was in it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = _owner(handle) or "unknown"
        raise ArchiveLocked(
            f"{home}: another run is writing to this archive ({owner}); wait for it, or end that process"
        ) from error
    before = _owner(handle)
    with writing(home / NAME):
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"pid {os.getpid()}, since {timestamp()}\n".encode(), 0)
    return before


def _owner(handle: int) -> str:
    return os.pread(handle, 200, 0).decode("utf-8", "replace").strip()
