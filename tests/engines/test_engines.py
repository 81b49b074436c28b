"""From a real engine's blog to an archive of it, with no option: what was put in, what comes later, what is gone.

Each engine is installed from PyPI, npm or Debian; where it cannot be, its test is skipped and says why. What each blog
came to is printed at the end. `make test-engines` runs these tests, and nothing else does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.engines.engine import Engine, Missing
from tests.engines.hexo import Hexo
from tests.engines.hugo import Hugo
from tests.engines.jekyll import Jekyll
from tests.engines.pelican import Pelican
from tests.engines.posts import Post, edited, posts
from tests.engines.score import score, table
from tests.engines.wordpress import WordPress
from tests.zygote import Zygote

QUICKLY = ("--delay", "0")
"""The only option: nobody has to be spared."""

LATER = 3
"""Crawls after the first: so many have to agree that a post is gone."""

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "hexo-landscape": lambda folder: Hexo(folder, "landscape"),
    "hexo-next": lambda folder: Hexo(folder, "next"),
    "hugo": Hugo,
    "jekyll-minima": lambda folder: Jekyll(folder, "minima"),
    "jekyll-own": lambda folder: Jekyll(folder, "own"),
    "pelican-notmyidea": lambda folder: Pelican(folder, "notmyidea"),
    "pelican-simple": lambda folder: Pelican(folder, "simple"),
    "wordpress-twentytwentyone": lambda folder: WordPress(folder, "twentytwentyone"),
    "wordpress-twentytwentythree": lambda folder: WordPress(folder, "twentytwentythree"),
}

REBUILT = {
    "posts": "id, url, title, author, published_on, status, missing_runs, markdown",
    "post_tags": "post_id, position",
    "comments": "id, post_id, parent_id, author, text",
    "sightings": "post_id, source, title, published_on, modified_at, run_id",
    "captures": "id, url, status, run_id",
    "pages": "url, title",
}
"""Columns of tables that a rebuild makes again as they were."""


@pytest.mark.engines
@pytest.mark.parametrize("name", ENGINES)
def test_what_is_put_into_an_engine_is_in_the_archive_of_its_blog(
    archiver: Zygote, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = ENGINES[name](tmp_path / name)
    try:
        engine.install(tmp_path / name)
    except Missing as missing:
        pytest.skip(str(missing))
    home = tmp_path / "home"
    with engine.serving() as origin:
        blog = posts()
        engine.write(blog)
        begun = archiver("--home", home, "init", f"{origin}/", *QUICKLY)
        assert begun.returncode == 0, begun.stdout + begun.stderr
        _crawl(archiver, home)
        first = _score(home, engine, blog)
        blog = edited(blog)
        engine.write(blog)
        for _ in range(LATER):
            _crawl(archiver, home)
        later = _score(home, engine, blog)
    with capsys.disabled():
        print(f"\n{name}: requests {_requests(home)}\n{first}\n-- later\n{later}")
    assert "wrong" not in first + later
    for command in ("verify", "walk"):
        done = archiver("--home", home, command)
        assert done.returncode == 0, done.stdout + done.stderr
    before = _tables(home)
    assert archiver("--home", home, "rebuild").returncode == 0
    assert _tables(home) == before


def _crawl(archiver: Zygote, home: Path) -> None:
    done = archiver("--home", home, "crawl", *QUICKLY)
    assert done.returncode == 0, done.stdout + done.stderr


def _score(home: Path, engine: Engine, blog: tuple[Post, ...]) -> str:
    return table(score(home, tuple(map(engine.shows, blog))))


def _requests(home: Path) -> str:
    """Return how many requests each crawl took, that of robots.txt among them."""
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        counts = connection.execute("SELECT count(*) FROM captures GROUP BY run_id ORDER BY run_id").fetchall()
    return ", ".join(str(count) for (count,) in counts)


def _tables(home: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        return {
            name: connection.execute(f"SELECT {columns} FROM {name} ORDER BY {columns}").fetchall()
            for name, columns in REBUILT.items()
        }
