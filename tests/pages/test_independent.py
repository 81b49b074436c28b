"""Independent pages: what is read of one in the blog's theme, and of one that stands outside it."""

from __future__ import annotations

import hashlib

import pytest

from archiver.errors import PageNotRecognised
from archiver.items import File, Gap
from archiver.pages.independent import parse_page, read_file

URL = "https://kexue.fm/me.html"
THEMED = """<!DOCTYPE html><html><head><title>{title} - 小站</title></head><body>
<div id="Header"><h1>小站</h1></div><div class="Post"><div class="title-wrap"><h1>{title}</h1></div>
<div class="PostContent">{text}</div></div>{comments}<div id="SideBar">热门标签</div></body></html>"""
COMMENTS = """<div id="comments"><ol class="page-navigator"><li><a href="/me.html/comment-page-1#comments">1</a></li>
<li class="current"><a href="/me.html/comment-page-2#comments">2</a></li></ol><ol>
<li id="comment-7"><div class="ListUser">甲</div><div class="ListDate"><a href="/me.html/comment-page-2#comment-7">
June 20th, 2025</a></div><div class="ListContent"><p>一句，$x$。</p></div></li></ol></div>"""


def themed(text: str, title: str = "关于", comments: str = "") -> bytes:
    return THEMED.format(text=text, title=title, comments=comments).encode()


def test_a_page_in_the_theme_has_its_heading_text_and_formulas_and_nothing_of_the_frame() -> None:
    page = parse_page(URL, themed("<p>设$a&lt;b$，</p>$$\\begin{equation}c\\label{eq:c}\\end{equation}$$"))
    assert (page.url, page.title, page.quality.engine, page.quality.issues) == (URL, "关于", "site", ())
    assert page.content.markdown == "设$a<b$，\n\n$$\\begin{equation}c\\label{eq:c}\\end{equation}$$"
    assert [(formula.display, formula.label) for formula in page.content.formulas] == [(False, None), (True, "eq:c")]


@pytest.mark.parametrize(("url", "further"), [(URL, (URL + "/comment-page-1",)), (URL + "/comment-page-2", ())])
def test_its_comments_and_their_pages_are_read_as_those_of_posts(url: str, further: tuple[str, ...]) -> None:
    page = parse_page(url, themed("<p>文</p>", comments=COMMENTS))
    assert (page.url, page.comment_page, page.further) == (URL, 2, further)
    assert [(each.id, each.author, each.published_on, each.content.text) for each in page.comments] == [
        (7, "甲", "2025-06-20", "一句，$x$。")
    ]
    assert page.content_sha256 == parse_page(URL, themed("<p>文</p>")).content_sha256


def test_a_page_outside_the_theme_is_read_as_it_is() -> None:
    tool = (
        b"<html><head><title>\xe7\xa7\xaf\xe5\x88\x86</title></head><body>$\\int x$<form><input></form></body></html>"
    )
    page = parse_page("https://kexue.fm/sci/integral/index.html", tool)
    assert (page.title, page.content.text, page.quality.engine) == ("积分", "$\\int x$", "none")
    assert [formula.tex for formula in page.content.formulas] == ["$\\int x$"]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (URL, b""),
        (URL, b"<html><body></body></html>"),
        ("https://kexue.fm/archives/8", themed("<p>x</p>")),
        ("https://kexue.fm/", themed("<p>x</p>")),
        ("https://example.org/me.html", themed("<p>x</p>")),
    ],
)
def test_what_is_no_independent_page_is_refused(url: str, body: bytes) -> None:
    with pytest.raises(PageNotRecognised):
        parse_page(url, body)


def test_a_web_page_in_the_place_of_a_file_is_a_gap() -> None:
    url = "https://kexue.fm/usr/uploads/2010/11/a.pdf"
    assert read_file(url, b"%PDF-1") == File(url=url, size=6, sha256=hashlib.sha256(b"%PDF-1").hexdigest())
    for page in (b"\n<!DOCTYPE html><p>", b"<HTML><body>"):
        assert read_file(url, page) == Gap(reason="expected a file, found a web page")
