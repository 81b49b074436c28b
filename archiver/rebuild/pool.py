"""A pool of processes that read pages, whose outcomes are handed out in the order asked for.

Processes, never threads: the libraries below the parsers are known to crash in threads. A process that dies takes the
pages it holds with it; they are read again one by one, so that only the page that kills is lost.

The results of reading are handed over in files, and only their names through the executor's queue: a process that is
killed while it writes more than a pipe takes at once (PIPE_BUF, at least 512 bytes by POSIX) leaves half a message
there, and the executor waits for the other half forever.

A caller's executor, such as a cluster's, sees to its own machines and returns outcomes as values.
"""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from archiver.errors import FULL, ArchiverError, DiskFull
from archiver.items import Gap, Item
from archiver.processes import end, started
from archiver.rebuild import reading
from archiver.rebuild.reading import Task
from archiver.rebuild.scratch import ScratchFolder
from archiver.warc.storage import Storage

Step = TypeVar("Step")
Hand = TypeVar("Hand")

CHUNK = 8
"""Pages handed to a process at once: enough that handing over costs little, few enough to keep all processes busy."""

AHEAD = 3
"""Chunks under way for each process, which are held in memory."""

FATAL = "a fault of the archiver, please report it: reading this page ends the process that does it"

BROKEN = (
    "expected processes that read pages, found that they end before they read any; the database is as it was: "
    "see what stands above, or take one process (`--processes 1`)"
)


@dataclass(frozen=True, slots=True)
class _PageBatch:
    """Pages that a process is reading."""

    tasks: list[Task]
    future: Future[str] | None


def readers(storage: Storage, processes: int, executor: Executor | None = None) -> Pool | Lent:
    """Return the reader of the pages in a folder's WARC files: so many processes here, or an executor."""
    return Lent(storage, processes, executor) if executor else Pool(storage, processes)


class Pool:
    """Processes that read pages, started again when one dies; with one process, this one."""

    def __init__(self, storage: Storage, processes: int) -> None:
        """Take how many processes are to read the WARC files of an archive."""
        self._storage = storage
        self._processes = processes
        if processes > 1:
            self._folder = ScratchFolder()
            self._executor = started(processes, preload=reading)

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        if self._processes > 1:
            end(self._executor)
            self._folder.remove()

    def read_all(self, work: Iterable[tuple[Step, Task | None]]) -> Iterator[tuple[Step, Item | None]]:
        """Yield each step with the outcome of its page, in order; None for a step without a page.

        Raises ArchiverError when the processes end before they read any.
        """
        if self._processes < 2:
            for step, task in work:
                yield step, reading.read(self._storage, task) if task else None
            return
        yield from _in_order(work, AHEAD * self._processes, self._submitted, self._result)

    def _handed_to(self, executor: ProcessPoolExecutor, tasks: list[Task]) -> Future[str]:
        return executor.submit(_read, self._storage, tasks, str(self._folder.path))

    def _submitted(self, tasks: list[Task]) -> _PageBatch:
        if not tasks:
            return _PageBatch(tasks, None)
        try:
            future = self._handed_to(self._executor, tasks)
        except BrokenProcessPool:
            end(self._executor)
            self._executor = started(self._processes, preload=reading)
            future = self._handed_to(self._executor, tasks)
        return _PageBatch(tasks, future)

    def _result(self, pages: _PageBatch) -> list[Item]:
        try:
            return _taken(pages.future.result()) if pages.future else []
        except BrokenProcessPool:
            return [self._read_alone(task) for task in pages.tasks]

    def _read_alone(self, task: Task) -> Item:
        executor = started(1, preload=reading)
        try:
            self._handed_to(executor, []).result()  # a process that ends without a page is no fault of the page
        except BrokenProcessPool as error:
            end(executor)
            raise ArchiverError(BROKEN) from error
        try:
            return _taken(self._handed_to(executor, [task]).result())[0]
        except BrokenProcessPool:
            return Gap(reason=FATAL)
        finally:
            end(executor)


class Lent:
    """A caller's executor, whose machines have this version of the program and reach the records by this path.

    It is not shut down here. Anything it cannot do, such as a page that kills its processes, ends the reading.
    """

    def __init__(self, storage: Storage, processes: int, executor: Executor) -> None:
        """Take an executor, and how many of its processes to keep busy."""
        self._storage = storage
        self._processes = processes
        self._executor = executor

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the executor to the caller."""

    def read_all(self, work: Iterable[tuple[Step, Task | None]]) -> Iterator[tuple[Step, Item | None]]:
        """Do as `Pool.read_all` does.

        Raises ArchiverError when the executor fails, or its machines have another version of the program.
        """
        yield from _in_order(work, AHEAD * self._processes, self._submitted, self._result)

    def _submitted(self, tasks: list[Task]) -> Future[list[Item]] | None:
        if not tasks:
            return None
        try:
            return self._executor.submit(reading.read_elsewhere, self._storage, tasks, reading.VERSION)
        except Exception as error:
            raise _failed(error) from error

    def _result(self, pages: Future[list[Item]] | None) -> list[Item]:
        try:
            return pages.result() if pages else []
        except ArchiverError:
            raise
        except Exception as error:
            raise _failed(error) from error


def _failed(error: Exception) -> ArchiverError:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return ArchiverError(
        f"expected the executor to read pages, found {said}; the database is as it was: try again, or without executor"
    )


def _in_order(
    work: Iterable[tuple[Step, Task | None]],
    ahead: int,
    submitted: Callable[[list[Task]], Hand],
    result: Callable[[Hand], list[Item]],
) -> Iterator[tuple[Step, Item | None]]:
    """Hand out pages in chunks, at most so many at a time, and yield their outcomes in the order of the work."""
    waiting: deque[tuple[list[tuple[Step, Task | None]], Hand]] = deque()
    steps = iter(work)
    while True:
        while len(waiting) < ahead and (some := _some(steps)):
            waiting.append((some, submitted([task for _, task in some if task])))
        if not waiting:
            return
        some, pages = waiting.popleft()
        items = iter(result(pages))
        for step, task in some:
            yield step, next(items) if task else None


def _some(steps: Iterator[tuple[Step, Task | None]]) -> list[tuple[Step, Task | None]]:
    """Return the next steps, with a chunk of pages among them."""
    some: list[tuple[Step, Task | None]] = []
    pages = 0
    for step in steps:
        some.append(step)
        pages += step[1] is not None
        if pages == CHUNK or len(some) == CHUNK * CHUNK:
            break
    return some


def _read(storage: Storage, tasks: list[Task], folder: str) -> str:
    """Read pages; return the path of a file with their outcomes."""
    items = [reading.read(storage, task) for task in tasks]
    try:
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            pickle.dump(items, file, pickle.HIGHEST_PROTOCOL)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise DiskFull(
            f"{folder}: expected room for pages in progress, found none; free some, or set TMPDIR"
        ) from error
    return file.name


def _taken(name: str) -> list[Item]:
    """Return what is in a file of `_read`, and remove it."""
    path = Path(name)
    items: list[Item] = pickle.loads(path.read_bytes())  # noqa: S301 - written by our own processes, where nobody else may
    path.unlink()
    return items
