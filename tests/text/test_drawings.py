"""Drawings that stand in a page are pictures with files of their own; icons and formulas are not."""

from __future__ import annotations

import pytest
from lxml import etree

from archiver import media
from archiver.items import Content
from archiver.text import engines, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of

RESOLVE = Site().resolve
SVG = "{http://www.w3.org/2000/svg}"
LINE = "<path d='M0 0L9 9'/>"
DRAWING = f"<svg viewBox='0 0 200 100'>{LINE}</svg>"


def read(markup: str) -> tuple[Content, tuple[str, ...]]:
    """Read a body as that of a page: its content, and what speaks against it."""
    body = sources.settle(body_of(markup))
    content = engines.read(body, RESOLVE)
    return content, quality.check(body, content, RESOLVE)


def file_of(drawing: str) -> etree._Element:
    """Return the root of the file that a drawing makes."""
    content, issues = read(f"<p>前</p>{drawing}<p>后</p>")
    assert issues == ()
    (picture,) = content.embedded
    assert picture.media_type == "image/svg+xml"
    return etree.fromstring(picture.data)


def test_a_drawing_is_a_picture_whose_address_is_the_digest_of_its_file() -> None:
    content, issues = read(f"<figure>{DRAWING}<figcaption>题$x$</figcaption></figure>")
    (image,), (picture,) = content.images, content.embedded
    assert (image.url, image.caption) == (picture.url, "题$x$")
    assert picture.url == media.digest_url(picture.data)
    assert content.markdown == f"![]({picture.url})\n\n题$x$"
    assert issues == ()


def test_the_file_has_the_names_of_svg_whatever_html_made_of_them() -> None:
    root = file_of(
        "<svg VIEWBOX='0 0 200 100' xml:lang='zh' xmlns:e='e' e:x='1' @click='x' data-Odd='1'><defs><linearGradient"
        " id='g' gradientUnits='userSpaceOnUse'/></defs><e:note>笔记</e:note><use xlink:href='#g'/>甲<!-- 乙 --><a"
        f" href='javascript:x'>{LINE}</a><style><![CDATA[.a > .b {{}}]]></style></svg>"
    )
    assert root.tag == f"{SVG}svg"
    assert dict(root.items()) == {
        "viewBox": "0 0 200 100",
        "{http://www.w3.org/XML/1998/namespace}lang": "zh",
        "data-odd": "1",
    }
    (gradient,) = root.iter(f"{SVG}linearGradient")
    assert gradient.get("gradientUnits") == "userSpaceOnUse"
    (use,) = root.iter(f"{SVG}use")
    assert use.get("{http://www.w3.org/1999/xlink}href") == "#g"
    assert "".join(map(str, root.itertext())) == "甲.a > .b {}"


def test_what_html_is_inside_stays_html_and_is_none_of_the_text() -> None:
    inside = "<foreignObject><div><p>$x$ <svg><text>丙</text></svg></p></div></foreignObject>"
    drawing = f"<svg viewBox='0 0 200 100'>{inside}<title>丁</title></svg>"
    root = file_of(drawing)
    assert root.find(f"{SVG}foreignObject/{{http://www.w3.org/1999/xhtml}}div") is not None
    assert [each.text for each in root.iter(f"{SVG}text")] == ["丙"]
    content, _ = read(f"<p>前$y$</p>{drawing}")
    assert [formula.tex for formula in content.formulas] == ["$y$"]
    assert content.text == "前$y$"


def test_the_same_drawing_makes_the_same_file_and_is_kept_once() -> None:
    content, _ = read(f"<p>甲{DRAWING}</p><p>乙{DRAWING}</p>")
    assert len(content.images) == 2
    assert len(content.embedded) == 1
    assert content == read(f"<p>甲{DRAWING}</p><p>乙{DRAWING}</p>")[0]


@pytest.mark.parametrize(
    ("drawing", "alt"),
    [
        (f"<svg aria-label=' 标 签 '><title>题</title>{LINE}</svg>", "标 签"),
        (f"<svg><title>题</title><desc>述</desc>{LINE}</svg>", "题"),
        (f"<svg><desc>述</desc><text>字</text>{LINE}</svg>", "述"),
        (f"<svg><style>.a</style>{LINE}<text>一<tspan>二</tspan></text><text>$x$</text></svg>", "一 二 $x$"),
        (f"<svg><text>一<tspan>二</tspan>三</text>{LINE}</svg>", "一 二 三"),
        (f"<svg><text>{'字' * 501}</text></svg>", "字" * 500 + "…"),
        (DRAWING, ""),
    ],
)
def test_words_of_a_drawing_stand_for_it(drawing: str, alt: str) -> None:
    content, issues = read(f"<p>前{drawing}</p>")
    assert [image.alt for image in content.images] == [alt]
    assert content.text == "前"
    assert issues == ()


