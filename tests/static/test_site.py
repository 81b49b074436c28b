"""A site of files: its pages lead to each other wherever they are, and nothing leads to a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner, Result
from lxml import html

from archiver.cli import main
from archiver.text import svg
from tests.web.reader.library import BLOG, filled

SVG = "http://www.w3.org/2000/svg"


def export(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "export", *map(str, arguments)])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def site(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    done = export(home, "site", folder)
    assert done.exit_code == 0, done.output
    assert "Licence of the posts: 署名. See what it allows" in done.stderr
    assert done.stdout == f"{folder}: written\n"
    return folder


def pages(site: Path) -> Iterator[tuple[Path, Any]]:
    for path in sorted(site.rglob("*.html")):
        yield path, read(path)


def read(path: Path) -> Any:
    return html.fromstring(path.read_text("utf-8"))


def test_every_link_is_relative_and_leads_somewhere(site: Path) -> None:
    problems = []
    for path, page in pages(site):
        for name in ("href", "src", "action", "data-files", "data-index", "data-worker"):
            for link in map(str, page.xpath(f"//@{name}")):
                parts = urlsplit(link)
                if parts.scheme or link == "#":
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                if link.startswith("/") or not target.is_file() or site.resolve() not in target.resolve().parents:
                    problems.append(f"{path.name}: {link}")
                elif parts.fragment and target.suffix == ".html":
                    there = read(target).xpath("//@id")
                    problems += [f"{path.name}: {link}"] if unquote(parts.fragment) not in there else []
    assert problems == []


def test_nothing_is_asked_of_a_server_or_of_others(site: Path) -> None:
    for path, page in pages(site):
        links = [str(link) for link in page.xpath("//@href | //@src | //@action")]
        served = ("own", "sql", "health", "history", "captures", "original", "language", "api", "mathjax")
        assert [link for link in links if set(urlsplit(link).path.split("/")) & set(served)] == [], path
        assert all(not urlsplit(str(source)).scheme for source in page.xpath("//*[not(self::a)]/@src")), path
        assert page.xpath("//form[@method='post']") == []


def test_formulas_are_mathml_with_their_tex_and_references_lead_to_them(site: Path) -> None:
    page = read(site / "posts" / "1001.html")
    (text,) = page.xpath("//div[@class='text']")
    sources = [annotation.text for annotation in text.iter("annotation")]
    assert "$0<x<y$" in sources
    (reference,) = text.xpath(".//a[starts-with(@href, '#equation-')][1]")
    (equation,) = text.xpath(f".//*[@id='{reference.get('href')[1:]}']")
    assert reference.text == "(1)"
    assert equation.xpath("string(.//*[@class='number'])") == "(1)"
    assert equation.xpath("./*[@tabindex='0'][.//annotation]")  # it scrolls beside its number
    assert text.xpath(".//*[@class='tex' and not(*)]") == []


def test_a_post_the_archive_does_not_have_is_a_link_to_the_blog(site: Path) -> None:
    links = [str(link) for _, page in pages(site) for link in page.xpath("//a[@class='missing']/@href")]
    assert links
    assert all(link.startswith(f"{BLOG}/archives/") for link in links)


def test_a_picture_is_there_once_and_one_that_is_not_leaves_its_description(site: Path) -> None:
    page = read(site / "posts" / "1001.html")
    (source,) = page.xpath("//div[@class='text']//img/@src")
    assert (site / "posts" / str(source)).resolve().read_bytes().startswith(b"\x89PNG")
    hostile = [page for _, page in pages(site) if page.xpath("//img[not(@src)]")]
    assert hostile


def test_a_drawing_runs_no_scripts_opened_by_itself() -> None:
    link = "xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='javascript:x()'"
    wild = f"<svg xmlns='{SVG}' onload='x()'><script>x()</script><a {link}><circle r='9'/></a><use href='#a'/></svg>"
    kept = svg.without_scripts(wild.encode()) or b""
    assert b"x()" not in kept
    assert b'r="9"' in kept
    assert b'href="#a"' in kept
    assert svg.without_scripts(b"<svg><") is None


def test_the_app_keeps_files_that_are_there(site: Path) -> None:
    listed = json.loads((site / "files.json").read_text("utf-8"))
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert set(listed) == there - {"files.json", "worker.js", ".archiver-export"}
    manifest = json.loads((site / "manifest.webmanifest").read_text("utf-8"))
    for icon in manifest["icons"]:
        assert (site / icon["src"]).read_bytes().startswith(b"\x89PNG")


def test_the_same_archive_gives_the_same_bytes_and_others_files_stay(home: Path, site: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert export(home, "site", again).exit_code == 0
    (again / "CNAME").write_text("example.org")
    (again / "index.html").write_text("changed")
    assert export(home, "site", again).exit_code == 0
    assert (again / "CNAME").read_text() == "example.org"
    names = [path.relative_to(site) for path in site.rglob("*") if path.is_file()]
    assert [name for name in names if (site / name).read_bytes() != (again / name).read_bytes()] == []


def test_the_pages_speak_the_language_asked_for(home: Path, site: Path, tmp_path: Path) -> None:
    assert '<html lang="zh-Hans">' in (site / "index.html").read_text("utf-8")
    assert export(home, "site", tmp_path / "en", "--language", "en").exit_code == 0
    front = (tmp_path / "en" / "index.html").read_text("utf-8")
    assert '<html lang="en">' in front
    assert "Licence: 署名" in front


def test_what_the_licence_asks_for_is_said_in_one_line(demo: Path, tmp_path: Path) -> None:
    done = export(demo, "site", tmp_path / "site")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Licence")]
    assert "CC BY-NC-ND 2.5 CN" in line
    assert all(words in line for words in ("name author", "no money", "unchanged"))


def test_an_archive_without_posts_is_told_so(tmp_path: Path) -> None:
    from archiver.store.database import Archive
    from archiver.store.location import database_url

    Archive(database_url(tmp_path)).close()
    done = export(tmp_path, "site", tmp_path / "site")
    assert done.exit_code == 2
    assert "expected posts" in done.output
    assert not (tmp_path / "site").exists()
