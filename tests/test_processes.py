"""Processes of our own: an interrupt ends them with this one, without a word of theirs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.context import ForkServerProcess

import pytest

from archiver import processes

DEAF = """
import functools, signal
from archiver import processes

executor = processes.started(1, initializer=functools.partial(signal.raise_signal, signal.SIGINT))
print(executor.submit(abs, -1).result(60))
processes.end(executor)
"""


def test_a_process_is_deaf_to_interrupts_before_it_ignores_them() -> None:
    # In an interpreter of its own: here, another test may have started what processes are forked from.
    run = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("1\n", "")


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
