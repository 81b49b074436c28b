from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from archiver.urls import Site
from archiver.web.rewriter import Rewriter

HOSTS = Site().profile.hosts

REWRITER = Rewriter(HOSTS, {"127.0.0.1:8123"})
OWN = re.compile(rb"""["'=(]\s*(?:https?:)?//(?:www\.)?(?:kexue\.fm|spaces\.ac\.cn)""", re.IGNORECASE)
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("page", "led", "dated"),
    [
        ('<a href="https://kexue.fm/archives/1">', '<a href="/archives/1">', '<a href="/@2026/archives/1">'),
        ("<a href=//www.spaces.ac.cn>x", "<a href=/>x", "<a href=/@2026/>x"),
        (
            "<A\nHREF = 'http://KEXUE.FM:80/a?b&amp;c#d'>",
            "<A\nHREF = '/a?b&amp;c#d'>",
            "<A\nHREF = '/@2026/a?b&amp;c#d'>",
        ),
        ('<a href="http://127.0.0.1:8123/x">', '<a href="/x">', '<a href="/@2026/x">'),
        ('<a href="  https://kexue.fm?a ">', '<a href="/?a ">', '<a href="/@2026/?a ">'),
        ('<a href="https://kexue.fm#a">', '<a href="/#a">', '<a href="/@2026/#a">'),
        ('<a href="/x">', '<a href="/x">', '<a href="/@2026/x">'),
        ('<img src="x.png"><a href="?a"><a href="#a">', None, None),
        ('<img src="../x.png">', None, None),
        ('<img src="../../x.png">', None, '<img src="/@2026/x.png">'),
        (
            '<form action="https://kexue.fm/" method=post>',
            '<form action="/" method=post>',
            '<form action="/@2026/" method=post>',
        ),
        (
            '<svg><image xlink:href="//kexue.fm/a"/>',
            '<svg><image xlink:href="/a"/>',
            '<svg><image xlink:href="/@2026/a"/>',
        ),
        (
            '<img srcset="https://kexue.fm/a 1x,//spaces.ac.cn/b 2x, /c 3x">',
            '<img srcset="/a 1x,/b 2x, /c 3x">',
            '<img srcset="/@2026/a 1x,/@2026/b 2x, /@2026/c 3x">',
        ),
        (
            """<p style="background:url(&quot;https://kexue.fm/a&quot;),url('//kexue.fm/b')">""",
            """<p style="background:url(&quot;/a&quot;),url('/b')">""",
            """<p style="background:url(&quot;/@2026/a&quot;),url('/@2026/b')">""",
        ),
        (
            "<style>@import 'https://kexue.fm/a';p{background:url(//kexue.fm/b)}</style>",
            "<style>@import '/a';p{background:url(/b)}</style>",
            "<style>@import '/@2026/a';p{background:url(/@2026/b)}</style>",
        ),
        (
            '<meta http-equiv=refresh content="0; url=https://kexue.fm/x">',
            '<meta http-equiv=refresh content="0; url=/x">',
            '<meta http-equiv=refresh content="0; url=/@2026/x">',
        ),
        (
            '<script src="https://kexue.fm/a"></script>',
            '<script src="/a"></script>',
            '<script src="/@2026/a"></script>',
        ),
    ],
)
def test_links_to_the_blog_are_led_back(page: str, led: str | None, dated: str | None) -> None:
    assert REWRITER.html(page.encode()).decode() == (page if led is None else led)
    assert REWRITER.html(page.encode(), "/@2026", depth=1).decode() == (page if dated is None else dated)


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://kexue.fm.evil.test/"><a href="https://notkexue.fm/"><a href="https://bbs.spaces.ac.cn/">',
        '<a href="http://127.0.0.1:9999/"><a href="mailto:a@kexue.fm"><a href="htttps://kexue.fm/">',
        '<!-- <a href="https://kexue.fm/"> --><!--><p title="<a href=https://kexue.fm/>">',
        '<a title="href=https://kexue.fm/" data-href="https://kexue.fm/" value=https://kexue.fm/>',
        """<script>var a = '<a href="https://kexue.fm/">';</script>""",
        '<script type="application/ld+json">{"url": "<a href=\\"https://kexue.fm/\\">"}</script>',
        '<script type="math/tex">\\href{https://kexue.fm/}{x} <a href="https://kexue.fm/"></script>',
        '<textarea><a href="https://kexue.fm/"></textarea><title><a href="https://kexue.fm/"></title>',
        "<p>$a<b$ https://kexue.fm/ \\begin{align}x &amp;= \\href{https://kexue.fm/a}{y}\\end{align}",
        '<pre>&lt;a href="https://kexue.fm/"&gt;</pre><code>url(https://kexue.fm/)</code>',
        "<style>p{content:'url(https://kexue.fm/)'}/* url(https://kexue.fm/) */</style>",
        '<meta property="og:url" content="https://kexue.fm/"><plaintext><a href="https://kexue.fm/">',
        '<?php <a href="https://kexue.fm/"> ?></p title="<a href=https://kexue.fm/>"><a href="',
    ],
)
def test_everything_else_stays_byte_for_byte(page: str) -> None:
    assert REWRITER.html(page.encode()).decode() == page


