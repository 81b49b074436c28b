"""Pages made to break readers: nothing is raised and text is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from lxml import etree, html
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.text import engines, quality
from archiver.urls import Site
from benchmarks.hostile import BODIES as UNITS
from tests.text.bodies import body_of

RESOLVE = Site().resolve


def nested(tag: str, depth: int) -> HtmlElement:
    """Build what no parser builds: libxml2 stops at a depth of 2048."""
    element = root = html.Element("div")
    for number in range(depth):
        element = etree.SubElement(element, tag)
        element.text = f"第{number}层$x$"
    return root


@pytest.mark.parametrize(
    "tag", ["div", "b", "blockquote", "ul", "li", "ol", "font", "a", "table", "td", "sup", "h2", "code", "hs", "p"]
)
def test_depth_is_no_danger(tag: str) -> None:
    depth = 2 * sys.getrecursionlimit()
    body = nested(tag, depth)
    for content in (engines.read(body, RESOLVE), engines.read_fragment(body, RESOLVE)):
        assert f"第{depth - 1}层" in content.markdown
        assert f"第{depth - 1}层" in content.text
    quality.check(body, content, RESOLVE)


def test_deep_pages_are_searched_for_a_body() -> None:
    page = html.document_fromstring("<html><body></body></html>")
    page[0].append(nested("div", 2 * sys.getrecursionlimit()))
    engines.find_body(page)


def test_characters_that_are_none_are_dropped() -> None:
    body = body_of("<p>甲\x0b乙&#1;丙\ufffe丁$x\x1f_1$</p><pre>a&#7;b</pre>")
    content = engines.read(body, RESOLVE)
    assert content.markdown == "甲乙丙丁$x_1$\n\n```\nab\n```"
    assert content.text == "甲乙丙丁$x_1$\nab"
    assert quality.check(body, content, RESOLVE) == ()


def test_no_element_of_a_page_passes_for_one_of_ours() -> None:
    content = engines.read(
        body_of("<p>甲<tex-formula>乙</tex-formula><tex-prose lost='x'>$x$</tex-prose></p>"), RESOLVE
    )
    assert content.markdown == "甲乙$x$"
    assert [formula.tex for formula in content.formulas] == ["$x$"]


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("reader", [engines.read_fragment, engines.read])
def test_a_page_of_one_thing_repeated_is_read_to_its_end(unit: str, reader: Callable[..., Content]) -> None:
    """How long it takes is measured by `benchmarks/hostile.py`."""
    content = reader(body_of(unit * 200 + "<p>尾</p>"), RESOLVE)
    assert content.text.endswith("尾")
    assert content.markdown.count("文") == 200 * unit.count("文")


def test_a_ragged_table_is_not_squared() -> None:
    head = "<tr>" + "<td>a</td>" * 1000 + "</tr>"
    content = engines.read_fragment(body_of(f"<table>{head}{'<tr><td>b</td></tr>' * 1000}</table>"), RESOLVE)
    assert len(content.markdown) < 40_000


def test_addresses_of_any_length_are_kept() -> None:
    address = "https://example.org/" + "(" * 100_000
    content = engines.read_fragment(body_of(f'<a href="{address}">甲</a>'), RESOLVE)
    assert content.links[0].url == address
    assert content.markdown == f"[甲](<{address}>)"


def test_reports_of_openers_are_bounded() -> None:
    content = engines.read_fragment(body_of("<p>\\begin{a}</p>" * 1000), RESOLVE)
    assert len(content.unclosed) == 100
