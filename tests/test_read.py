"""`archiver read`: pages outside any archive, by the command."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner, Result

import archiver
from archiver.cli import main
from archiver.crawl import single
from archiver.errors import ArchiverError, ExitCode, Unreachable
from archiver.warc.writer import WarcWriter
from tests.warc.samples import write_exchange

GOLDEN = Path(__file__).parent / "golden"
PAGE = GOLDEN / "article-hugo-papermod" / "page.html"
PROSE = "<p>这一段话足够长，长到每个人都会把它当作正文来读，而不会把它当作菜单里的一行字。</p>"


def read(*arguments: str, input: bytes | None = None) -> Result:  # noqa: A002 - as in click
    return CliRunner().invoke(main, ["read", *arguments], input=input)


def failure(result: Result) -> str:
    assert result.stdout == ""
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr), result.stderr
    return result.stderr


class Answers(BaseHTTPRequestHandler):
    """What the server says at each address."""

    asked: ClassVar[list[tuple[str, str]]] = []
    html = "text/html; charset=utf-8"
    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {
        "/page": (200, {"Content-Type": html}, f"<title>页</title><article>{PROSE}<img src=a.png></article>".encode()),
        "/moved": (302, {"Location": "/page"}, b""),
        "/away": (302, {"Location": "file:///etc/hostname"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
        "/gb": (200, {"Content-Type": "text/html; charset=gb2312"}, f"<title>页</title>{PROSE}".encode("gb2312")),
        "/packed": (200, {"Content-Type": html, "Content-Encoding": "gzip"}, gzip.compress(PROSE.encode())),
        "/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        "/large": (200, {"Content-Type": html}, b"x" * 5_000_000),
        "/gone": (410, {"Content-Type": html}, b"<p>gone</p>"),
        "/busy": (429, {"Content-Type": html}, b"<p>later</p>"),
    }

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"]))
        status, headers, body = self.pages[self.path]
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_saved_page_becomes_markdown_with_what_is_known_of_it_in_front() -> None:
    front, _, text = read(str(PAGE)).stdout.removeprefix("---\n").partition("---\n\n")
    known = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in front.splitlines())}
    assert known["title"] == "A Ladder of Means"
    assert known["authors"] == ["Ada Brook", "Tom O'Hare"]
    assert known["published_at"] == "2023-11-05T09:15:00+00:00"
    assert text.startswith("Take two positive numbers.")
    assert r"\[\sqrt{ab} \le \frac{a+b}{2}.\]" in text


def test_a_page_comes_by_standard_input_and_goes_as_json_or_text() -> None:
    body = PAGE.read_bytes()
    article = json.loads(read("-", "--json", input=body).stdout)
    assert article == json.loads(read(str(PAGE), "--format", "json").stdout)
    assert article["witnesses"]["authors"] == "json-ld"
    assert len(article["content"]["formulas"]) == 3
    assert read("-", "--format", "text", input=body).stdout.startswith("A Ladder of Means\n\nTake two")


def test_a_file_may_be_told_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_text(f"<article>{PROSE}<img src=a.png></article>", "utf-8")
    article = json.loads(read(str(tmp_path / "saved.html"), "--url", "https://a.example/b/", "--json").stdout)
    assert article["url"] == "https://a.example/b/"
    assert article["content"]["images"][0]["url"] == "https://a.example/b/a.png"


def test_a_url_is_asked_for_once_with_an_honest_name(site: str) -> None:
    Answers.asked.clear()
    article = json.loads(read(f"{site}/moved", "--json", "--contact", "me@example.org").stdout)
    assert article["url"] == f"{site}/page"
    assert article["title"] == "页"
    assert article["content"]["images"][0]["url"] == f"{site}/a.png"
    assert [path for path, _ in Answers.asked] == ["/moved", "/page"]
    assert all(agent.startswith("blog-archiver/") and "me@example.org" in agent for _, agent in Answers.asked)


@pytest.mark.parametrize("path", ["/gb", "/packed"])
def test_charset_and_coding_are_undone(site: str, path: str) -> None:
    assert "这一段话足够长" in read(site + path).stdout


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/gone", ExitCode.FAILED, "status 410"),
        ("/busy", ExitCode.RATE_LIMITED, "status 429"),
        ("/picture", ExitCode.FAILED, "found image/png"),
        ("/large", ExitCode.FAILED, "expected a page of at most"),
        ("/away", ExitCode.FAILED, "file:"),
        ("/round", ExitCode.FAILED, "status 302"),
    ],
)
def test_what_is_no_page_is_said_in_one_line(site: str, path: str, code: ExitCode, words: str) -> None:
    result = read(site + path)
    assert result.exit_code == code, result.output
    assert words in failure(result)


def test_a_server_that_is_not_there_and_one_that_dawdles_are_unreachable(site: str) -> None:
    result = read("http://127.0.0.1:1/")
    assert result.exit_code == ExitCode.RATE_LIMITED
    assert "found no answer" in failure(result)
    with pytest.raises(Unreachable):
        single.fetch(f"{site}/large", seconds=0)
    with pytest.raises(ArchiverError, match="at most 10 bytes"):
        single.fetch(f"{site}/page", most=10)


def test_several_pages_are_printed_one_after_the_other_and_failures_counted(tmp_path: Path) -> None:
    empty = tmp_path / "empty.html"
    empty.write_text("")
    result = read(str(PAGE), str(empty), str(PAGE), "--json")
    assert result.exit_code == ExitCode.INCOMPLETE
    assert result.stdout.count('"title": "A Ladder of Means"') == 2
    assert result.stderr.count("Error: ") == 1
    assert read(str(empty), str(empty)).exit_code == ExitCode.FAILED


@pytest.mark.parametrize("name", ["nowhere.html", "ftp://a.example/x", "."])
def test_what_is_neither_file_nor_address_is_a_usage_error(name: str) -> None:
    result = read(name)
    assert result.exit_code == ExitCode.USAGE
    assert repr(name) in failure(result)


def test_a_page_is_taken_out_of_an_archive(demo: Path) -> None:
    (warc,) = (demo / "warc").iterdir()
    with archiver.open(demo) as library:
        ((url,),) = library.query("SELECT target_uri FROM captures WHERE target_uri LIKE '%/archives/105'").rows
    result = read("--from", str(warc), url, "--json")
    assert result.exit_code == 0, result.output
    article = json.loads(result.stdout)
    assert article["title"] == "闰年藏在一个连分数里"
    assert article["quality"]["engine"] == "site"
    missing = read("--from", str(warc), "https://kexue.fm/archives/999")
    assert missing.exit_code == ExitCode.FAILED
    assert "expected a page of https://kexue.fm/archives/999, found pages such as http://" in failure(missing)
    assert "archiver read --from" in failure(read(str(warc)))
    assert read("--from", str(warc), "page.html").exit_code == ExitCode.USAGE


PRICED = f"""<html><head><title>页</title><script src="{{}}"></script></head><body><article>{PROSE}
<p>一杯 $5，两杯 $9，而 @x+1@ 是公式，写得也足够长，不会被当作菜单里的一行字。</p></article></body></html>"""
CONFIGURATION = "window.MathJax = {tex: {inlineMath: [['@', '@']]}};"


def test_a_configuration_saved_beside_a_page_is_read(tmp_path: Path) -> None:
    saved, script = tmp_path / "p.html", tmp_path / "p_files" / "set up.js"
    saved.write_text(PRICED.format("./p_files/set%20up.js?v=2"), encoding="utf-8")
    assert "$x+1$" not in read(str(saved), "--url", "https://a.example/p/").stdout
    script.parent.mkdir()
    script.write_text(CONFIGURATION, encoding="utf-8")
    assert "$x+1$" in read(str(saved), "--url", "https://a.example/p/").stdout


@pytest.mark.parametrize("src", ["../set.js", "/etc/hostname", "a\0b.js", "x" * 300 + ".js", "//[", "."])
def test_no_script_from_elsewhere_is_read(tmp_path: Path, src: str) -> None:
    (tmp_path / "set.js").write_text(CONFIGURATION, encoding="utf-8")
    saved = tmp_path / "pages" / "p.html"
    saved.parent.mkdir()
    saved.write_text(PRICED.format(src), encoding="utf-8")
    result = read(str(saved))
    assert result.exit_code == 0, result.output
    assert "$x+1$" not in result.stdout


def test_a_configuration_in_the_same_archive_is_read(tmp_path: Path) -> None:
    kinds = {"p/": "text/html", "set.js": "text/javascript"}
    bodies = {"p/": PRICED.format("../set.js"), "set.js": CONFIGURATION}
    with WarcWriter(tmp_path, "a.example", software="test") as warc:
        for number, (name, body) in enumerate(bodies.items()):
            answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kinds[name]}\r\n\r\n{body}".encode()
            write_exchange(warc, f"https://a.example/{name}", answer, number)
    (path,) = tmp_path.iterdir()
    assert "$x+1$" in read("--from", str(path), "https://a.example/p/").stdout


def test_pictures_that_stand_in_the_page_are_in_the_markdown_or_in_files_or_in_json(tmp_path: Path) -> None:
    drawing = "<svg viewBox='0 0 300 200'><title>图</title><path d='M0 0L9 9'/></svg>"
    (tmp_path / "saved.html").write_text(f"<article>{PROSE}{drawing}</article>", "utf-8")
    page = str(tmp_path / "saved.html")
    (kept,) = json.loads(read(page, "--json").stdout)["content"]["embedded"]
    assert f"![图](data:image/svg+xml;base64,{kept['data']})" in read(page).stdout
    (name,) = re.findall(r"!\[图\]\((.+)\)", read(page, "--pictures", str(tmp_path / "in" / "it")).stdout)
    assert Path(name).read_bytes() == base64.b64decode(kept["data"])
    assert Path(name).suffix == ".svg"
    assert archiver.read(Path(page).read_bytes()).content.embedded[0].url == kept["url"]


def test_no_archive_is_needed_and_none_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "archiver", "read", str(PAGE)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_readme_shows_what_it_prints() -> None:
    readme = (GOLDEN.parents[1] / "README.md").read_text("utf-8")
    shown = readme.partition("$ archiver read tests/golden/article-hugo-papermod/page.html\n")[2].partition("$ ")[0]
    printed = read(str(PAGE)).stdout
    assert [line for line in shown.splitlines() if line != "..." and line not in printed] == []
    assert "published_at" in shown
