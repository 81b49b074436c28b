"""The archive in Datasette, whatever version is installed: search, facets, labels and descriptions, over HTTP."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from archiver import sites
from archiver.errors import UsageError
from archiver.store import schema
from archiver.store.search import opened, search
from archiver.urls import Site
from archiver.web import datasette

Get = Callable[[str], str]

if not datasette.installed():
    pytest.skip("Datasette is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def get(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Datasette with the sample archive, by the command we print, as a function from path to page."""
    home = Path(shutil.copytree(demo, tmp_path_factory.mktemp("datasette") / "home"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = datasette.command(home / "archive.db", home, sites.first(), ["--port", str(port)])
    assert words[0] == "datasette"
    server = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def page(path: str) -> str:
        with urlopen(f"http://127.0.0.1:{port}{quote(path, safe='/?&=_%.')}", timeout=20) as response:
            return str(response.read().decode())

    try:
        for _ in range(200):
            try:
                page("/-/versions.json")
                break
            except (URLError, ConnectionError):
                assert server.poll() is None
                time.sleep(0.1)
        yield page
    finally:
        server.terminate()
        server.communicate()


def found(get: Get, table: str, words: str) -> list[int]:
    answer: Any = json.loads(get(f"/archive/{table}.json?_shape=array&_size=max&_search={words}"))
    return [row["id"] for row in answer]


@pytest.mark.parametrize("table", ["post_overview", "posts"])
@pytest.mark.parametrize("words", ["逼近", "贝叶斯公式", "softmax 温度", "连分数 向日葵", "没有的词", "*", '"'])
def test_the_search_box_finds_what_ours_finds(get: Get, demo: Path, table: str, words: str) -> None:
    ours: list[int] = []
    if any(map(str.isalnum, words)):
        with opened(demo / "archive.db") as connection:
            ours = [
                hit.post_id
                for hit in search(connection, words, Site(), limit=50).hits
                if hit.post_id and not hit.related
            ]
    assert sorted(found(get, table, words)) == sorted(ours)


def test_comments_and_formulas_are_found_too(get: Get) -> None:
    assert 88 in found(get, "comments", "冬至")
    assert len(found(get, "formulas", "\\label{eq:bayes}")) == 1


def test_a_table_shows_facets_labels_and_descriptions(get: Get) -> None:
    page = get("/archive/post_overview?_search=逼近")
    assert "闰年藏在一个连分数里" in page
    assert 'data-facet-column="year"' in page or "facet-year" in page
    assert "Every post without its text" in page
    assert "Names of its categories" in page
    assert "用一根竹竿量出地球的倾角" in get("/archive/post_tags")  # the post by its title, not its number


def test_the_questions_are_there_to_be_asked(get: Get) -> None:
    assert "闰年藏在一个连分数里" in get("/archive/which_posts_do_other_posts_link_to_most")


def test_every_table_that_is_told_about_exists() -> None:
    tables = datasette.configuration("archive", sites.first())["databases"]["archive"]["tables"]
    described = {one.name: {column.name for column in one.columns} for one in (*schema.tables(), *schema.views())}
    for name, told in tables.items():
        assert told["description"]
        assert {*told.get("facets", ()), told.get("sort_desc"), told.get("label_column")} <= described[name] | {None}
    assert set(datasette._TABLES) <= set(tables)


def test_datasette_loads_the_plugin_by_its_entry_point() -> None:
    assert "archiver.web.datasette_plugin" in {point.value for point in entry_points(group="datasette")}


def test_a_server_is_refused(demo: Path) -> None:
    from click.testing import CliRunner

    from archiver.cli import main

    result = CliRunner().invoke(main, ["--db", "postgresql://127.0.0.1:1/x", "datasette"])
    assert result.exit_code == UsageError.exit_code
