"""A real server on loopback, the real command, and what it left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.bundled import sample_folder
from archiver.sample import SampleBlog, serving

Completed = subprocess.CompletedProcess[str]
Archiver = Callable[..., Completed]

QUICK = ("--delay", "0", "--concurrency", "4")


def run_archiver(*arguments: str | Path, **options: Any) -> Completed:
    """Run the command as a user would, in a process of its own: Scrapy's reactor starts once a process."""
    command = [sys.executable, "-m", "archiver", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, **options)


class Crawled:
    """An archive after one or more runs, and the site it came from."""

    def __init__(self, home: Path, blog: SampleBlog, site: str) -> None:
        self.home, self.blog, self.site = home, blog, site

    def crawl(self, *arguments: str, index: bool = True) -> Completed:
        chosen = ("--index", str(sample_folder() / "index.md")) if index else ()
        return run_archiver("--home", self.home, "crawl", "--site", self.site, *QUICK, *chosen, *arguments)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.home / 'archive.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    def asked(self, status: int | None = 200) -> list[str]:
        """Return the targets the server was asked for."""
        return [target for _, target, answered in self.blog.requests if status in (None, answered)]


@pytest.fixture
def crawled(tmp_path: Path) -> Iterator[Callable[..., Crawled]]:
    """Return a function that serves a sample blog and gives the archive to crawl it into."""
    servers: list[Any] = []

    def serve(**options: Any) -> Crawled:
        blog = SampleBlog(**options)
        server = serving(blog)
        servers.append(server)
        return Crawled(tmp_path / "archive", blog, server.__enter__())

    yield serve
    for server in servers:
        server.__exit__(None, None, None)
