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
import sys
import traceback

from archiver.cli import main as command

LONGEST = 90
"""Seconds a command may take: one that hangs shall fail its test, not hold up all the others."""


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
