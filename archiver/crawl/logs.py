"""The log of a run: one JSON object per line, in a file of its own. It holds events, never what was fetched."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from scrapy.logformatter import LogFormatter

from archiver.clock import timestamp
from archiver.durable import writing

LONGEST = 2_000
"""Characters of a message, and of a traceback: longer ones hold data, whoever wrote them."""

KEPT = 100
"""How many logs of the latest runs, and of the latest that failed, are kept."""

MOST_BYTES = 64 << 20
"""Bytes of logs that are kept in addition to the newest, whatever their number."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        entry = {
            "time": timestamp(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)[-LONGEST:]
        return json.dumps(entry, ensure_ascii=False)


class EventFormatter(LogFormatter):
    """What Scrapy logs about responses and items: only the address of an item that could not be stored, and why."""

    def crawled(self, request: Any, response: Any, spider: Any) -> Any:
        """Say nothing: a line would be made for each response, and none is kept at its level."""

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        """Say nothing: it is in the counts of a run."""

    def dropped(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        """Say which item was dropped, and why."""
        return {"level": logging.WARNING, "msg": "dropped %s: %s", "args": (_address(item), exception)}

    def item_error(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        """Say which item could not be stored; the traceback follows."""
        return {"level": logging.ERROR, "msg": "a fault at %s", "args": (_address(item),)}


def _address(item: Any) -> str:
    return getattr(item, "url", None) or type(item).__name__


class _LogFile(logging.FileHandler):
    """A file that may be on a full disk: a failure to log must not end the run a second time."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Ignore the failure."""

    def close(self) -> None:
        """Close the file, without the last lines if they cannot be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def logging_to(path: Path, *, verbose: bool = False) -> Iterator[None]:
    """Write the log to a file while the block runs; with `verbose`, to standard error too.

    Scrapy sets its own loggers to DEBUG, so what is below INFO is kept out by the handlers.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # A path that is not UTF-8 may be in a message.
        to_file = _LogFile(path, encoding="utf-8", errors="backslashreplace")
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
        handler.setLevel(logging.INFO)
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def log_file(folder: Path, run: int) -> Path:
    """Return where a run's log is."""
    return folder / f"run-{run:06}.jsonl"


def prune(folder: Path, failed: Collection[int]) -> None:
    """Remove the logs of runs long past; those of runs that failed, given by number, stay longer.

    Logs that cannot be removed stay: no run ends because of them.
    """
    newest = sorted(_logs(folder), reverse=True)
    kept = {run for run, _ in newest[:KEPT]} | {run for run, _ in [each for each in newest if each[0] in failed][:KEPT]}
    size = 0
    for run, path in newest:
        with suppress(OSError):
            size += path.stat().st_size
            if run not in kept or (size > MOST_BYTES and run != newest[0][0]):
                path.unlink()


def _logs(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the number of each run that has a log, and the file."""
    for path in folder.glob("run-*.jsonl"):
        number = path.stem.removeprefix("run-")
        if number.isdecimal():
            yield int(number), path