@pytest.mark.parametrize(
    "box",
    [
        "<a href='https://a.example/'>{}</a>",
        "<picture>{}</picture>",
        "<table><tr><td>{}</td><td>甲</td></tr></table>",
        "<table><tr><td><pre>a</pre></td><td>{}</td></tr></table>",
        "<h2>题{}</h2>",
        "<ul><li>{}</li></ul>",
        "<svg viewBox='0 0 200 100'><g>{}</g></svg>",
    ],
)
def test_a_drawing_is_read_once_in_whatever_stands_around_it(box: str) -> None:
    content, issues = read(f"<p>前</p>{box.format(DRAWING)}<p>后</p>")
    (picture,) = content.embedded
    assert [image.url for image in content.images] == [picture.url]
    assert content.markdown.count(picture.url) == 1
    assert issues == ()


@pytest.mark.parametrize(
    "icon",
    [
        f"<svg width='16' height='16'>{LINE}</svg>",
        f"<svg width='1.5em'>{LINE}</svg>",
        f"<svg viewBox='0 0 24 24'>{LINE}</svg>",
        f"<svg aria-hidden='true' viewBox='0 0 200 100'>{LINE}</svg>",
        f"<svg class='octicon octicon-link' viewBox='0 0 512 512'>{LINE}</svg>",
        f"<span class='twemoji'><svg viewBox='0 0 512 512'>{LINE}</svg></span>",
        "<svg><use href='#elsewhere'/></svg>",
        f"<svg><symbol id='a'>{LINE}</symbol></svg>",
        f"<svg style='display: none'>{LINE}</svg>",
        f"<button><svg viewBox='0 0 200 100'>{LINE}</svg></button>",
        f"<svg style='top: 2px; width: 3px; height:14px; background: #fde'>{LINE}</svg>",
        "<svg style='width:3px; height:14px; background: #fde'></svg>",
    ],
)
def test_an_icon_is_no_picture_and_no_issue(icon: str) -> None:
    content, issues = read(f"<p>前{icon}后</p>")
    assert (content.markdown, content.images, issues) == ("前后", (), ())


@pytest.mark.parametrize(
    "box",
    [
        f"<span class='MathJax_SVG'>{DRAWING}</span>",
        f"<mjx-container>{DRAWING}</mjx-container>",
        f"<svg viewBox='0 0 2000 1000'><g data-mml-node='math'>{LINE}</g></svg>",
    ],
)
def test_a_formula_that_mathjax_drew_is_no_picture(box: str) -> None:
    content, _ = read(f"<p>前{box}后</p>")
    assert content.images == ()


@pytest.mark.parametrize("inside", ["", "<defs></defs><g></g>", "<title>图</title>"])
def test_a_place_for_a_script_to_draw_in_is_an_issue(inside: str) -> None:
    content, issues = read(f"<p>前<svg id='graph' width='900' height='300'>{inside}</svg>后</p>")
    assert content.images == ()
    assert issues == ("drawings by scripts of the page that are not read: 1",)


def test_a_drawing_that_is_not_closed_takes_no_text_with_it_unnoticed() -> None:
    content, issues = read(f"<p>前</p><svg viewBox='0 0 200 100'>{LINE}<p>后面的全部</p>")
    assert content.images == ()
    assert "text inside `<svg>` is not read" in issues


@pytest.mark.parametrize(
    ("markup", "pictures"),
    [
        (f"<svg viewBox='0 0 200 100'>{LINE * 60_000}</svg>", 1),
        ("".join(f"<svg viewBox='0 0 200 100'><text>{n}</text></svg>" for n in range(2_000)), 2_000),
        (f"<svg viewBox='0 0 200 100'>{LINE}" * 200 + "</svg>" * 200, 1),
        ("<svg width='9'><use href='#a'/></svg>" * 5_000, 0),
    ],
    ids=["large", "many", "nested", "icons"],
)
def test_drawings_of_any_size_and_number_are_read(markup: str, pictures: int) -> None:
    content, _ = read(f"<p>前</p>{markup}<p>后</p>")
    assert len(content.embedded) == pictures
    assert content.text == "前\n后"
