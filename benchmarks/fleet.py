"""How a fleet grows: blogs an hour by the number of workers, what a page costs, and what ten thousand blogs would.

    python -m benchmarks.fleet DATABASE [--blogs N] [--delay S] [--workers 1,2,4] [--posts N] [--pause S]

DATABASE is the URL of an empty database on a PostgreSQL server of this machine; each try has another one beside it,
which is dropped at its end. The blogs are the bundled sample, each on a loopback address of its own (127.0.0.2 and on,
as Linux has them), so that no two share a server. With the delay the wall is politeness; without it the processor.

What follows is arithmetic over what was measured, for blogs of `--posts` posts like those of the sample, which are
short, asked for once a day with `--pause` seconds between two requests.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from archiver.sample import SampleBlog, serving
from archiver.store import migrate, server
from archiver.store.location import database_url

DAY = 86_400
FLEET = 10_000
"""Blogs of the fleet that is reckoned."""
SAMPLE = 16
"""Posts of the sample blog."""


@dataclass(frozen=True, slots=True)
class Work:
    """What workers took for something."""

    seconds: float
    cpu: float
    """Seconds of processor of the workers and their crawls."""
    requests: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an archive of a blog takes, in bytes."""

    empty: float
    """Its tables without a row."""
    post: float
    """Of the database, for a post."""
    records: float
    """Of the WARC files, for a post."""


@contextmanager
def database(url: str, name: str) -> Iterator[str]:
    """Make a database beside the one of a URL, give its URL, and drop it."""
    quoted = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(quoted))
        try:
            yield psycopg.conninfo.make_conninfo(url, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def url_of(conninfo: str) -> str:
    """Return connection parameters as the URL that the program takes."""
    known = psycopg.conninfo.conninfo_to_dict(conninfo)
    host, port = str(known.get("host", "")), known.get("port", 5432)
    user, name = known.get("user", "postgres"), known["dbname"]
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}&port={port}"
    return f"postgresql://{user}@{host or 'localhost'}:{port}/{name}"


