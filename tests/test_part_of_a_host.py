"""A blog under a path of a host that has another site, too: the archive is of the blog alone, and leads to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archiver.store import blog
from archiver.store.location import database_url
from archiver.store.timeline import Timeline
from archiver.warc.storage import Storage
from archiver.web.messages import Request
from archiver.web.replay import Replay
from tests.rendered import Rendered, serving
from tests.zygote import Zygote

QUICKLY = ("--delay", "0")


@pytest.fixture(scope="module")
def notes(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rendered]:
    """A crawl of the blog at `/notes`, and the blog."""
    home, rendered = tmp_path_factory.mktemp("notes"), Rendered(under="/notes")
    with serving(rendered) as origin:
        assert archiver("--home", home, "init", f"{origin}/notes/", *QUICKLY).returncode == 0
        rendered.asked.clear()
        crawled = archiver("--home", home, "crawl", *QUICKLY)
    assert crawled.returncode == 0, crawled.stderr
    return home, rendered


@pytest.fixture
def replay(notes: tuple[Path, Rendered]) -> Iterator[Replay]:
    home = notes[0]
    timeline = Timeline(database_url(home))
    yield Replay(Storage(home / "warc"), timeline, blog.site(home, database_url(home)))
    timeline.close()


def test_of_the_other_site_nothing_is_asked_for_but_what_pages_are_made_with(notes: tuple[Path, Rendered]) -> None:
    home, rendered = notes
    outside = {path for path in rendered.asked if not path.startswith("/notes/")}
    assert outside == {"/robots.txt", "/favicon.ico", "/ink.css"}
    with closing(sqlite3.connect(home / "archive.db")) as connection, connection:
        assert connection.execute("SELECT count(*) FROM posts").fetchone() == (24,)
        assert connection.execute("SELECT url FROM pages").fetchall() == [(f"{rendered.origin}/notes/about/",)]


def test_no_link_to_the_other_site_is_dead(archiver: Zygote, notes: tuple[Path, Rendered]) -> None:
    walked = archiver("--home", notes[0], "walk", "--json")
    assert walked.returncode == 0, walked.stdout
    assert json.loads(walked.stdout)["dead"] == []


@pytest.mark.parametrize("view", ["", "/@2098"])
def test_the_root_of_the_replay_leads_to_the_blog(replay: Replay, view: str) -> None:
    answer = replay.respond(Request("GET", f"{view}/", "http://127.0.0.1:1", {}))
    assert (answer.status, answer.header("location")) == (302, f"{view}/notes/")
    shown = replay.respond(Request("GET", f"{view}/notes/", "http://127.0.0.1:1", {}))
    assert shown.status == 200
    assert b"Chalk Marks" in shown.body


def test_what_is_exported_names_the_blog_and_not_its_host(
    archiver: Zygote, notes: tuple[Path, Rendered], tmp_path: Path
) -> None:
    home, rendered = notes
    assert archiver("--home", home, "export", "markdown", tmp_path / "out").returncode == 0
    said = "".join(file.read_text("utf-8") for file in (tmp_path / "out").glob("*.md"))
    assert f"{rendered.origin}/notes, by Ada Sponge" in said
