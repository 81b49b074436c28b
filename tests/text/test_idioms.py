"""What no text of a page says, but every browser shows, is read: notes, boxes, quotes, readings, emoji."""

from __future__ import annotations

import pytest
from lxml import etree

from archiver.items import Content
from archiver.text import engines, quality, sources, xhtml
from archiver.urls import Site
from tests.text.bodies import body_of

RESOLVE = Site().resolve


def xhtml_of(markdown: str) -> etree._Element:
    return xhtml.tree(markdown, str, str)


def read(markup: str) -> Content:
    """Read a body as a page's is, of which nothing may be in doubt."""
    body = sources.settle(body_of(markup))
    content = engines.read(body, RESOLVE)
    assert quality.check(body, content, RESOLVE) == ()
    return content


KRAMDOWN = (
    '<p>甲<sup id="fnref:a" role="doc-noteref"><a href="#fn:a" class="footnote" rel="footnote">1</a></sup>乙</p>'
    '<div class="footnotes" role="doc-endnotes"><ol><li id="fn:a" role="doc-endnote"><p>注$x$ '
    '<a href="#fnref:a" class="reversefootnote" role="doc-backlink">&#8617;</a></p></li></ol></div>'
)
GOLDMARK = (
    '<p>甲<sup id="fnref:1"><a href="#fn:1" class="footnote-ref" role="doc-noteref">1</a></sup>乙</p>'
    '<div class="footnotes" role="doc-endnotes"><ol>\n<li id="fn:1">\n<p>注$x$&#160;'
    '<a href="#fnref:1" class="footnote-backref" role="doc-backlink">&#x21a9;&#xfe0e;</a></p>\n</li>\n</ol></div>'
)
PANDOC = (
    '<p>甲<a href="#fn1" class="footnote-ref" id="fnref1" role="doc-noteref"><sup>1</sup></a>乙</p>'
    '<section class="footnotes"><ol><li id="fn1"><p>注$x$<a href="#fnref1" class="footnote-back">↩︎</a></p></li>'
    "</ol></section>"
)
GITHUB = (
    '<p>甲<sup><a href="#user-content-fn-1-9" id="user-content-fnref-1-9" data-footnote-ref="">1</a></sup>乙</p>'
    '<section data-footnotes=""><ol><li id="user-content-fn-1-9"><p>注$x$ <a href="#user-content-fnref-1-9" '
    'data-footnote-backref="">↩</a></p></li></ol></section>'
)
PYTHON_MARKDOWN = (
    '<p>甲<sup id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup>乙</p><div class="footnote"><ol>'
    '<li id="fn:1"><p>注$x$&#160;<a class="footnote-backref" href="#fnref:1" title="Jump back">&#8617;</a></p></li>'
    "</ol></div>"
)
WIKIPEDIA = (
    '<p>甲<sup id="cite_ref-1" class="reference"><a href="#cite_note-1">[1]</a></sup>乙</p><ol class="references">'
    '<li id="cite_note-1"><span class="mw-cite-backlink"><b><a href="#cite_ref-1">^</a></b></span> <span>注$x$</span>'
    "</li></ol>"
)


SPHINX = (
    '<p>甲<a class="footnote-reference" href="#f1" id="id1" role="doc-noteref"><span>[</span>1<span>]</span></a>'
    '乙</p><aside class="footnote brackets" id="f1" role="doc-footnote"><span class="label"><span>[</span>'
    '<a role="doc-backlink" href="#id1">1</a><span>]</span></span><p>注$x$</p></aside>'
)
DISTILL = "<p>甲<d-footnote>注<d-math>x</d-math></d-footnote>乙</p>"


@pytest.mark.parametrize("markup", [KRAMDOWN, GOLDMARK, PANDOC, GITHUB, PYTHON_MARKDOWN, WIKIPEDIA, SPHINX, DISTILL])
def test_a_footnote_is_one_whatever_made_it(markup: str) -> None:
    content = read(markup)
    assert content.markdown == "甲[^1]乙\n\n[^1]: 注$x$"
    assert [" ".join(line.split()) for line in content.text.split("\n")] == ["甲[^1]乙", "[^1]: 注$x$"]
    assert [formula.tex for formula in content.formulas] == ["$x$"]
    assert content.links == ()


@pytest.mark.parametrize("words", ["#", "# 1", "- 1", "1. 1", "> 1", "---", ":   1"])
def test_what_a_footnote_begins_with_is_words(words: str) -> None:
    content = read(f"<p>甲<d-footnote>{words.replace('>', '&gt;')}</d-footnote>乙</p>")
    assert content.text.endswith(words)


def test_further_blocks_of_a_footnote_are_within_it() -> None:
    note = "<li id='n'><p>一<p>二$x$<pre>a\n  b</pre><p><a href='#r'>^</a></li>"
    content = read(f"<p>甲<a id='r' href='#n'>1</a></p><ol>{note}</ol><p>乙</p>")
    assert content.markdown == "甲[^1]\n\n[^1]: 一\n\n    二$x$\n\n    ```\n    a\n      b\n    ```\n\n乙"
    assert xhtml_of(content.markdown).xpath("count(//*[local-name()='div']/*[local-name()='p'])") == 4


