"""Runs the command in forked processes, as zygote.py does, with one thing changed: killed, on a full disk, an hour ago.

Requests and answers are lines of JSON. Where the system lets it, the process has its own view of what is mounted, so it
can have disks that are small or cannot be written to, and nobody else sees them.
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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from archiver.bundled import sample_folder
from archiver.sample import SampleBlog, SampleResponse
from tests.zygote import ROOT, Completed, Zygote

from .conftest import QUICK, Crawled

# -- on the side of the tests ------------------------------------------------------------------------------------------


class Meddling(NamedTuple):
    """A function of the last part of this file, by name, and its arguments."""

    name: str
    arguments: dict[str, object]


def shifted(seconds: int) -> Meddling:
    """Have the clock go ahead, or behind."""
    return Meddling("_shift", {"seconds": seconds})


def dying(moment: str, nth: int = 1) -> Meddling:
    """Be killed the n-th time it comes to one of MOMENTS, or when half a record is written."""
    return Meddling("_die", {"moment": moment, "nth": nth})


def recording_fails(error: int, nth: int) -> Meddling:
    """Have the n-th write to a WARC file fail half-way, and all that follow."""
    return Meddling("_fail_recording", {"error": error, "nth": nth})


def database_fails(nth: int) -> Meddling:
    """Have the n-th statement and all that follow fail, as on a disk that fails."""
    return Meddling("_fail_database", {"nth": nth})


def database_full(pages: int) -> Meddling:
    """Have no room for more pages in the database."""
    return Meddling("_limit_database", {"pages": pages})


def free(*sizes: int) -> Meddling:
    """Have so many bytes free on the disk, one number for each time somebody asks; the last one stays."""
    return Meddling("_free", {"sizes": sizes})


def committing_every(items: int) -> Meddling:
    """Make work durable after so many items, however long they take."""
    return Meddling("_set", {"COMMIT_ITEMS": items, "COMMIT_SECONDS": 3600})


def without_reserve() -> Meddling:
    """Go on until the disk is full."""
    return Meddling("_set", {"RESERVE": 0})


def resolving(name: str, address: str) -> Meddling:
    """Have a host name resolve to an address."""
    return Meddling("_resolve", {"name": name, "address": address})


@cache
def _apart() -> tuple[str, ...]:
    """Return the words that give a program mounts of its own; none where the system does not allow it."""
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
            [*_apart(), sys.executable, "-m", "tests.crawl.meddler"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path) -> Completed:
        return self.start(arguments).wait()

    def start(self, arguments: Iterable[str | Path], meddling: Iterable[Meddling] = ()) -> Started:
        """Run the command, and do not wait for it."""
        self.runs += 1
        words = [str(argument) for argument in arguments]
        output, errors = (self.folder / f"{name}-{self.runs}" for name in ("output", "errors"))
        pid = self._ask(run=words, files=[str(output), str(errors)], meddling=list(meddling))
        return Started(self, words, pid, output, errors)

    @property
    def has_disks(self) -> bool:
        """Whether `disks` works."""
        return bool(_apart())

    def disks(self, *words: str | Path) -> None:
        """Change what this process sees of the disks, and nobody else."""
        assert self._ask(disks=[str(word) for word in words]) == 0

    def seen(self, path: Path) -> Path:
        """Return where everybody else finds what this process sees at a path."""
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
        self.count = 0
        self.at: dict[int, Callable[[], object]] = {}

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        self.count += 1
        self.at.get(self.count, lambda: None)()
        return super().respond(method, target, headers)


class Meddled(Crawled):
    """An archive, and the watched site it comes from."""

    def __init__(self, meddler: Meddler, home: Path, blog: Watched, site: str) -> None:
        super().__init__(meddler, home, blog, site)
        self.meddler, self.watched = meddler, blog
        self.db: Path | None = None
        """Where the database is, if not in the folder."""

    def start(self, *arguments: str, meddling: Iterable[Meddling] = ()) -> Started:
        """Start a crawl of the catalogue, or as the arguments say."""
        elsewhere = ("--db", f"sqlite:///{self.db}") if self.db else ()
        index = ("--index", str(sample_folder() / "index.md"))
        chosen = arguments if arguments[:1] and not arguments[0].startswith("-") else ("catalogue", *arguments)
        words = ("--home", self.home, *elsewhere, "crawl", "--site", self.site, *QUICK, *index, *chosen)
        return self.meddler.start(words, meddling)

    def run(self, *arguments: str, meddling: Iterable[Meddling] = ()) -> Completed:
        return self.start(*arguments, meddling=meddling).wait()

    def last_run(self) -> tuple[str | None, int | None]:
        """Return outcome and exit code of the last run, as its row has them."""
        ((outcome, code),) = self.rows("SELECT outcome, exit_code FROM runs ORDER BY id DESC LIMIT 1")
        return outcome, code


# -- in the process ----------------------------------------------------------------------------------------------------

MOMENTS = {
    "before the sync": ("archiver.warc.writer", "WarcWriter", "sync"),
    "before the commit": ("archiver.store.database", "Archive", "commit"),
    "before the orphans": ("archiver.warc.recovery", None, "orphans"),
    "before the end": ("archiver.crawl.run", "Run", "end"),
    "before the close": ("archiver.warc.writer", "WarcWriter", "close"),
    "before the index": ("archiver.warc.index", None, "update_index"),
    "before the index is replaced": ("pathlib", "Path", "replace"),
}
"""Functions before whose n-th call a process can be killed: module, class and name."""


def _die(moment: str, nth: int) -> None:
    if moment == "in a record":
        _meddle_with_records(nth, lambda: os.kill(os.getpid(), signal.SIGKILL))
        return
    module, owner, name = MOMENTS[moment]
    place: Any = importlib.import_module(module)
    place = getattr(place, owner) if owner else place
    original, calls = getattr(place, name), iter(range(nth - 1))

    def die(*arguments: Any, **named: Any) -> Any:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(place, name, die)


def _fail_recording(error: int, nth: int) -> None:
    def fail() -> None:
        raise OSError(error, os.strerror(error))

    _meddle_with_records(nth, fail)


def _meddle_with_records(nth: int, instead: Callable[[], None]) -> None:
    from archiver.warc.writer import _GrowingFile

    original, calls = _GrowingFile._write, iter(range(nth - 1))

    def write(self: _GrowingFile, data: bytes) -> None:
        if next(calls, None) is None:
            original(self, data[: len(data) // 2])
            instead()
        original(self, data)

    _GrowingFile._write = write  # type: ignore[method-assign]


def _fail_database(nth: int) -> None:
    from sqlalchemy.engine.default import DefaultDialect

    original: Any = DefaultDialect.do_execute
    calls = iter(range(nth - 1))

    def execute(*arguments: Any, **named: Any) -> None:
        if next(calls, None) is None:
            raise sqlite3.OperationalError("disk I/O error")
        original(*arguments, **named)

    DefaultDialect.do_execute = execute  # type: ignore[method-assign]


def _limit_database(pages: int) -> None:
    from archiver.store import database

    vars(database)["_PRAGMAS"] += (f"PRAGMA max_page_count = {pages}",)


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def _free(sizes: list[int]) -> None:
    left = iter(sizes[:-1])
    vars(shutil)["disk_usage"] = lambda path: _Usage(1 << 40, 0, next(left, sizes[-1]))


def _set(**values: int) -> None:
    vars(importlib.import_module("archiver.crawl.work")).update(values)


def _shift(seconds: int) -> None:
    from archiver import clock

    clock.ahead = timedelta(seconds=seconds)


def _resolve(name: str, address: str) -> None:
    original = socket.gethostbyname
    socket.gethostbyname = lambda asked: address if asked == name else original(asked)


def _serve(request: Mapping[str, Any]) -> int:
    from tests.zygote import run

    if "disks" in request:
        return subprocess.run(request["disks"], check=False).returncode
    if "wait" in request:
        return os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
    child = os.fork()
    if child == 0:
        for name, arguments in request["meddling"]:
            globals()[name](**arguments)
        run(request["run"], *request["files"])
    return child


def main() -> None:
    """Serve requests until standard input ends."""
    from tests.zygote import preload

    preload()
    for line in sys.stdin:
        print(_serve(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
