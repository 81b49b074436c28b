"""One writer per archive."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import ArchiveLocked
from archiver.store.database import timestamp
from archiver.warc.durable import writing

NAME = "lock"
"""Name of the lock file in the archive's home; it holds the owner's process number and start."""


@contextmanager
def locked(home: Path) -> Iterator[str]:
    """Hold the archive while the block runs; give who held it before and died, or nothing.

    The lock is the operating system's, so a dead owner's is free. Raises ArchiveLocked when another process has it,
    DiskFull and ArchiverError when it cannot be written.
    """
    with writing(home / NAME):
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(home / NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        before = _take(handle, home)
        try:
            yield before
        finally:  # what ends in an error has not died
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
