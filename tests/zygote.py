"""Runs the command again and again, each time in a fresh process, without importing its libraries each time.

Scrapy's reactor starts once a process, and its imports take a second of CPU. This process imports them and forks for
each command: a line of JSON on standard input (arguments, files for output and errors, statements to run first), the
exit code on standard output.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import twisted.internet
from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from twisted.python.log import theLogPublisher

from archiver.cli import main as command
from archiver.sample import SampleBlog, serving
from archiver.sample.source import load
from archiver.store import database

Completed = subprocess.CompletedProcess[str]
ROOT = Path(__file__).parents[1]

LATE = (
    "_strptime",
    "archiver.crawl.turns",
    "archiver.export.jsonl",
    "archiver.fleet.worker",
    "archiver.notices.delivery",
    "archiver.rebuild.importing",
    "archiver.rebuild.swap",
    "archiver.store.search_check",
    "archiver.warc.verify",
    "archiver.web.walk",
    "obstore.store",
    "psycopg",
    "scrapy.statscollectors",
    "spiders.probe",
    "tabulate",
)
"""Modules that are imported while a command runs."""

POSTS = (58, 207)
"""Posts that are read before: one with a picture, one with two pages of comments."""

LONGEST = 90
"""Seconds a command may take: one that hangs shall fail its test, not hold up all the others."""


# -- on the side of the tests ------------------------------------------------------------------------------------------


class Zygote:
    """A process that forks to run the command."""

    def __init__(self, folder: Path) -> None:
        self.output, self.errors = folder / "output", folder / "errors"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path) -> Completed:
        """Run the command as a user would, in a process of its own."""
        return self.after("", *arguments)

    def after(self, first: str, *arguments: str | Path) -> Completed:
        """Run the command in a process of its own in which some statements were run first."""
        assert self.process.stdin
        assert self.process.stdout
        words = [str(argument) for argument in arguments]
        self.process.stdin.write(json.dumps([words, str(self.output), str(self.errors), first]) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Completed(words, code, self.output.read_text("utf-8"), self.errors.read_text("utf-8"))

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


# -- in the process ----------------------------------------------------------------------------------------------------


def preload() -> None:
    """Import what the command imports late, and crawl the sample blog, once for all runs.

    What libraries set up at their first use is then there (mappers, patterns, statements as SQL): a crawl takes a fifth
    less.
    """
    importlib.import_module("benchmarks.preloaded")
    for name in LATE:
        importlib.import_module(name)
    share_statements()
    crawl()
    gc.collect()
    gc.freeze()  # as `benchmarks.preloaded` does with what it imports


def share_statements() -> None:
    """Let each engine for a file use what others have compiled, which SQLAlchemy keeps by engine and dialect."""
    dialect: Any = SQLiteDialect_pysqlite
    dialect.__eq__ = lambda self, other: type(self) is type(other)
    dialect.__hash__ = lambda self: hash(type(self))
    vars(database)["create_engine"] = partial(create_engine, execution_options={"compiled_cache": {}})


def crawl() -> None:
    """Crawl two posts in this process, and leave it as one that has not crawled yet."""
    source = load()
    blog = SampleBlog(source=replace(source, posts=tuple(post for post in source.posts if post.id in POSTS)))
    with (
        serving(blog) as site,
        tempfile.TemporaryDirectory() as home,
        redirect_stdout(StringIO()) as output,
        suppress(SystemExit),
    ):
        command(["--home", home, "crawl", "--site", site, "--delay", "0", "catalogue", "category"])
    assert "2 new" in output.getvalue()
    from twisted.internet import reactor  # not before Scrapy has chosen it

    stopped: Any = reactor
    stopped._asyncioEventloop.close()
    del sys.modules["twisted.internet.reactor"], vars(twisted.internet)["reactor"]
    asyncio.set_event_loop(None)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    logging.captureWarnings(capture=False)
    log: Any = theLogPublisher
    for observer in tuple(log.observers):
        log.removeObserver(observer)


def run(arguments: list[str], output: str, errors: str, first: str = "") -> None:
    """Be the command: take its arguments and files, and end as it does."""
    signal.alarm(LONGEST)
    for path, descriptor in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    code = 1
    try:
        exec(first, {"__name__": "__main__"})
        command(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve commands until standard input ends."""
    preload()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            run(*request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
