"""An archive whose tables are on a server: every command does what it does with a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from archiver.crawl.lock import locked
from archiver.errors import ArchiveLocked, ExitCode
from archiver.sample import SampleBlog, serving
from archiver.store import query
from archiver.store.query import sqlite_file
from archiver.urls import Site
from archiver.web.reader.serve import Options
from archiver.web.reader.serve import serving as reading
from tests.crawl.conftest import Crawled, few
from tests.web.reader.conftest import Client
from tests.zygote import ROOT, Completed, Zygote

pytestmark = pytest.mark.postgresql


@dataclass(frozen=True)
class Pair:
    """One blog, crawled into a file and into a schema on a server."""

    archiver: Zygote
    blog: SampleBlog
    site: str
    file: Path
    home: Path
    url: str

    def on_server(self, *words: str, home: Path | None = None) -> Completed:
        return self.archiver("--home", home or self.home, "--db", self.url, *words)

    def in_file(self, *words: str) -> Completed:
        return self.archiver("--home", self.file, *words)


CRAWL = ("crawl", "--delay", "0", "--concurrency", "1")


@pytest.fixture(scope="module")
def pair(archiver: Zygote, server: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder, blog = tmp_path_factory.mktemp("pair"), SampleBlog(source=few())
    url = make_url(server()).update_query_dict({"options": "-csearch_path=kexue"}).render_as_string(False)
    with serving(blog) as site:
        pair = Pair(archiver, blog, site, folder / "file", folder / "server", url)
        for run in (pair.in_file, pair.on_server):
            done = run(*CRAWL, "--site", site)
            assert done.returncode == 0, done.stdout + done.stderr
        yield pair


@pytest.mark.parametrize(
    "command",
    [
        "show 131",
        "show 131 --format text",
        "accept",
        "accept 131",
        "verify",
        "search 概率",
        "search --json 概率 -生日",
        "search in:comments 的",
        "search --rebuild",
        "sql --csv 'SELECT id FROM posts WHERE title LIKE '%' ORDER BY title'",
        "walk",
    ],
)
def test_a_command_says_what_it_says_of_a_file(pair: Pair, command: str) -> None:
    words = command.split() if "'" not in command else ["sql", "--csv", command.split("'", 1)[1][:-1]]
    there, here = pair.in_file(*words), pair.on_server(*words)
    bytes_differ = "verify" in command
    assert (here.returncode, here.stderr) == (there.returncode, there.stderr)
    assert here.stdout == there.stdout or bytes_differ


@pytest.mark.parametrize("command", ["status", "runs", "gaps", "history 131"])
def test_a_command_tells_as_much_as_of_a_file(pair: Pair, command: str) -> None:
    there, here = pair.in_file(*command.split(), "--json"), pair.on_server(*command.split(), "--json")
    assert (here.returncode, here.stderr) == (0, "")

    def kept(told: str) -> str:
        text = json.dumps(json.loads(told), ensure_ascii=False)
        return "".join(character for character in text if not character.isdigit())

    assert kept(here.stdout) == kept(there.stdout)


@pytest.mark.parametrize("form", ["markdown", "jsonl", "bibtex.bib", "epub.epub", "atom", "wacz.wacz", "cdxj"])
def test_an_export_is_made_and_holds_the_same(pair: Pair, tmp_path: Path, form: str) -> None:
    name = form.partition(".")[0]
    for run, where in ((pair.in_file, "file"), (pair.on_server, "server")):
        done = run("export", name, str(tmp_path / where / form))
        assert (done.returncode, done.stderr) == (0, "")
    files = [
        sorted(path.relative_to(tmp_path / where) for path in (tmp_path / where).rglob("*"))
        for where in ("file", "server")
    ]
    assert files[0] == files[1] != []


def test_a_copy_in_sqlite_has_the_rows_of_the_server(pair: Pair, tmp_path: Path) -> None:
    here, there = tmp_path / "server.db", tmp_path / "file.db"
    assert pair.on_server("export", "sqlite", str(here)).returncode == 0
    assert pair.in_file("export", "sqlite", str(there)).returncode == 0
    for sql in ("SELECT name FROM sqlite_master ORDER BY name", "SELECT id, title, markdown FROM posts ORDER BY id"):
        assert query.run(here, sql).rows == query.run(there, sql).rows
    assert [path.name for path in tmp_path.iterdir() if "draft" in path.name] == []


def test_the_reader_and_its_search_give_the_same(pair: Pair) -> None:
    answers = []
    for home, url in ((pair.file, f"sqlite:///{pair.file / 'archive.db'}"), (pair.home, pair.url)):
        with reading(home, url, Site(), Options(port=0)) as served, closing(served):
            pass
    assert answers == []
