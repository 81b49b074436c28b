"""Runs the command again and again, each time in a fresh process, without importing its libraries each time.

Scrapy's reactor starts once a process, and its imports take a second of CPU. This process imports them and forks for
each command: a line of JSON on standard input (arguments, files for output and errors), the exit code on standard
output.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

from archiver.cli import main as command

Completed = subprocess.CompletedProcess[str]
ROOT = Path(__file__).parents[1]

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
    """Import what the command imports late, once for all runs of it."""
    importlib.import_module("benchmarks.preloaded")


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
