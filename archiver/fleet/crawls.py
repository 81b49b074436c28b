"""A crawl of one blog of a fleet, from taking its server to noting how it went."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import clock
from archiver.errors import ArchiverError, ExitCode, UsageError
from archiver.fleet import jobs
from archiver.fleet.blogs import Blog, Fleet
from archiver.fleet.servers import SharedServers

if TYPE_CHECKING:
    from archiver.crawl.runner import CrawlReport


class Interrupted(ArchiverError):
    """The fleet's database went away during a crawl, which is to be resumed."""

    exit_code = ExitCode.INTERRUPTED
    outcome = "interrupted"


def crawled(fleet: Fleet, blog: Blog, home: Path, crawl: Callable[[SharedServers], CrawlReport]) -> CrawlReport:
    """Hold a blog's server while `crawl` does its work; return its report.

    A missing profile is found out first. Raises ArchiveLocked when another crawl holds the server, Interrupted
    when the database is gone by the end, and what `crawl` raises.
    """
    with SharedServers(fleet, blog) as servers:
        jobs.begin(fleet, blog, str(os.getppid()))
        code, outcome = int(ExitCode.FAILED), "failed"
        try:
            if blog.profile is None:
                blog = replace(blog, profile=_found_out(blog, servers))
                fleet.learn(blog, blog.profile or "")
            blog.settle(home)
            report = crawl(servers)
            code, outcome = report.exit_code, report.outcome
        except ArchiverError as error:
            code, outcome = error.exit_code, error.outcome
            raise
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
            raise
        finally:
            try:
                until = servers.rest_until(blog.base)
                jobs.end(fleet, blog.name, outcome, code, until - clock.now() if until else None)
            except ArchiverError as error:
                raise Interrupted(f"{error}; nothing is lost") from error
    return report


def _found_out(blog: Blog, servers: SharedServers) -> str:
    """Look at a blog as `archiver init` does; return its profile."""
    from archiver.probe.visit import PAUSE, visit

    def turn(url: str) -> None:
        while wait := servers.turn(url, PAUSE):
            time.sleep(wait.total_seconds())

    found = visit(blog.url, base="" if blog.url.startswith(blog.base) else blog.base, turn=turn)
    if not found.expected:
        raise UsageError(
            f"expected posts in the lists of {blog.url}, found none; write its profile by hand (docs/sites.md shows "
            "how) and give it to `archiver fleet add`"
        )
    return found.draft.toml()