def test_a_definition_is_one_in_every_export() -> None:
    content = read("<dl><dt>词</dt><dd>一</dd><dd>二</dd></dl>")
    shown = etree.tostring(xhtml_of(content.markdown), encoding="unicode", method="text")
    assert "".join(shown.split()) == "词一二"
    assert xhtml_of(content.markdown).xpath("count(//*[local-name()='dl']/*[local-name()='dd'])") == 2
    assert xhtml_of(content.markdown).xpath("string(//*[local-name()='dl']/*[local-name()='dt'])") == "词"


def test_footnotes_are_numbered_as_the_text_refers_to_them() -> None:
    item = '<li id="n{0}">注{0} <a href="#r{0}">↩</a></li>'
    reference = '<a id="r{0}" href="#n{0}">{0}</a>'
    markup = f"<p>{reference.format(2)}、{reference.format(1)}、<a href='#n2'>2</a></p>"
    assert read(f"{markup}<ol>{item.format(1)}{item.format(2)}</ol>").markdown == (
        "[^1]、[^2]、[^1]\n\n[^2]: 注1\n\n[^1]: 注2"
    )


def test_words_that_link_to_a_note_or_back_are_not_lost() -> None:
    markup = '<p><a id="r" href="#n">有名的定理</a></p><ol><li id="n"><a href="#r">张三的书</a></li></ol>'
    assert read(markup).markdown == "有名的定理[^1]\n\n[^1]: 张三的书"


@pytest.mark.parametrize(
    "target",
    ["<ol><li id='n'>一</li></ol>", "<h2 id='n'><a href='#r'>一</a></h2>", "<ol><li id='n'><a href='#z'>一</a>"],
)
def test_a_list_that_does_not_link_back_has_no_footnotes(target: str) -> None:
    assert "[^" not in read(f"<p>甲<a id='r' href='#n'>1</a></p>{target}").markdown


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<ul><li><input type='checkbox' checked> 甲</li><li><label><input type='checkbox'>乙</label></li></ul>",
         "- [x] 甲\n- [ ] 乙"),
        ("<p>他说<q>好<q>是</q></q>。</p>", "他说“好‘是’”。"),
        ("<p><ruby>漢<rt>かん</rt></ruby></p>", "漢(かん)"),
        ("<p><ruby>漢<rp>（</rp><rt>かん</rt><rp>）</rp></ruby></p>", "漢（かん）"),
        ("<p>好<img class='emoji' alt='👍🏽' src='/e.png'></p>", "好👍🏽"),
        ("<p>好<img class='wp-smiley' alt=':wink:' src='/e.png'></p>", "好:wink:"),
        ("<p>按<kbd>a_b</kbd>得<mark>重点</mark></p>", "按<kbd>a_b</kbd>得<mark>重点</mark>"),
        ("<p>若$a<q>b</q>c$则</p>", "若\\$a“b”c\\$则"),
        ("<details><summary>证明<code>a</code></summary><p>略</p></details>", "> **证明`a`**\n>\n> 略"),
        ("<details><summary><b>证</b>明</summary>略</details>", "> **证**明\n>\n> 略"),
        ("<details>略</details>", "> 略"),
        ("<dl><dt>词</dt><dd>义</dd></dl>", "词\n\n:   义"),
        ("<dl><dt>词</dt><dd><p>一</p><p>二</p></dd><dd>三</dd></dl>", "词\n\n:   一\n\n    二\n\n:   三"),
        ("<dl><dd>缩进</dd></dl>", "缩进"),
        ("<p>甲</p><p>:   乙</p>", "甲\n\n\\:   乙"),
    ],
)  # fmt: skip
def test_what_browsers_show_is_said(markup: str, markdown: str) -> None:
    assert read(markup).markdown == markdown


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="admonition note"><p class="admonition-title">注意</p>{}</div>',
        '<aside class="admonition tip"><p class="admonition-title">注意</p>{}</aside>',
        '<div class="markdown-alert"><p class="markdown-alert-title"><svg aria-hidden="true"></svg>注意</p>{}</div>',
        '<div class="theme-admonition alert"><div class="admonitionHeading_G"><i></i>注意</div><div>{}</div></div>',
        '<div class="callout"><div><div><i></i></div><div class="callout-title-container">注意</div></div>{}</div>',
        '<div class="note info"><p><strong>注意</strong></p>{}</div>',
    ],
)
def test_a_box_that_stands_out_is_a_quote_with_its_title_in_bold(markup: str) -> None:
    assert read(markup.replace("{}", "<p>$x$</p>")).markdown == "> **注意**\n>\n> $x$"


