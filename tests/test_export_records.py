"""The package and the index an archive is handed over in."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver.cli import main
from archiver.warc import index
from tests.web.conftest import HTML, Shelf

GATE = "<script>document.cookie='a=1';window.location.href='/gate.html'</script>"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    # Scrapy's reactor starts once a process.
    subprocess.run([sys.executable, "-m", "archiver", "--home", home, "demo"], capture_output=True, check=True)
    return home


def archiver(home: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *map(str, words)], catch_exceptions=False)


def test_the_package_is_whole_and_has_the_posts_and_independent_pages_as_pages(home: Path, tmp_path: Path) -> None:
    result = archiver(home, "export", "wacz", tmp_path / "blog.wacz")
    assert (result.exit_code, result.stdout.split(",")[0]) == (0, f"{tmp_path / 'blog.wacz'}: 1 WARC file")
    checked = archiver(home, "verify", tmp_path / "blog.wacz")
    assert (checked.exit_code, checked.stdout.split(": ")[-1]) == (0, "whole\n")
    with zipfile.ZipFile(tmp_path / "blog.wacz") as package:
        _, main_page, *pages = map(json.loads, package.read("pages/pages.jsonl").decode().splitlines())
        manifest = json.loads(package.read("datapackage.json"))
    assert manifest["mainPageUrl"] == main_page["url"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", main_page["url"])
    rows = []
    for query in ("SELECT title, text FROM posts ORDER BY id", "SELECT title, text FROM pages ORDER BY url"):
        rows += json.loads(archiver(home, "sql", query, "--json").stdout)
    assert [{"title": page["title"], "text": page["text"]} for page in pages] == rows


def all_pages(package: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(package) as content:
        return [json.loads(line) for line in content.read("pages/extraPages.jsonl").decode().splitlines()[1:]]


def test_every_page_is_listed_with_title_and_text(home: Path, tmp_path: Path) -> None:
    archiver(home, "export", "wacz", tmp_path / "blog.wacz")
    pages = all_pages(tmp_path / "blog.wacz")
    query = "SELECT count(DISTINCT url) FROM captures WHERE status = 200 AND content_type LIKE 'text/html%'"
    ((count,),) = [row.values() for row in json.loads(archiver(home, "sql", query, "--json").stdout)]
    assert len({page["url"] for page in pages}) == len(pages) == count
    assert all(page["title"] for page in pages)
    assert {page["url"].split("/")[3] for page in pages if not page["text"]} == {"attachment"}  # a picture alone
    assert any("/comment-page-" in page["url"] for page in pages)


def test_the_package_opens_with_the_front_page_and_shows_no_unchanged_answer_as_a_page(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    for number, path in enumerate(("/content.html", "/", "/me.html", "/gate.html", "/empty.html")):
        body = f"<head><title> page\n{number}</title></head><body><script>no</script>text <b>{number}</b><!-- c -->"
        content = {"/gate.html": GATE, "/empty.html": "<!-- -->"}.get(path, body)
        shelf.put(path, content.encode(), HTML)
    shelf.put("/", b"", "ETag: x", status="304 Not Modified", at="2026-02-01T12:00:00Z")
    shelf.put("/gone.html", b"gone", HTML, status="404 Not Found")
    shelf.close()
    package = tmp_path / "blog.wacz"
    assert archiver(shelf.home, "export", "wacz", package).exit_code == 0
    assert archiver(shelf.home, "verify", package).exit_code == 0
    with zipfile.ZipFile(package) as parts:
        manifest = json.loads(parts.read("datapackage.json"))
        _, main_page = map(json.loads, parts.read("pages/pages.jsonl").decode().splitlines())
        lines = gzip.decompress(parts.read("indexes/index.cdx.gz")).decode()
    assert (manifest["mainPageUrl"], manifest["mainPageDate"]) == ("https://kexue.fm/", "2026-01-01T12:00:00Z")
    assert (main_page["url"], main_page["title"], main_page["text"]) == ("https://kexue.fm/", "page 1", "text 1")
    listed = [page["url"].removeprefix("https://kexue.fm") for page in all_pages(package)]
    assert listed == ["/", "/content.html", "/me.html"]
    assert '"status": "404"' in lines
    assert '"status": "304"' not in lines


def test_the_same_archive_gives_the_same_package(home: Path, tmp_path: Path) -> None:
    for name in ("one.wacz", "two.wacz"):
        assert archiver(home, "export", "wacz", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.wacz").read_bytes() == (tmp_path / "two.wacz").read_bytes()


def test_a_damaged_package_is_named(home: Path, tmp_path: Path) -> None:
    package = tmp_path / "blog.wacz"
    archiver(home, "export", "wacz", package)
    data = bytearray(package.read_bytes())
    data[len(data) // 3] ^= 1
    package.write_bytes(data)
    assert archiver(home, "verify", package).exit_code == 4


@pytest.mark.parametrize("name", ["blog.zip", "BLOG.WACZ", "blog"])
def test_a_package_is_checked_as_one_under_any_name(home: Path, tmp_path: Path, name: str) -> None:
    archiver(home, "export", "wacz", tmp_path / "blog.wacz")
    package = (tmp_path / "blog.wacz").rename(tmp_path / name)
    checked = archiver(home, "verify", package)
    assert (checked.exit_code, checked.stdout.startswith("1 file, ")) == (0, True), checked.stdout


@pytest.mark.parametrize("state", ["there", "missing", "behind"])
def test_the_index_is_that_of_the_records_whatever_is_left_of_it(home: Path, tmp_path: Path, state: str) -> None:
    """Fault A3: after a kill before the index was written, it can be made of the records."""
    copy = shutil.copytree(home, tmp_path / "copy")
    expected = (home / index.NAME).read_bytes()
    if state == "missing":
        (copy / index.NAME).unlink()
    if state == "behind":
        (copy / index.NAME).write_text('com,example)/ 20260101000000 {"filename": "gone.warc.gz", "offset": "0"}\n')
    result = archiver(copy, "export", "cdxj", tmp_path / "out.cdxj")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'out.cdxj'}: {len(expected.splitlines())} lines\n")
    assert (tmp_path / "out.cdxj").read_bytes() == expected


def test_what_a_package_brings_in_is_known_already(home: Path, tmp_path: Path) -> None:
    archiver(home, "export", "wacz", tmp_path / "blog.wacz")
    result = archiver(home, "import", tmp_path / "blog.wacz")
    assert result.exit_code == 0
    assert result.stdout.startswith("0 captures imported")
    assert result.stdout.endswith("the archive is as it was\n")


def test_where_there_is_nothing_to_hand_over_says_so(tmp_path: Path) -> None:
    for form in ("wacz", "cdxj"):
        result = archiver(tmp_path, "export", form, tmp_path / f"blog.{form}")
        assert (result.exit_code, "found none" in result.stderr) == (2, True)
        assert list(tmp_path.iterdir()) == []
