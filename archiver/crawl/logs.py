"""The log of a run: one JSON object a line, in a file of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.errors import ArchiverError
from archiver.store.database import timestamp


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        entry = {
            "time": timestamp(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class _LogFile(logging.FileHandler):
    """A file that may be on a full disk: what cannot be logged must not end the run a second time."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Let it go."""

    def close(self) -> None:
        """Close the file, without the last lines if they cannot be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def logging_to(path: Path, *, verbose: bool = False) -> Iterator[None]:
    """Write the log to a file while the block runs; with `verbose`, to standard error too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        to_file = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise ArchiverError(f"expected to write a log to {path}: {error.strerror}") from error
    to_file.setFormatter(JsonFormatter())
    handlers: list[logging.Handler] = [to_file]
    if verbose:
        to_terminal = logging.StreamHandler()
        to_terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        handlers.append(to_terminal)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
