"""Files that survive a crash: a name on the disk is always that of a whole file."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archiver import errors


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating system error into one of ours that names the file.

    Raises DiskFull when there is no room, and ArchiverError otherwise.
    """
    try:
        yield
    except OSError as error:
        reason = f"expected to write {path}, found: {error.strerror or error}"
        if error.errno in errors.FULL:
            raise errors.DiskFull(f"{reason}; free some space and run again") from error
        raise errors.ArchiverError(f"{reason}; check the folder, its permissions and the disk") from error


def in_place_of(path: Path) -> str | None:
    """Return what is at a path instead of a file; None for a file, and for nothing at all."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    kinds = {stat.S_IFREG: None, stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def expect_file(path: Path) -> None:
    """Raise UsageError for anything at a path but a file or nothing: whoever opens a pipe waits for its other end."""
    if found := in_place_of(path):
        raise errors.UsageError(f"{path}: expected a file or nothing, found {found}; move it away")


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Yield a new file to write to, which replaces `target`, or the target of a link, when the block succeeds.

    Until then `target` stays as it was; after an error, or after the call that follows a kill, nothing is left.
    Raises UsageError when `target` exists and is not a file, ArchiveLocked while another program writes it, and as
    `writing` does.
    """
    with writing(target):
        target = target.resolve()
        if found := in_place_of(target):
            raise errors.UsageError(f"{target}: expected a file or nothing, found {found}; choose another place")
        new = target.with_name(f".{target.name}.new")
        expect_file(new)
        with open(new, "w+b", opener=_opened) as file:
            claim(file, new, target)
            try:
                file.truncate()
                yield file
                file.flush()
                os.fsync(file.fileno())
                new.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    new.unlink(missing_ok=True)
                raise
        sync_directory(target.parent)


def _opened(path: str, flags: int) -> int:
    """Open a file without emptying it: it may be another program's."""
    return os.open(path, flags & ~os.O_TRUNC, 0o666)


def claim(file: BinaryIO, path: Path, target: Path) -> None:
    """Hold what is being written for this process alone, as long as the file at `path` is open.

    Raises ArchiveLocked when another one holds it, or had it and has just put it in the place of `target`.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        ours = False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return
    else:
        ours = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
    if not ours:
        raise errors.ArchiveLocked(f"{target}: another program is writing this; wait for it, and run again")


_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
"""Errors of file systems without locks, such as some network ones."""


def sync_directory(directory: Path) -> None:
    """Make a new or changed name in a folder survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
