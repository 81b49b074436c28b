"""A fleet on a server, blogs whose requests are noted with their moments, and workers as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import psycopg
import pytest

from archiver.sample import SampleBlog, serving
from archiver.sample.blog import SampleResponse
from archiver.store import server as stores
from tests.crawl.conftest import few
from tests.zygote import ROOT, Completed, Zygote

WORKER = (sys.executable, "-m", "archiver")
STALLED = ("--stalled-after", "2s")
QUICK = ("--no-images", "--no-comments", "--delay", "0", "catalogue")


class Asked(NamedTuple):
    """A request, as a server saw it."""

    at: float
    blog: str
    target: str


class NotedBlog(SampleBlog):
    """A sample blog that notes when it was asked, in a log that blogs may share, and may refuse.

    It answers no more requests for its posts, or what else is `counted`, than `free` says until `going_on` is set.
    """

    def __init__(self, name: str, log: list[Asked]) -> None:
        super().__init__(source=few())
        self.name, self.log = name, log
        self.refusal: dict[str, str] | None = None
        self.counted, self.free = "/archives/", 1000
        self.going_on = Event()

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        self.log.append(Asked(time.monotonic(), self.name, target))
        if target.startswith(self.counted):
            self.free -= 1
            if self.free < 0:
                self.going_on.wait(60)
            if self.refusal is not None:
                return SampleResponse(429, self.refusal, b"not now")
        return super().respond(method, target, headers)


class Fleet:
    """A fleet's database, the blogs of it and their servers, and a home for workers."""

    def __init__(self, archiver: Zygote, url: str, home: Path, stack: ExitStack) -> None:
        self.archiver, self.url, self.home = archiver, url, home
        self.stack = stack
        self.log: list[Asked] = []

    def __call__(self, *words: str) -> Completed:
        return self.archiver("--home", self.home, "--db", self.url, "fleet", *words)

    def serve(self, name: str, *options: str, every: str = "1d") -> NotedBlog:
        """Serve a blog and put it on the list."""
        blog = NotedBlog(name, self.log)
        site = self.stack.enter_context(serving(blog))
        words = [word for each in ("--site", site, *(options or QUICK)) for word in ("--option", each)]
        url = f"https://kexue.fm/{name}"
        added = self("add", url, "--name", name, "--every", every, "--profile", "kexue", *words)
        assert (added.returncode, added.stderr) == (0, "")
        return blog

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start a worker."""
        command = [*WORKER, "--home", str(self.home), "fleet", "worker", *STALLED, *options]
        environment = os.environ | {"ARCHIVER_DB": self.url, "PYTHONPATH": str(ROOT)}
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.stack.callback(end, worker)
        return worker

    def work(self, *options: str) -> str:
        """Have a worker do all there is to do; return what it said."""
        done = self("worker", *STALLED, "--until-idle", *options)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def status(self) -> dict[str, dict[str, Any]]:
        """Return how each blog is, by its name."""
        done = self("status", "--json")
        assert done.returncode == 0, done.stderr
        return {each["name"]: each for each in json.loads(done.stdout)["blogs"]}

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(stores.conninfo(self.url)) as connection:
            return connection.execute(query).fetchall()

    def note_turns(self) -> None:
        """Have the database note each turn to ask a server: when requests arrive depends on the machine's load."""
        with psycopg.connect(stores.conninfo(self.url)) as connection:
            connection.execute(_NOTE_TURNS)

    def pauses(self) -> list[float]:
        """Return the seconds between turns since then, by the clock of the database."""
        turns = [at for (at,) in self.rows("SELECT extract(epoch FROM asked_at) FROM noted.turns ORDER BY asked_at")]
        return [float(after - before) for before, after in pairwise(turns)]

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold a server, as the crawl of another blog would."""
        with psycopg.connect(stores.conninfo(self.url)) as connection:
            # A number of the schema's own, as `archiver.fleet.servers` takes it.
            connection.execute("SELECT pg_advisory_lock(hashtextextended('archiver server ' || %s, 0))", (key,))
            yield

    def verified(self, name: str) -> Completed:
        """Return what `archiver verify` says of a blog's archive."""
        return self.archiver("--home", self.home / name, "--db", stores.in_schema(self.url, name), "verify")


_NOTE_TURNS = """
CREATE SCHEMA noted;
CREATE TABLE noted.turns (asked_at timestamptz NOT NULL);
CREATE FUNCTION noted.turn() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO noted.turns VALUES (NEW.asked_at); RETURN NULL; END';
CREATE TRIGGER turn AFTER UPDATE OF asked_at ON fleet.servers FOR EACH ROW EXECUTE FUNCTION noted.turn()
"""


def end(worker: subprocess.Popen[str]) -> None:
    """End a worker that a test left."""
    if worker.poll() is None:
        worker.send_signal(signal.SIGKILL)
    worker.communicate()


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to happen."""
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def fleet(archiver: Zygote, server: Callable[[], str], tmp_path: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(archiver, server(), tmp_path / "home", stack)
