"""Processes of our own that work next to this one: how many, how they start, and how they end."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType

from archiver.interrupts import SIGNALS


def processors() -> int:
    """Return how many processes can work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def settle_in() -> None:
    """Leave an interrupt to the parent, end with it, and keep the parsers' remarks off the terminal: there is no log.

    A parent that is killed tells nobody, and its processes would wait for work forever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger().addHandler(logging.NullHandler())
    gc.freeze()  # what it began with is there to stay: no collection needs to look at it, nor copy its memory
    threading.Thread(target=_end_with_parent, daemon=True).start()


def prepare(module: ModuleType) -> None:
    """Start to load a module in the process that others are forked from, and return at once.

    Otherwise the first process of an executor waits for that.
    """
    forkserver.set_forkserver_preload([module.__name__])
    with _interrupts_held():
        _run_server()


def started(
    processes: int, *, preload: ModuleType | None = None, initializer: Callable[[], None] = settle_in
) -> ProcessPoolExecutor:
    """Return an executor of so many processes, which share nothing with this one: no connection, no lock of a thread.

    Each starts when there is work for it. The first executor's `preload` is loaded once, for all processes.
    """
    if preload:
        forkserver.set_forkserver_preload([preload.__name__])
    return ProcessPoolExecutor(processes, mp_context=_StartingContext(), initializer=initializer)


def end(executor: ProcessPoolExecutor) -> None:
    """End an executor and its processes, whatever these are doing.

    `shutdown` alone waits forever for one that waits for a lock: a process that was killed while it answered holds it,
    and one that was started at that moment is not ended with the others (seen with Python 3.11).
    """
    kill(executor)
    executor.shutdown(cancel_futures=True)


def kill(executor: ProcessPoolExecutor) -> None:
    """Kill the processes of an executor: whoever waits for what they do learns that it is broken."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(0)


def _run_server() -> None:
    """Start the process that others are forked from, unless it runs, deaf to SIGINT as these will be.

    Ctrl-C reaches every process of a terminal, even one that has not yet got as far as ignoring it.
    """
    resource_tracker.ensure_running()  # first, since it unblocks SIGINT when it has to start one
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which is inherited
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _interrupts_held() -> Iterator[list[int]]:
    """Hold interrupts of this process back while the block runs, and give those that came.

    They are not blocked, or another thread would take them, and they would be seen too late.
    """
    came: list[int] = []
    here = threading.current_thread() is threading.main_thread()  # where Python handles signals
    held = {each: handler for each in SIGNALS if here and callable(handler := signal.getsignal(each))}
    for each in held:
        signal.signal(each, lambda number, _frame: came.append(number))
    try:
        yield came
    finally:
        for each, handler in held.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


_STARTING = threading.Lock()


class _Process(ForkServerProcess):
    """A process that leaves the caller's main module alone.

    Python runs that again in each process: a script without `if __name__ == "__main__"` would start all over, and one
    from standard input would not be found.
    """

    def start(self) -> None:
        main = sys.modules["__main__"]
        with _STARTING, _interrupts_held() as interrupts:
            _run_server()
            spec, main.__spec__ = main.__spec__, ModuleSpec("__main__", None)  # the name that is not run again
            try:
                super().start()
            finally:
                main.__spec__ = spec
            if interrupts:
                self.kill()  # or it would begin when all it needs is gone


class _StartingContext(ForkServerContext):
    Process = _Process
