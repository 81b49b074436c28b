"""Pages read on several processes, and handed out in the order asked for.

Processes, never threads: the libraries below the parsers are known to crash in threads. A process that dies takes the
pages in its hands with it; they are read again one by one, so that only the page that kills is lost.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from archiver.items import Gap, Item
from archiver.rebuild import reading
from archiver.rebuild.reading import Task

Step = TypeVar("Step")

CHUNK = 8
"""Pages handed to a process at once: enough that handing over costs little, few enough to keep all busy."""

AHEAD = 3
"""Chunks in hand for each process: what memory holds."""

FATAL = "a fault of the archiver, please report it: reading this page ends the process that does it"


@dataclass(frozen=True, slots=True)
class _Pages:
    """Pages in the hands of a process."""

    tasks: list[Task]
    future: Future[list[Item]] | None


class Pool:
    """Processes that read pages, made anew when one dies; with one process, this one.

    They start at once, and load their libraries while the caller does other things.
    """

    def __init__(self, directory: Path, processes: int) -> None:
        """Start so many processes to read the WARC files of a folder."""
        self._directory = directory
        self._processes = processes
        if processes > 1:
            # A fork would share the parent's connection to the database.
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([reading.__name__])
            self._executor = self._started(processes)
            for _ in range(processes):
                self._executor.submit(_read, directory, [])

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        if self._processes > 1:
            self._executor.shutdown(cancel_futures=True)

    def read_all(self, work: Iterable[tuple[Step, Task | None]]) -> Iterator[tuple[Step, Item | None]]:
        """Yield each step with what its page comes to, in order; None for a step without a page."""
        if self._processes < 2:
            for step, task in work:
                yield step, reading.read(self._directory, task) if task else None
            return
        waiting: deque[tuple[list[tuple[Step, Task | None]], _Pages]] = deque()
        steps = iter(work)
        while True:
            while len(waiting) < AHEAD * self._processes and (some := _some(steps)):
                waiting.append((some, self._submitted([task for _, task in some if task])))
            if not waiting:
                return
            some, pages = waiting.popleft()
            items = iter(self._result(pages))
            for step, task in some:
                yield step, next(items) if task else None

    def _started(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, mp_context=self._context, initializer=_be_quiet)

    def _submitted(self, tasks: list[Task]) -> _Pages:
        if not tasks:
            return _Pages(tasks, None)
        try:
            future = self._executor.submit(_read, self._directory, tasks)
        except BrokenProcessPool:
            self._executor.shutdown()
            self._executor = self._started(self._processes)
            future = self._executor.submit(_read, self._directory, tasks)
        return _Pages(tasks, future)

    def _result(self, pages: _Pages) -> list[Item]:
        try:
            return pages.future.result() if pages.future else []
        except BrokenProcessPool:
            return [self._read_alone(task) for task in pages.tasks]

    def _read_alone(self, task: Task) -> Item:
        with self._started(1) as executor:
            try:
                return executor.submit(_read, self._directory, [task]).result()[0]
            except BrokenProcessPool:
                return Gap(reason=FATAL)


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


def _be_quiet() -> None:
    """Leave an interrupt to the parent, and keep the parsers' remarks off the terminal: there is no log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger().addHandler(logging.NullHandler())


def _read(directory: Path, tasks: list[Task]) -> list[Item]:
    return [reading.read(directory, task) for task in tasks]
