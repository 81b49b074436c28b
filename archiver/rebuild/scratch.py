"""A temporary folder for what is under way; what a killed process left of its own, the next one clears away."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "blog-archiver-"


class ScratchFolder:
    """A folder of this process, locked by the operating system as long as that lives."""

    def __init__(self) -> None:
        """Make the folder, and remove those that nobody holds any more."""
        for abandoned in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            handle = _hold(abandoned, fcntl.LOCK_NB)
            if handle is not None:
                shutil.rmtree(abandoned, ignore_errors=True)
                os.close(handle)
        while True:
            self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
            self._handle = _hold(self.path)
            # Somebody may have taken it for abandoned. Where there are no locks, nobody clears anything.
            if self._handle is not None or self.path.exists():
                break

    @property
    def path(self) -> Path:
        """Where the folder is."""
        return Path(self._folder.name)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        self._folder.cleanup()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _hold(folder: Path, waiting: int = 0) -> int | None:
    """Return a handle that locks a folder; None where it cannot be had, is gone or is somebody else's."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | waiting)
        there, held = folder.lstat(), os.fstat(handle)  # whoever held it may have removed it
        if os.path.samestat(there, held) and held.st_uid == os.geteuid():
            return handle
    except OSError:
        pass
    os.close(handle)
    return None
