"""A loop in the foreground, for containers: they have no systemd, and a crontab is lost with them.

Each run is a process of its own, because Scrapy's reactor cannot start twice in one.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from archiver.errors import ArchiverError, ExitCode
from archiver.interrupts import SIGNALS
from archiver.schedule.durations import format_duration

LONGEST_REST = timedelta(days=1)
"""Up to where a shorter pause is doubled: no site asks for more, and a lost network looks like a refusal, too."""


def watch(
    run_once: Callable[[], int],
    every: timedelta,
    *,
    stop: threading.Event,
    jitter: Callable[[], timedelta] = timedelta,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] | None = None,
) -> int:
    """Run at once and then every period, counted from the start of the last run; return the last exit code.

    A run longer than the period is followed by the next one at once, and missed runs are not made up for. After
    `LOCKED` and `RATE_LIMITED` the period is counted from the end, after the latter doubled with each refusal in a row,
    up to a day. `jitter` returns what is added to a pause. It ends when `stop` is set, or after a first run that ends
    with `USAGE`, since repeating a wrong command would not help. `sleep` should end early when `stop` is set. One line
    per run goes to standard error.
    """
    sleep = sleep or stop.wait
    run = refusals = 0
    while True:
        run += 1
        started = clock()
        code = run_once()
        took = timedelta(seconds=clock() - started)
        refusals = refusals + 1 if code == ExitCode.RATE_LIMITED else 0
        said = f"run {run} {_outcome(code)} after {format_duration(took)}"
        if stop.is_set() or (run == 1 and code == ExitCode.USAGE):
            _say(f"{said}; no further run")
            return code
        pause = _pause(every, took, code, refusals) + jitter()
        _say(f"{said}; next run in {format_duration(_rounded(pause))}")
        sleep(pause.total_seconds())
        if stop.is_set():
            return code


def _rounded(length: timedelta) -> timedelta:
    """Return a duration to the minute, if it is more than an hour."""
    minute = timedelta(minutes=1)
    return round(length / minute) * minute if length > timedelta(hours=1) else length


def _pause(every: timedelta, took: timedelta, code: int, refusals: int) -> timedelta:
    if code == ExitCode.RATE_LIMITED and every < LONGEST_REST:
        return min(every * (1 << min(refusals - 1, 16)), LONGEST_REST)
    if code in (ExitCode.LOCKED, ExitCode.RATE_LIMITED):
        return every
    return max(every - took, timedelta())


def _outcome(code: int) -> str:
    try:
        name = ExitCode(code).name.lower().replace("_", " ")
    except ValueError:
        return f"ended with exit code {code}"
    return f"ended with exit code {code} ({name})"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def up_to(limit: timedelta) -> Callable[[], timedelta]:
    """Return a jitter for `watch`: a random time from zero to the limit, a new one at each call."""
    return lambda: limit * random.random()  # noqa: S311 - spreads requests, guards nothing


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give the event that SIGTERM and SIGINT set while the block runs; for the main thread."""
    stop = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:
        # The main thread may be interrupted within `stop.wait`, holding the lock that `stop.set` wants.
        threading.Thread(target=stop.set, daemon=True).start()

    with _handling(ask):
        yield stop


def crawl_process(command: Sequence[str]) -> Callable[[], int]:
    """Return a function for `watch` that runs the command as a process and returns its exit code.

    SIGTERM and SIGINT are passed on to the process, and to whoever handled them before, as `stop_on_signals` does. A
    process ended by a signal gives 128 plus its number, as in a shell. Raises ArchiverError when it cannot be started.
    """

    def run() -> int:
        children: list[subprocess.Popen[bytes]] = []
        early: list[int] = []

        def pass_on(signum: int, frame: FrameType | None) -> None:
            for child in children:
                child.send_signal(signum)
            if not children:
                early.append(signum)
            handler = before[signal.Signals(signum)]
            # Python's own handler would break off the wait and leave the child alone.
            if callable(handler) and handler is not signal.default_int_handler:
                handler(signum, frame)

        before = {number: signal.getsignal(number) for number in SIGNALS}
        # Handlers first: a signal between the start and the handlers would be lost on a crawl of hours.
        with _handling(pass_on):
            child = _start(command)
            children.append(child)
            for signum in early:
                child.send_signal(signum)
            code = child.wait()
        return code if code >= 0 else 128 - code

    return run


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a process group of its own: otherwise a terminal's Ctrl-C would reach it in addition to our own signal, and a
    # second one means not to finish what is in flight.
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603
    except OSError as error:
        raise ArchiverError(f"expected to start {command[0]}, found: {error.strerror}") from error


@contextmanager
def _handling(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle our signals while the block runs; whoever handled them before does so again after."""
    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
