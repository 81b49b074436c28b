"""Processes of our own that work next to this one: how many, how they start, and how they end."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


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
