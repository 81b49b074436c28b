"""Files that survive a crash: a name on the disk is always that of a whole file."""

from __future__ import annotations

import contextlib
import os
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


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Yield a new file to write to, which replaces `target` when the block succeeds.

    Until then `target` is as it was; after an error, and after the next call when this one was killed, nothing is left.
    Raises as `writing` does.
    """
    new = target.with_name(f"{target.name}.new")
    with writing(target):
        try:
            with new.open("w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            new.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise
        sync_directory(target.parent)


def sync_directory(directory: Path) -> None:
    """Make a new or changed name in a folder survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
