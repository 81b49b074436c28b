"""Content codings on their way to the spider: undone once, and nothing is made of what is not understood."""

from __future__ import annotations

import codecs
import gzip
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Never

import pytest
from scrapy.http import HtmlResponse, Request, Response, TextResponse

from archiver.crawl.middlewares import ContentCodingMiddleware
from archiver.sample import SampleResponse
from archiver.sample.source import load

from .conftest import Crawled

brotli = pytest.importorskip("brotli")
zstd = pytest.importorskip("backports.zstd")

HTML = {"Content-Type": "text/html; charset=UTF-8"}
REQUEST = Request("https://kexue.fm/archives/58")
FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "old name": ("X-GZip", gzip.compress),
    "two members": ("gzip", lambda body: gzip.compress(body[:99]) + gzip.compress(body[99:])),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", lambda body: zlib.compress(body)[2:-4]),
    "brotli": ("br", brotli.compress),
    "zstandard": ("zstd", zstd.compress),
    "two": ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    "unknown": ("exotic", bytes),
    "not as claimed": ("gzip", bytes),
}

CHARACTERS = (
    ("utf-16-le", codecs.BOM_UTF16_LE, None), ("utf-16-be", codecs.BOM_UTF16_BE, "gbk"), ("utf-16-le", b"", "utf-16"),
    ("utf-16-be", b"", "UTF-16BE"), ("utf-8", codecs.BOM_UTF8, "utf-16"), ("gb18030", b"", "gb2312"),
    ("utf-8", b"", "windows-1251"),
)  # fmt: skip
"""In what characters a page may be, the mark at its beginning, and what its header says of it."""


def coded(form: str, body: bytes) -> SampleResponse:
    name, code = FORMS[form]
    return SampleResponse(200, HTML | {"Content-Encoding": name}, code(body))


def texts(home: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(home / "archive.db")) as database:
        return database.execute("SELECT id, markdown FROM posts ORDER BY id").fetchall()


def test_a_post_is_the_same_in_every_coding(crawled: Callable[..., Crawled], first_run: Path) -> None:
    archive = crawled(source=load())
    host = archive.site.removeprefix("http://")
    posts = [f"/archives/{post.id}" for post in archive.blog.source.posts]
    bodies = {target: archive.blog.respond("GET", target, {"Host": host}).body for target in posts}
    forms = dict(zip(posts, cycle(FORMS), strict=False))
    assert set(forms.values()) == {*FORMS}
    archive.blog.overrides |= {target: coded(form, bodies[target]) for target, form in forms.items()}
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert texts(archive.home) == texts(first_run)


def test_a_post_is_the_same_in_all_characters_and_after_a_rebuild(
    crawled: Callable[..., Crawled], first_run: Path
) -> None:
    archive = crawled(source=load())
    host = archive.site.removeprefix("http://")
    posts = [f"/archives/{post.id}" for post in archive.blog.source.posts]
    for target, (spelling, mark, said) in zip(posts, cycle(CHARACTERS), strict=False):
        page = archive.blog.respond("GET", target, {"Host": host}).body.decode()
        page = page.replace("charset=UTF-8", "charset=big5")  # a lie
        kind = f"text/html; charset={said}" if said else "text/html"
        archive.blog.overrides[target] = SampleResponse(200, {"Content-Type": kind}, mark + page.encode(spelling))
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert texts(archive.home) == texts(first_run)
    assert archive.archiver("--home", archive.home, "rebuild").returncode == 0
    assert texts(archive.home) == texts(first_run)


def test_a_redirect_leads_on_whatever_its_body(crawled: Callable[..., Crawled]) -> None:
    archive = crawled()
    moved = {"Location": "/archives/105?moved=1", "Content-Encoding": "gzip"}
    archive.blog.overrides["/archives/105"] = SampleResponse(301, HTML | moved, gzip.compress(b"moved" * 99)[:-9])
    assert archive.crawl("catalogue", index=False).returncode == 0
    assert archive.rows("SELECT count(*) FROM posts WHERE id = 105") == [(1,)]


def test_the_charset_of_coded_bytes_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def guess(_: TextResponse) -> Never:
        raise AssertionError("expected no guess")

    monkeypatch.setattr(TextResponse, "encoding", property(guess))
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    received = TextResponse(REQUEST.url, headers=headers, body=gzip.compress(b"<p>page</p>"), flags=["seen"])
    found = ContentCodingMiddleware(1 << 20).process_response(REQUEST, received)
    assert isinstance(found, HtmlResponse)
    assert (found.body, found.flags, found.headers.getlist("Content-Encoding")) == (b"<p>page</p>", ["seen"], [])


@pytest.mark.parametrize("status", [200, 304])
def test_a_response_without_a_body_stays_as_it_is(status: int) -> None:
    received = Response(REQUEST.url, status=status, headers={"Content-Encoding": "gzip"})
    assert ContentCodingMiddleware(1 << 20).process_response(REQUEST, received) is received
