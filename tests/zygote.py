"""Runs the command again and again, each time in a fresh process, without importing its libraries each time.

Scrapy's reactor starts once a process, and its imports take a second of CPU. This process imports them and forks for
each command: a line of JSON on standard input (arguments, files for output and errors), the exit code on standard
output.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path

from archiver.cli import main as command
from archiver.rebuild.importing import import_warc
from archiver.sample import SampleBlog
from archiver.warc.writer import WarcWriter

Completed = subprocess.CompletedProcess[str]
ROOT = Path(__file__).parents[1]

LATE = ("_strptime", "archiver.crawl.turns", "archiver.notices.delivery", "scrapy.statscollectors", "spiders.probe")
"""Modules that are imported while a crawl runs."""

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
        assert self.process.stdin
        assert self.process.stdout
        words = [str(argument) for argument in arguments]
        self.process.stdin.write(json.dumps([words, str(self.output), str(self.errors)]) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Completed(words, code, self.output.read_text("utf-8"), self.errors.read_text("utf-8"))

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


# -- in the process ----------------------------------------------------------------------------------------------------


def preload() -> None:
    """Import what the command imports late, and read two pages of the sample blog into an archive, once for all runs.

    What libraries set up at their first use is then there (mappers, patterns, tables): a crawl takes a fifth less.
    """
    importlib.import_module("benchmarks.preloaded")
    for name in LATE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        source, home = Path(folder) / "source", Path(folder) / "home"
        import_warc(sample_pages(source, ("/content.html", "/archives/58")), home, processes=1)
    gc.collect()
    gc.freeze()  # as `benchmarks.preloaded` does with what it imports


def sample_pages(folder: Path, paths: Iterable[str]) -> Path:
    """Write a WARC file of pages of the sample blog; return its path."""
    blog = SampleBlog()
    with WarcWriter(folder, "sample", software="test") as writer:
        for path in paths:
            answer = blog.respond("GET", path, {"Host": "kexue.fm"})
            writer.write_exchange(
                target_uri=f"https://kexue.fm{path}",
                request=f"GET {path} HTTP/1.1\r\n\r\n".encode(),
                response=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n" + answer.body,
                fetched_at="2026-01-01T00:00:00Z",
                ip_address=None,
            )
    (file,) = folder.iterdir()
    return file


def run(arguments: list[str], output: str, errors: str) -> None:
    """Be the command: take its arguments and files, and end as it does."""
    signal.alarm(LONGEST)
    for path, descriptor in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    code = 1
    try:
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
        arguments, output, errors = json.loads(line)
        child = os.fork()
        if child == 0:
            run(arguments, output, errors)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
