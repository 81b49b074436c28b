"""A post as one file: everything is in it, and it leads to the blog."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from lxml import html

from archiver.cli import main
from tests.web.reader.library import BLOG, filled


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("library"))


def export(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "export", "html", *map(str, arguments)])


def test_one_file_has_text_pictures_formulas_citation_and_licence(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a post.html"
    done = export(home, 1001, file)
    assert (done.exit_code, done.output) == (0, f"{file}: written\n")
    page: Any = html.fromstring(file.read_text("utf-8"))
    (picture,) = page.xpath("//div[@class='text']//img/@src")
    assert base64.b64decode(str(picture).removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    assert page.xpath("//script | //link | //form") == []
    assert page.xpath("//style[1]")[0].text.count("{") > 100
    assert "$0<x<y$" in [each.text for each in page.iter("annotation")]
    assert "@online{kexuefm-1001" in page.xpath("string(//*[@id='citation'])")
    assert page.xpath("string(//footer)").count("许可") == 1


def test_links_of_one_file_lead_to_the_blog_or_into_it(home: Path, tmp_path: Path) -> None:
    export(home, 1001, tmp_path / "post.html", "--comments")
    page: Any = html.fromstring((tmp_path / "post.html").read_text("utf-8"))
    links = set(map(str, page.xpath("//@href")))
    assert {f"{BLOG}/archives/1002", f"{BLOG}/category/Big-Data"} <= links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert [link for link in links if link.startswith("#") and not page.xpath(f"//*[@id='{link[1:]}']")] == []


def test_comments_come_on_demand(home: Path) -> None:
    without, with_them = (export(home, 1001, "-", *options).output for options in ((), ("--comments",)))
    assert 'id="comments"' not in without
    assert 'id="comments"' in with_them


def test_a_post_that_is_not_there_leaves_no_file(home: Path, tmp_path: Path) -> None:
    done = export(home, 999, tmp_path / "post.html")
    assert done.exit_code != 0
    assert "999" in done.output
    assert list(tmp_path.iterdir()) == []
