"""Links within a page lead somewhere in the Markdown, in the reader and in books."""

from __future__ import annotations

import pytest
from lxml import etree

from archiver.text import engines, quality, sources, xhtml
from archiver.urls import Site
from archiver.web.reader import markup
from tests.text.bodies import body_of

RESOLVE = Site().resolve


def markdown_of(html: str) -> str:
    body = sources.settle(body_of(html))
    content = engines.read(body, RESOLVE)
    assert quality.check(body, content, RESOLVE) == ()
    return content.markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2 id='a_b'>甲<a href='#a_b'>#</a></h2><p><a href='#a_b'>见</a></p>",
         '## <a id="a_b"></a>甲\n\n[见](#a_b)'),
        ("<p><a href='#%E4%B9%99'>见</a></p><h2 id='乙'>乙</h2>", '[见](#乙)\n\n## <a id="乙"></a>乙'),
        ("<p><a href='#e'>(1)</a></p><div id='e'>$$a$$</div>", '[(1)](#e)\n\n<a id="e"></a>\n$$a$$'),
        ("<p><a href='#i'>见</a></p><ul><li id='i'>乙</li></ul>", '[见](#i)\n\n- <a id="i"></a>乙'),
        ("<p><a href='#p'>图</a></p><img id='p' src='/a.png'>",
         '[图](#p)\n\n<a id="p"></a>![](https://kexue.fm/a.png)'),
        ("<p><a href='#p'>见</a></p><p><a name='p' href='/z'>乙</a></p>",
         '[见](#p)\n\n<a id="p"></a>[乙](https://kexue.fm/z)'),
        ("<p><a href='#x'>见</a></p><h2 id='x'>甲</h2><h2 id='x'>乙</h2>", '[见](#x)\n\n## <a id="x"></a>甲\n\n## 乙'),
    ],
)  # fmt: skip
def test_a_link_leads_to_its_place(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


@pytest.mark.parametrize(
    "html",
    [
        "<p><a href='#none'>见</a></p>",
        "<h2 id='x'>甲<a href='#x'>¶</a></h2>",
        "<h2 id='x'>甲 <a href='#x'>#</a></h2><h2 id='x'>甲 <a href='#x'>#</a></h2>",
        "<p><a href='#a&quot;b'>见</a></p><h2 id='a&quot;b'>甲</h2>",
        "<p><a href='#$a$'>见</a></p><h2 id='$a$'>甲</h2>",
        "<p><a href='#'>见</a></p><h2 id=''>甲</h2>",
    ],
)
def test_what_leads_nowhere_is_no_link(html: str) -> None:
    found = markdown_of(html)
    assert "](" not in found
    assert "<a" not in found


def test_a_book_holds_the_place_once() -> None:
    tree = xhtml.tree('[见](#乙) [无](#c) <a id="乙"></a>甲\n\n<a id="乙"></a>丙', lambda url: None, lambda url: None)
    found = [dict(link.attrib) for link in tree.iter(etree.Element) if str(link.tag).endswith("}a")]
    assert found == [{"href": "#%E4%B9%99"}, {"id": "乙"}]


def test_the_reader_keeps_places_apart_from_its_own() -> None:
    shown = str(markup.post('[见](#s1)\n\n## <a id="s1"></a>甲', Site()).html)
    assert 'href="#to-s1"' in shown
    assert '<a id="to-s1"' in shown
    assert '<h2 id="s1">' in shown


def test_the_outline_of_the_reader_holds_no_places() -> None:
    assert str(markup.post('## <a id="x"></a>甲', Site()).headings[0].html) == "甲"


def test_a_heading_that_is_a_link_to_itself_is_none_though_others_lead_there() -> None:
    found = markdown_of('<h2 id="s1"><a href="#s1">甲乙</a></h2><p>见<a href="#s1">上文</a>。</p>')
    assert found == '## <a id="s1"></a>甲乙\n\n见[上文](#s1)。'
