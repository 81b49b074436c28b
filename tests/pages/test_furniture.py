from __future__ import annotations

import pytest

from archiver.pages.furniture import Role, addresses, style_addresses
from archiver.urls import Site

PAGE = "https://kexue.fm/archives/8265"

LINKED = {
    "a": '<a href="/me.html">me</a>',
    "area": '<map><area href="/me.html"></map>',
    "with a fragment": '<a href="/me.html#about">me</a>',
}
SHOWN = {
    "img": '<img src="/usr/a.png">',
    "candidates": '<img srcset="/usr/a.png 1x"><picture><source srcset="/usr/a.png 2x"></picture>',
    "background": '<table background="/usr/a.png"></table>',
    "object": '<object data="/usr/a.png"></object>',
    "style attribute": """<p style="background: URL( '/usr/a.png' )">text</p>""",
    "style element": "<style>@import '/usr/a.png'; /* url(/usr/b.png) */</style>",
    "script": '<script src="/usr/a.png"></script>',
    "icon": '<link rel="shortcut icon" href="/usr/a.png">',
    "refresh": '<meta http-equiv="Refresh" content="30; url=/usr/a.png">',
    "svg": '<svg><use xlink:href="/usr/a.png#part"></use></svg>',
}
NOT_FOLLOWED = {
    "form": '<form action="/usr/a.png"></form>',
    "plug-in": '<object codebase="/usr/" archive="/usr/a.png /usr/b.png" classid="/usr/c.png"></object>',
    "quotation": '<blockquote cite="/usr/a.png">text</blockquote>',
    "base": '<base href="/usr/">',
    "relation": '<link rel="pingback" href="/usr/a.png">',
    "fragment": '<a href="#part">part</a>',
    "elsewhere": '<img src="https://example.org/usr/a.png">',
    "refresh of nothing": '<div http-equiv="refresh" content="0; url=/usr/a.png"></div>',
    "written": "<p>/usr/a.png url(/usr/a.png)</p>",
}


def found(markup: str) -> list[tuple[str, Role]]:
    return list(addresses(PAGE, f"<html><body><p>text</p>{markup}</body></html>".encode(), Site()))


@pytest.mark.parametrize("markup", LINKED.values(), ids=LINKED)
def test_links_lead_somewhere(markup: str) -> None:
    assert found(markup)[0] == ("https://kexue.fm/me.html", Role.LINKED)


@pytest.mark.parametrize("markup", SHOWN.values(), ids=SHOWN)
def test_what_a_browser_loads_is_shown(markup: str) -> None:
    assert found(markup) == [("https://kexue.fm/usr/a.png", Role.SHOWN)]


@pytest.mark.parametrize("markup", NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_nothing_else_is_an_address(markup: str) -> None:
    assert found(markup) == []


def test_a_feed_is_named() -> None:
    feed = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    assert found(feed) == [("https://kexue.fm/feed", Role.NAMED)]


def test_each_address_of_a_page_is_told_once() -> None:
    assert len(found('<a href="/me.html">me</a><a href="https://kexue.fm/me.html#about">me</a>' * 50)) == 1


def test_a_huge_style_sheet_is_read_once_not_from_each_beginning() -> None:
    open_ended = ("url(", "url( ", "/* ", "@import ", "url('a ", "url(a ")
    for beginning in (b"", *(each.encode() * 500_000 for each in open_ended), b"url(" + b" " * 2_000_000):
        assert style_addresses("https://kexue.fm/usr/style.css", b"a { background: url(a.png) } " + beginning, Site())


def test_a_style_sheet_loads_what_is_no_remark() -> None:
    sheet = (
        b"""@import "print.css"; a { background: url(a.png) } /* url(b.png) */ i { background: url() url('c.png') }"""
    )
    names = [url.rpartition("/")[2] for url in style_addresses("https://kexue.fm/usr/style.css", sheet, Site())]
    assert names == ["print.css", "a.png", "c.png"]
