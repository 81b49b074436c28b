"""A real server on loopback, the real command, and what it left behind."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archiver.bundled import sample_folder
from archiver.sample import SampleBlog, SampleSource, serving
from archiver.sample.source import load
from tests.zygote import Completed, Zygote

QUICK = ("--delay", "0", "--concurrency", "4")


POSTS = (58, 105, 131, 207)


def few() -> SampleSource:
    """Return a blog of four posts: with pictures, and with two pages of comments."""
    source = load()
    return replace(source, posts=tuple(post for post in source.posts if post.id in POSTS))


class Crawled:
    """An archive after one or more runs, and the site it came from."""

    def __init__(self, archiver: Zygote, home: Path, blog: SampleBlog, site: str) -> None:
        self.archiver, self.home, self.blog, self.site = archiver, home, blog, site

    def crawl(self, *arguments: str, index: bool = True) -> Completed:
        chosen = ("--index", str(sample_folder() / "index.md")) if index else ()
        return self.archiver("--home", self.home, "crawl", "--site", self.site, *QUICK, *chosen, *arguments)

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
def crawled(archiver: Zygote, tmp_path: Path) -> Iterator[Callable[..., Crawled]]:
    """Return a function that serves a blog, of four posts by default, and gives the archive to crawl it into."""
    servers: list[Any] = []

    def serve(**options: Any) -> Crawled:
        blog = SampleBlog(**{"source": few()} | options)
        server = serving(blog)
        servers.append(server)
        return Crawled(archiver, tmp_path / "archive", blog, server.__enter__())

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def first_run(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of an archive after one complete run over the catalogue and the categories of the whole sample blog."""
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("first") / "archive", blog, site)
        assert archive.crawl("catalogue", "category", index=False).returncode == 0
    return archive.home


@pytest.fixture
def known(crawled: Callable[..., Crawled], first_run: Path) -> Crawled:
    """An archive of its own after one complete run, and the blog to crawl into it again."""
    archive = crawled(source=load())
    shutil.copytree(first_run, archive.home)
    return archive
