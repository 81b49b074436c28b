"""The command's process as the system sees it: its encoding, its streams, the signals that end it."""

from __future__ import annotations

import _thread
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click


def speak_chinese() -> None:
    """Start again in Python's UTF-8 mode where neither arguments nor names of files can hold Chinese.

    Python takes that mode by itself in the locale C, unless `PYTHONUTF8=0` or an older locale keeps it from it.
    """
    try:
        "苏".encode(sys.getfilesystemencoding())
    except UnicodeEncodeError:
        if not sys.flags.utf8_mode:
            os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def prepare_streams() -> None:
    r"""Make streams write what cannot be encoded as `\udcff`, which JSON can read, and make closed ones silent."""
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # as long as the process
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def silence_output() -> None:
    """Drop what is still to be written to standard output: Python would try again at the end, and complain."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def complain(sentence: str) -> None:
    """Write a line to standard error, whatever it quotes."""
    click.echo(printable(sentence), err=True)


def printable(text: str) -> str:
    r"""Return text with control characters escaped, such as `\x1b`: a terminal would do what they say."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, line ends, and what changes the direction of the text that follows (Unicode, UAX 9)."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Have SIGINT and SIGTERM raise KeyboardInterrupt while the block runs: files are closed, the exit code says so.

    A SIGINT that is ignored, as after `nohup` or `&`, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        raised.append(signal.SIGINT)
    before = {each: signal.signal(each, signal.default_int_handler) for each in raised}
    told, sys.unraisablehook = sys.unraisablehook, _raised_again(sys.unraisablehook)
    try:
        yield
    finally:
        sys.unraisablehook = told
        for each, handler in before.items():
            signal.signal(each, handler)


def _raised_again(told: Callable[[Any], object]) -> Callable[[Any], None]:
    """Return a hook for exceptions that Python drops, as in `__del__` and callbacks: it repeats an interrupt."""

    def hook(dropped: Any) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            _thread.start_new_thread(_interrupt_soon, (hook,))  # threading's locks may be held here
        else:
            told(dropped)

    return hook


def _interrupt_soon(hook: object) -> None:
    time.sleep(_SOON)
    if sys.unraisablehook is not hook:  # the command has ended meanwhile
        return
    number = signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
    signal.pthread_kill(threading.main_thread().ident or 0, number)


_SOON = 0.01
"""Seconds for the main thread to leave where exceptions are dropped; if it has not, the hook is called again."""
