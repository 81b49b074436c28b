from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest

from archiver.errors import ArchiverError, ExitCode
from archiver.schedule import crawl_process, stop_on_signals, up_to, watch

HOUR = timedelta(hours=1)


class Simulated:
    """A clock, and runs that take a while and end with a code; stops when there are no more."""

    def __init__(self, *runs: tuple[float, int]) -> None:
        self.now = 1000.0
        self.left = list(runs)
        self.starts: list[float] = []
        self.stop = threading.Event()

    def run_once(self) -> int:
        self.starts.append(self.now - 1000)
        hours, code = self.left.pop(0)
        self.now += hours * 3600
        return code

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds
        if not self.left:
            self.stop.set()

    def watch(self, every: timedelta = 24 * HOUR, jitter: Callable[[], timedelta] = timedelta) -> int:
        return watch(self.run_once, every, stop=self.stop, jitter=jitter, clock=lambda: self.now, sleep=self.sleep)

    @property
    def hours(self) -> list[float]:
        return [start / 3600 for start in self.starts]


def test_it_runs_at_once_and_then_a_period_after_each_start() -> None:
    world = Simulated((1, 0), (5, 0), (0.5, 3))
    assert world.watch() == 3
    assert world.hours == [0, 24, 48]


def test_a_run_longer_than_the_period_is_followed_at_once_and_nothing_is_made_up_for() -> None:
    world = Simulated((100, 0), (1, 0), (1, 0))
    world.watch()
    assert world.hours == [0, 100, 124]


def test_a_refusal_counts_from_the_end_and_doubles_while_it_lasts() -> None:
    world = Simulated((10, 7), (1, 7), (0, 7), (0, 7), (0, 7), (1, 0), (0, 7), (0, 0))
    world.watch(every=4 * HOUR)
    between = [after - before for before, after in pairwise(world.hours)]
    assert between == [10 + 4, 1 + 8, 16, 24, 24, 4, 4]


def test_a_refusal_lasts_no_longer_than_the_period_where_that_is_a_day_or_more() -> None:
    world = Simulated(*[(1, 7)] * 40)
    world.watch(every=36 * HOUR)
    assert {after - before for before, after in pairwise(world.hours)} == {37}


def test_the_lock_of_another_run_counts_from_the_end() -> None:
    world = Simulated((2, 5), (2, 5), (0, 0))
    world.watch()
    assert world.hours == [0, 26, 52]


def test_a_jitter_is_added_to_each_pause() -> None:
    world = Simulated((1, 0), (30, 0), (1, 0))
    world.watch(jitter=lambda: timedelta(minutes=30))
    assert world.hours == [0, 24.5, 24.5 + 30.5]


def test_the_jitter_is_anything_up_to_its_limit() -> None:
    drawn = [up_to(HOUR)() for _ in range(50)]
    assert all(timedelta(0) <= length <= HOUR for length in drawn)
    assert len(set(drawn)) > 1


def test_nonsense_is_not_asked_for_again() -> None:
    world = Simulated((0, 2))
    assert world.watch() == ExitCode.USAGE
    world = Simulated((0, 0), (0, 2), (0, 0))
    assert world.watch() == ExitCode.DONE


def test_one_line_a_run_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Simulated((1, 0), (0.01, 7), (0, 137)).watch()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "run 1 ended with exit code 0 (done) after 1h; next run in 23h",
        "run 2 ended with exit code 7 (rate limited) after 36s; next run in 1d",
        "run 3 ended with exit code 137 after 0s; next run in 1d",
    ]


def test_a_stop_during_a_run_ends_it_after_that_run(capsys: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()

    def run_once() -> int:
        stop.set()
        return 130

    assert watch(run_once, HOUR, stop=stop) == 130
    assert capsys.readouterr().err == "run 1 ended with exit code 130 (interrupted) after 0s; no further run\n"


def test_the_exit_code_is_that_of_the_process() -> None:
    assert crawl_process([sys.executable, "-c", "raise SystemExit(7)"])() == 7
    assert crawl_process([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])() == 137


def test_a_process_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiverError, match=r"expected to start .*/none, found: No such file or directory"):
        crawl_process([str(tmp_path / "none")])()


def test_the_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals():
        crawl_process([sys.executable, "-c", ""])()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_sets_the_event() -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(10)


CRAWL = """
import signal, sys, time
def finish(number, frame):
    print("asked", number, flush=True)
    time.sleep(0.3)
    print("finished", flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, finish)
signal.signal(signal.SIGTERM, finish)
print("crawling", flush=True)
time.sleep(60)
"""
LOOP = """
import sys
from datetime import timedelta
from archiver.schedule import crawl_process, stop_on_signals, watch
with stop_on_signals() as stop:
    sys.exit(watch(crawl_process([sys.executable, "-c", sys.argv[1]]), timedelta(days=1), stop=stop))
"""


@contextmanager
def watching(script: str) -> Iterator[subprocess.Popen[str]]:
    """Run the loop in a process and a session of its own."""
    command = [sys.executable, "-c", LOOP, script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as loop:
        try:
            yield loop
        finally:
            loop.kill()


def output(stream: IO[str] | None) -> IO[str]:
    assert stream
    return stream


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_run_finish_what_is_in_flight(number: signal.Signals) -> None:
    with watching(CRAWL) as loop:
        assert output(loop.stdout).readline() == "crawling\n"
        loop.send_signal(number)
        assert loop.wait(20) == 130
        assert output(loop.stdout).read() == f"asked {number}\nfinished\n"
        assert re.fullmatch(r"run 1 .* 130 \(interrupted\) after \S+; no further run\n", output(loop.stderr).read())


def test_an_interrupt_from_the_terminal_arrives_once() -> None:
    with watching(CRAWL) as loop:
        assert output(loop.stdout).readline() == "crawling\n"
        os.killpg(loop.pid, signal.SIGINT)
        assert loop.wait(20) == 130
        assert output(loop.stdout).read() == f"asked {signal.SIGINT}\nfinished\n"


def test_a_signal_between_runs_ends_it_at_once_with_the_last_code() -> None:
    with watching("raise SystemExit(3)") as loop:
        assert "next run in" in output(loop.stderr).readline()
        began = time.monotonic()
        loop.terminate()
        assert loop.wait(20) == 3
        assert time.monotonic() - began < 5
