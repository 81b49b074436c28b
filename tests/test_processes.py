"""Processes of our own: an interrupt ends them with this one, without a word of theirs."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess

import pytest

from archiver import processes


def interrupt_itself() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_process_is_deaf_to_interrupts_before_it_ignores_them() -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # a standard executor of another test started it
    executor = processes.started(1, initializer=interrupt_itself)
    assert executor.submit(abs, -1).result(60) == 1
    processes.end(executor)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_starting_at_an_interrupt_is_ended(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = ForkServerProcess.start

    def interrupted(process: ForkServerProcess) -> None:
        start(process)
        os.kill(os.getpid(), number)

    monkeypatch.setattr(ForkServerProcess, "start", interrupted)
    formerly = signal.signal(signal.SIGTERM, signal.default_int_handler)
    before = set(multiprocessing.active_children())
    executor = processes.started(1)
    try:
        with pytest.raises(KeyboardInterrupt):
            executor.submit(abs, -1)
        for process in set(multiprocessing.active_children()) - before:
            process.join(60)
            assert process.exitcode == -signal.SIGKILL
    finally:
        signal.signal(signal.SIGTERM, formerly)
        executor.shutdown()