class Fleet:
    """A fleet of sample blogs in a database of its own."""

    def __init__(self, url: str, sites: Sequence[str], delay: float, home: Path) -> None:
        """Put the blogs of these sites on the list."""
        self.url, self.home, self.blogs = url, home, len(sites)
        listed = "".join(
            f'[[blog]]\nname = "b{number}"\nurl = "https://kexue.fm/{number}"\nprofile = "kexue"\n'
            f'options = ["--site", "{site}", "--delay", "{delay}"]\n'
            for number, site in enumerate(sites)
        )
        (home / "fleet.toml").write_text(listed, "utf-8")
        self("add", str(home / "fleet.toml"))

    def __call__(self, *words: str) -> None:
        """Run a command of the fleet."""
        self._start(*words).wait(timeout=600)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "archiver", "--home", str(self.home), "fleet", *words]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=os.environ | {"ARCHIVER_DB": self.url}, **silent)

    def work(self, workers: int) -> Work:
        """Have so many workers do what is due or queued."""
        asked = self._sum("SELECT count(*) FROM {}.captures") if self._made() else 0
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        running = [self._start("worker", "--until-idle") for _ in range(workers)]
        codes = [each.wait(timeout=1800) for each in running]
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if any(codes):
            raise SystemExit(f"expected workers that end with 0, found {codes}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Work(seconds, cpu, self._sum("SELECT count(*) FROM {}.captures") - asked)

    def sizes(self) -> Sizes:
        """Return what the archives take; one more is made, that stays empty."""
        migrate.upgrade(server.in_schema(database_url(Path(), self.url), "empty"))
        posts = self._sum("SELECT count(*) FROM {}.posts")
        nothing = self._size("empty")
        records = sum(path.stat().st_size for path in self.home.rglob("*.warc.gz"))
        held = sum(self._size(f"b{number}") for number in range(self.blogs))
        return Sizes(nothing, (held - self.blogs * nothing) / posts, records / posts)

    def _made(self) -> bool:
        return bool(self._one("SELECT count(*) FROM pg_namespace WHERE nspname = 'b0'"))

    def _size(self, schema: str) -> int:
        return self._one(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = "
            f"c.relnamespace WHERE c.relkind = 'r' AND n.nspname = '{schema}'"
        )

    def _sum(self, query: str) -> int:
        return sum(self._one(query.format(f"b{number}")) for number in range(self.blogs))

    def _one(self, query: str) -> int:
        with psycopg.connect(self.url) as connection:
            return int((connection.execute(query.encode()).fetchone() or (0,))[0])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--blogs", type=int, default=12)
    parser.add_argument("--delay", type=float, default=0.5)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--pause", type=float, default=3.0)
    asked = parser.parse_args()
    with ExitStack() as stack:
        sites = [
            stack.enter_context(serving(SampleBlog(), host=f"127.0.0.{number + 2}")) for number in range(asked.blogs)
        ]
        tries = [(int(each), asked.delay) for each in asked.workers.split(",")] + [(1, 0.0)]
        for number, (workers, delay) in enumerate(tries):
            folder, name = stack.enter_context(tempfile.TemporaryDirectory()), f"growth_{os.getpid()}_{number}"
            fleet = Fleet(url_of(stack.enter_context(database(asked.database, name))), sites, delay, Path(folder))
            first = fleet.work(workers)
            say(f"{workers} workers, {delay} s between requests: first crawls", first, asked.blogs)
        fleet("run", "--all")
        quiet = fleet.work(1)
        say("1 worker, no pause: quiet crawls", quiet, asked.blogs)
        sizes = fleet.sizes()
        fleet("run", "--all", "--job", "rebuild --processes 1")
        again = fleet.work(1)
        print(
            f"1 worker: {asked.blogs} blogs read again, {again.cpu / asked.blogs:.1f} s of processor a blog", flush=True
        )
        reckon(first, quiet, again, sizes, asked.blogs, asked.posts, asked.pause)


def say(what: str, done: Work, blogs: int) -> None:
    """Print what something took."""
    print(
        f"{what}: {blogs} blogs in {done.seconds:.0f} s, {blogs * 3600 / done.seconds:.0f} an hour; {done.requests} "
        f"requests, {done.cpu / blogs:.1f} s of processor a blog, {done.cpu * 1000 / done.requests:.0f} ms a request",
        flush=True,
    )


def reckon(first: Work, quiet: Work, again: Work, sizes: Sizes, blogs: int, posts: int, pause: float) -> None:
    """Print what a large fleet would take."""
    database_bytes, records = sizes.empty + posts * sizes.post, posts * sizes.records
    print(f"\n{FLEET} blogs of {posts} posts, each asked for once a day, {pause} s between two requests:")
    print(f"  quiet crawls at a time, spread over the day: {FLEET * quiet.requests / blogs * pause / DAY:.0f}")
    print(f"  processors busy with them: {FLEET * quiet.cpu / blogs / DAY:.1f}")
    print(
        f"  PostgreSQL: {FLEET * database_bytes / 1e9:.0f} GB ({sizes.empty / 1e6:.1f} MB a blog, "
        f"{sizes.post / 1e3:.0f} kB a post); records: {FLEET * records / 1e9:.0f} GB "
        f"({sizes.records / 1e3:.0f} kB a post)"
    )
    hours = FLEET * again.cpu / blogs * posts / SAMPLE / 3600
    print(f"  all of it read again: {hours:.0f} hours of processor at most, as starting a job counts for each blog")
    requests = first.requests * posts / (blogs * SAMPLE)
    print(f"  the first crawl of a blog, about {requests:.0f} requests: {requests * pause / 3600:.1f} h")


if __name__ == "__main__":
    main()
