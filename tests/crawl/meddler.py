"""Runs the command in forked processes, as zygote.py does, with one thing changed: killed, on a small disk, at odd times.

Requests and answers are lines of JSON. The process has its own view of what is mounted where the system lets it, so it
can have disks that are small or cannot be written, and nobody else sees them.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from archiver.sample import Response, SampleBlog

from .conftest import ROOT, Completed, Zygote

# -- on the side of the tests ------------------------------------------------------------------------------------------


@cache
def _unshare() -> tuple[str, ...]:
    """Return the words that give a program mounts of its own; none where the system does not let us."""
    words = ("unshare", "--mount", *(("--map-root-user",) if os.geteuid() else ()))
    if not shutil.which("unshare"):
        return ()
    tried = subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return () if tried.returncode else words


class Meddler(Zygote):
    """A process that forks to run the command, with one thing changed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, 0
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
        self.process = subprocess.Popen(
            [*_unshare(), sys.executable, "-m", "tests.crawl.meddler"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path) -> Completed:
        return self.start(*arguments).wait()

    def start(self, *arguments: str | Path, meddling: tuple[Meddling, ...] = ()) -> Started:
        """Run the command, and do not wait for it."""
        self.runs += 1
        words = [str(argument) for argument in arguments]
        files = tuple(self.folder / f"{name}-{self.runs}" for name in ("output", "errors"))
        number = self._ask(run=words, files=[str(path) for path in files], meddling=meddling)
        return Started(self, words, number, *files)

    def mount(self, *words: str | Path) -> None:
        """Change what the command sees of the disks; only where `has_mounts` holds."""
        assert self._ask(mount=[str(word) for word in words]) == 0

    @property
    def has_mounts(self) -> bool:
        return bool(_unshare())

    def seen(self, path: Path) -> Path:
        """Return where this process finds what the command sees at a path."""
        return Path(f"/proc/{self.process.pid}/root{path}")

    def _ask(self, **request: object) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@dataclass
class Started:
    """A command that runs."""

    meddler: Meddler
    words: list[str]
    pid: int
    output: Path
    errors: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def wait(self) -> Completed:
        """Wait for the end; a signal that ended it is a negative code."""
        code = self.meddler._ask(wait=self.pid)
        return Completed(self.words, code, self.output.read_text("utf-8"), self.errors.read_text("utf-8"))


class Watched(SampleBlog):
    """A sample blog that calls a function when it is asked for the n-th time, before it answers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.asked = 0
        self.at: dict[int, Callable[[], object]] = {}

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        self.asked += 1
        self.at.get(self.asked, lambda: None)()
        return super().respond(method, target, headers)


class Meddling(NamedTuple):
    """A function below, by name, and its arguments."""

    name: str
    arguments: dict[str, object]


def shifted(seconds: int) -> Meddling:
    """Set the clock."""
    return Meddling("_shift", {"seconds": seconds})


def dying(moment: str, nth: int = 1) -> Meddling:
    """Be killed at the n-th time something happens: see MOMENTS."""
    return Meddling("_die", {"moment": moment, "nth": nth})


def failing(error: int, nth: int) -> Meddling:
    """Have the n-th write to a WARC file fail half-way, and all that follow."""
    return Meddling("_fail", {"error": error, "nth": nth})


def free(*sizes: int) -> Meddling:
    """Have so many bytes free on the disk, one number for each time somebody asks; the last one stays."""
    return Meddling("_free", {"sizes": sizes})


def committing_every(items: int) -> Meddling:
    """Make work durable more often than once a second, so that a short crawl does it too."""
    return Meddling("_commit_every", {"items": items})


def without_reserve() -> Meddling:
    """Go on until the disk is full."""
    return Meddling("_spend_reserve", {})


def resolving(**names: str) -> Meddling:
    """Have names resolve to addresses; underscores stand for dots."""
    return Meddling("_resolve", {"names": {name.replace("_", "."): address for name, address in names.items()}})


# -- in the process ----------------------------------------------------------------------------------------------------

MOMENTS = {
    "before the sync": ("archiver.warc.writer", "WarcWriter", "sync"),
    "before the commit": ("archiver.store.database", "Archive", "commit"),
    "before the recovery": ("archiver.warc.recovery", None, "recover"),
    "before the orphans": ("archiver.warc.recovery", None, "orphans"),
    "before the end": ("archiver.crawl.run", "Run", "end"),
    "before the close": ("archiver.warc.writer", "WarcWriter", "close"),
}


def _die(moment: str, nth: int) -> None:
    if moment == "in a record":
        _meddle_with_writes(nth, lambda: os.kill(os.getpid(), signal.SIGKILL))
        return
    module, owner, name = MOMENTS[moment]
    place = getattr(sys.modules[module], owner) if owner else sys.modules[module]
    original, calls = getattr(place, name), iter(range(nth - 1))

    def die(*arguments: Any, **named: Any) -> Any:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(place, name, die)


def _fail(error: int, nth: int) -> None:
    def fail() -> None:
        raise OSError(error, os.strerror(error))

    _meddle_with_writes(nth, fail)


def _fail_database(nth: int) -> None:
    from sqlalchemy.engine.default import DefaultDialect

    original, calls = DefaultDialect.do_execute, iter(range(nth - 1))

    def execute(*arguments: Any, **named: Any) -> None:
        if next(calls, None) is None:
            raise sqlite3.OperationalError("disk I/O error")
        original(*arguments, **named)

    DefaultDialect.do_execute = execute  # type: ignore[method-assign]


def _meddle_with_writes(nth: int, instead: Callable[[], None]) -> None:
    from archiver.warc import writer

    original, calls = writer._WarcFile._write, iter(range(nth - 1))

    def write(self: Any, data: bytes) -> None:
        if next(calls, None) is None:
            original(self, data[: len(data) // 2])
            instead()
        original(self, data)

    writer._WarcFile._write = write  # type: ignore[method-assign]


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def _free(sizes: list[int]) -> None:
    left = iter(sizes[:-1])
    shutil.disk_usage = lambda path: _Usage(1 << 40, 0, next(left, sizes[-1]))  # type: ignore[assignment,misc]


def _commit_every(items: int) -> None:
    from archiver.crawl import run

    run.COMMIT_ITEMS = items


def _spend_reserve() -> None:
    from archiver.crawl import run

    run.RESERVE = 0


def _shift(seconds: int) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp((datetime.now(tz) + timedelta(seconds=seconds)).timestamp(), tz)

    for name, module in sys.modules.items():
        if name.startswith(("archiver.", "spiders.")) and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]


def _resolve(names: dict[str, str]) -> None:
    original = socket.gethostbyname
    socket.gethostbyname = lambda name: names.get(name) or original(name)  # type: ignore[assignment]


def _serve(line: str) -> int:
    from .zygote import run

    request = json.loads(line)
    if "mount" in request:
        return subprocess.run(["mount", *request["mount"]], check=False).returncode
    if "wait" in request:
        return os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
    child = os.fork()
    if child == 0:
        for name, arguments in request["meddling"]:
            globals()[name](**arguments)
        run(request["run"], *request["files"])
    return child


def _preload() -> None:
    """Import what the command imports late, for all children at once."""
    from scrapy.settings import default_settings as scrapy

    groups = (scrapy.EXTENSIONS_BASE, scrapy.DOWNLOADER_MIDDLEWARES_BASE, scrapy.SPIDER_MIDDLEWARES_BASE)
    for name in ("alembic.command", *(path.rpartition(".")[0] for group in groups for path in group)):
        importlib.import_module(name)


def main() -> None:
    """Serve requests until standard input ends."""
    _preload()
    for line in sys.stdin:
        print(_serve(line), flush=True)


if __name__ == "__main__":
    main()
