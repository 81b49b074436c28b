"""Processes of our own: none is left when this one is interrupted."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from multiprocessing.context import ForkServerProcess

import pytest

from archiver import processes


def test_a_process_that_is_starting_at_an_interrupt_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    start = ForkServerProcess.start

    def interrupted(process: ForkServerProcess) -> None:
        start(process)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.1)

    monkeypatch.setattr(ForkServerProcess, "start", interrupted)
    before = set(multiprocessing.active_children())
    executor = processes.started(1)
    with pytest.raises(KeyboardInterrupt):
        executor.submit(int)
    for process in set(multiprocessing.active_children()) - before:
        process.join(2)
        assert not process.is_alive()
    executor.shutdown()