@pytest.mark.parametrize("name", ["note", "footnote info", "callouts", "post-note info", "alert"])
def test_a_box_of_another_name_is_none(name: str) -> None:
    assert read(f"<div class='{name}'><p>甲</p></div>").markdown == "甲"


def test_a_video_has_its_picture_and_address() -> None:
    content = read("<video poster='/a.png'><source src='/a.webm'><source src='/a.mp4'></video>")
    assert [image.url for image in content.images] == ["https://kexue.fm/a.png"]
    assert [link.url for link in content.links] == ["https://kexue.fm/a.webm", "https://kexue.fm/a.mp4"]
    assert content.markdown == "![](https://kexue.fm/a.png)\n\n<https://kexue.fm/a.webm>\n\n<https://kexue.fm/a.mp4>"


def test_a_picture_that_only_has_sources_is_one() -> None:
    content = read("<picture><source srcset='/a.webp 1x, /b.webp 2x'></picture>")
    assert [image.url for image in content.images] == ["https://kexue.fm/b.webp"]


@pytest.mark.parametrize(
    "late", ["", "<iframe data-src='/f'></iframe>", "<noscript><iframe src='/f'></iframe></noscript>"]
)
def test_a_frame_shown_without_scripts_is_read_once(late: str) -> None:
    assert read(f"{late}<noscript><iframe src='/f'></iframe></noscript>").markdown == "<https://kexue.fm/f>"


@pytest.mark.parametrize("alt", ["", "表情包大全", "a"])
def test_a_picture_whose_alternative_is_no_emoji_stays_one(alt: str) -> None:
    assert len(read(f"<p>好<img class='emoji' alt='{alt}' src='/e.png'></p>").images) == 1


@pytest.mark.parametrize(
    ("attributes", "items", "numbers"),
    [
        ("start='5'", "<li>a<li>b", [5, 6]),
        ("", "<li>a<li value='7'>b<li>c", [1, 7, 8]),
        ("reversed", "<li>a<li>b<li>c", [3, 2, 1]),
        ("reversed start='9'", "<li>a<li>b", [9, 8]),
        ("reversed start='0'", "<li>a<li>b", [0, 0]),
        ("start='999999999'", "<li>a<li>b", [999999999, 999999999]),
        ("start='-3'", "<li>a<li value='x'>b", [1, 2]),
    ],
)
def test_a_list_keeps_its_numbers_as_far_as_markdown_has_them(attributes: str, items: str, numbers: list[int]) -> None:
    lines = read(f"<ol {attributes}>{items}</ol>").markdown.split("\n")
    assert [int(line.split(".")[0]) for line in lines] == numbers


def test_an_element_that_is_there_for_a_picture_behind_it_is_one() -> None:
    content = read("<p>前</p><div style='height: 9px; background-image: url(\"/a.png\")'></div><p>后</p>")
    assert [image.url for image in content.images] == ["https://kexue.fm/a.png"]


def test_a_picture_behind_words_is_decoration() -> None:
    assert read("<div style='background: url(/a.png)'>甲</div>").images == ()


def test_a_body_without_idioms_is_handed_back() -> None:
    body = body_of("<p>甲<a href='#n'>1</a></p><ol><li>乙</li></ol>")
    assert sources.settle(body) is body


def test_code_and_citations_of_distill_are_read() -> None:
    content = read(
        "<p>甲<d-cite key='a,b'></d-cite>乙<d-cite key='b'></d-cite><d-cite key='c'>[7]</d-cite><d-code>x</d-code></p>"
        "<d-code block language='python'>\ndef f():\n    pass\n</d-code>"
    )
    assert content.markdown == "甲[1, 2]乙[2][7]`x`\n\n```python\ndef f():\n    pass\n```"
    assert [(block.language, block.code) for block in content.code_blocks] == [("python", "def f():\n    pass\n")]


LATEXML = (
    '<span class="ltx_note ltx_role_footnote" id="fn1"><sup class="ltx_note_mark">32</sup>'
    '<span class="ltx_note_outer"><span class="ltx_note_content"><sup class="ltx_note_mark">32</sup>'
    '<span class="ltx_tag ltx_tag_note">32</span>注$x$</span></span></span>'
)
TUFTE = (
    '<label for="n" class="margin-toggle sidenote-number"></label><input type="checkbox" id="n" class="margin-toggle"/>'
    '<span class="sidenote">注$x$</span>'
)


@pytest.mark.parametrize("note", [LATEXML, TUFTE])
def test_a_note_in_the_line_is_a_footnote_within_the_text(note: str) -> None:
    text = f"<p>甲{note}乙</p><p>丙</p>"
    for markup in (text, f"<div>{text}</div>", f"<article><div>{text}</div></article>"):
        assert read(markup).markdown == "甲[^1]乙\n\n丙\n\n[^1]: 注$x$"
    assert read(f"<section>{text}</section><p>丁</p>").markdown == "甲[^1]乙\n\n丙\n\n[^1]: 注$x$\n\n丁"
