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
import sys
import traceback

from scrapy.settings import default_settings

from archiver.cli import main as command

OURS = ("boundaries", "canary", "manners", "middlewares", "pipelines", "robots", "runner", "scheduler")
OTHERS = ("alembic.command", "scrapy.crawler", "scrapy.core.engine", "scrapy.core.scraper", "trafilatura")
PARTS = (
    default_settings.EXTENSIONS_BASE,
    default_settings.DOWNLOADER_MIDDLEWARES_BASE,
    default_settings.SPIDER_MIDDLEWARES_BASE,
)


LONGEST = 90
"""Seconds a command may take: one that hangs shall fail its test, not hold up all the others."""


def preload() -> None:
    """Import what the command imports late, once for all runs of it."""
    parts = (path.rpartition(".")[0] for group in PARTS for path in group)
    for name in (*OTHERS, *parts, "spiders.everything", *(f"archiver.crawl.{part}" for part in OURS)):
        importlib.import_module(name)
    gc.freeze()  # children need not look at it again, which would copy its memory


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
    assert "twisted.internet.reactor" not in sys.modules  # it could not be chosen any more
    for line in sys.stdin:
        arguments, output, errors = json.loads(line)
        child = os.fork()
        if child == 0:
            run(arguments, output, errors)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