@pytest.mark.parametrize(
    ("address", "led"),
    [
        ("ht&#x74;ps:&sol;&sol;kexue.f\nm/x&amp;y", "/x&amp;y"),
        ("https:\\\\kexue.fm\\x", "\\x"),
        ("https&colon;//kexue.fm/x", "/x"),
        ("&#32;//kexue.fm/x", "/x"),
        ("https://kexue.fm//evil.test/", "/.//evil.test/"),
        ("https://kexue.fm/\\evil.test/", "/./\\evil.test/"),
        ("https://kexue.fm/\t/evil.test/", "/./\t/evil.test/"),
        ("https://kexue.fm/&#47;evil.test/", "/./&#47;evil.test/"),
        ("https://kexue.fm&sol;/evil.test/", "/.&sol;/evil.test/"),
    ],
)
def test_disguises_are_seen_through(address: str, led: str) -> None:
    assert REWRITER.html(f'<a href="{address}">'.encode()).decode() == f'<a href="{led}">'


@pytest.mark.parametrize(
    "meta",
    [
        '<meta http-equiv="{}" content="0;url=https://evil.test/">',
        "<meta content='5; URL=\"//evil.test/\"' http-equiv={}>",
        '<meta http-equiv="{}" content="0 data:text/html,x">',
    ],
)
def test_a_refresh_that_leaves_the_blog_is_disarmed(meta: str) -> None:
    for spelling in ("refresh", "REFRESH", "ref&#114;esh"):
        done = REWRITER.html(meta.format(spelling).encode()).decode()
        (found,) = html.fragments_fromstring(done)
        assert found.get("http-equiv") == "archived-refresh"
        assert found.get("content") == html.fragments_fromstring(meta)[0].get("content")


def test_pages_of_other_encodings_are_led_back_too() -> None:
    page = '<p>科学空间<a title="苏剑林" href="https://kexue.fm/">首页</a>'
    for encoding in ("gbk", "gb18030", "utf-8"):
        assert REWRITER.html(page.encode(encoding)).decode(encoding) == page.replace("https://kexue.fm", "")


@pytest.mark.parametrize("page", sorted(GOLDEN.glob("*/*.html")), ids=lambda path: path.parent.name)
def test_text_and_structure_of_real_markup_stay(page: Path) -> None:
    before = page.read_bytes()
    for prefix in ("", "/@2026"):
        after = REWRITER.html(before, prefix, depth=1)
        old, new = html.fromstring(before), html.fromstring(after)
        assert [(each.tag, each.text, each.tail, each.keys()) for each in old.iter()] == [
            (each.tag, each.text, each.tail, each.keys()) for each in new.iter()
        ]
        if (
            not re.search(rb"""(?i)["'=(]\s*(?:https?:)?//(?:www\.)?(?:kexue\.fm|spaces\.ac\.cn)""", before)
            and not prefix
        ):
            assert after == before


MARKUP = (
    "<a href=",
    '"',
    "'",
    ">",
    "<",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "url(",
    ")",
    "/*",
)
ADDRESSES = (
    "https://kexue.fm",
    "//kexue.fm",
    "/x",
    "evil.test",
    "0;url=",
    "&#47;",
    "\\",
    "\t",
    "\n",
    "*/",
    " ",
    "&",
    "#",
)
SNIPPETS = st.sampled_from([*MARKUP, *ADDRESSES, "srcset=", "<meta http-equiv=refresh content="])


@given(st.lists(SNIPPETS, max_size=25))
@example(["<a href=", '"', "//kexue.fm", "\t", "/", "/x", '"', ">"])
def test_no_link_to_the_blog_becomes_one_to_elsewhere(pieces: list[str]) -> None:
    page = "".join(pieces).encode()
    once = REWRITER.html(page)
    assert len(once) <= len(page) + 20 * len(pieces)
    for found in re.findall(rb'href="([^"]*)"', once):
        cleaned = re.sub(rb"[\t\n\r]", b"", found.replace(b"&#47;", b"/")).strip().replace(b"\\", b"/")
        if cleaned.startswith(b"//"):
            assert found in page


@given(st.binary(max_size=200))
def test_bytes_without_links_come_out_as_they_went_in(page: bytes) -> None:
    assert REWRITER.html(page) == page
    assert REWRITER.css(page) == page


@pytest.mark.parametrize(
    "page",
    [
        *(b"<a " * 100_000, b'<a b="' * 60_000, b"<a b='c\" " * 60_000, b"<!--" * 100_000, b"<script>" * 60_000),
        *(b"<" * 500_000, b"<a" + b" =" * 300_000, b"<a" + b"/" * 500_000, b"<!--" + b"-" * 500_000, b"</a " * 100_000),
        *(b"<style>" + piece * 100_000 for piece in (b"url(", b"@import ", b'"\\', b"/*", b"*/", b"'")),
        *(b'<a href="' + piece * 100_000 + b'">' for piece in (b"&", b"&#47;", b"\t", b"../", b"//")),
        b'<img srcset="' + b"a ," * 100_000 + b'">',
        b"<meta http-equiv=refresh content='" + b"0;" * 100_000 + b"'>",
    ],
    ids=lambda page: repr(page[:12]),
)
def test_hostile_pages_take_time_in_proportion_to_their_size(page: bytes) -> None:
    began = time.process_time()
    REWRITER.html(page, "/@2026", depth=3)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("link", "led"),
    [
        (b'<link rel="preconnect" href="http://a.test">', b'<link rel="archived-preconnect" href="http://a.test">'),
        (b"<link rel=DNS-Prefetch href=//a.test>", b'<link rel="archived-preconnect" href=//a.test>'),
        (b"<link href=/a.css rel='stylesheet pre&#99;onnect'>", b'<link href=/a.css rel="stylesheet">'),
        (b"<link rel='stylesheet' href=/a.css>", b"<link rel='stylesheet' href=/a.css>"),
        (b"<a rel=preconnect href=/a>", b"<a rel=preconnect href=/a>"),
    ],
)
def test_a_link_connects_to_nobody_ahead_of_need(link: bytes, led: bytes) -> None:
    assert Rewriter(["kexue.fm"]).html(link) == led
