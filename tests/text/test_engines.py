"""Plain text comes from trafilatura where it keeps everything, and a body is found where the site rule finds none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from html import escape as html_escape
from typing import Any

import pytest
import trafilatura
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from archiver.items import Content
from archiver.pages.places import beside
from archiver.text import engines
from archiver.text.agreement import letters
from archiver.urls import Site
from tests.text.bodies import body_of

Read = Callable[[str], Content]
Body = Callable[[str], HtmlElement]

ARTICLE = """
<h2 id="起点">起点<a href="#起点"> #</a></h2>
<p>先把递推写成$u_{k+1} = a u_k$，再看它的<strong>增长</strong>，这一步并不需要任何额外的假设条件。</p>
<p>展开之后是<br/>
\\begin{equation}u_k = a^k u_0 \\\\[4pt]<br/>
\\text{若 } |a| &lt; 1\\end{equation}<br/>
于是极限只取决于初值的大小，与步长无关，见<a href="/archives/77">《旧文》</a>。</p>
<pre><code class="language-python">u = 1
for k in range(9):

    u *= a   # $u$ &amp;lt; 1
</code></pre>
<ul><li>收敛时误差按几何级数减小。</li><li>发散时误差按几何级数增大。</li></ul>
<table><tr><th>步</th><th>值</th></tr><tr><td>1</td><td>$a$</td></tr></table>
<p>字面上的&amp;lt;与&amp;copy=2都不是实体，A&amp;B也不是。</p>
<p></p><div class="pic-container"><div class="typecho-caption">
<div><a href="/u/1.png"><img src="/u/1.png" alt="曲线"/></a></div>
<p class="typecho-caption-text">误差曲线</p></div></div>
<blockquote class="cite"><div>命题：若$|a|&lt;1$则收敛。</div></blockquote>
"""

PHRASES = "中文|词|The quick brown fox|PDF|Google|More on this|-|1.|ok.|https://e.x/|𝑥|QQ|A&B|A & B|&|&;|#|..."
WORDS = st.sampled_from(PHRASES.split("|"))
LINE = st.lists(WORDS, min_size=1, max_size=4).map(" ".join).filter(letters).map(html_escape)


def within(tag: str, inside: str) -> str:
    return f"<{tag}>{inside}</{tag}>"


def listed(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    whole = st.lists(items.map(partial(within, "li")), min_size=1, max_size=3).map("".join)
    return st.builds(within, st.sampled_from(["ol", "ul"]), whole)


LISTS = listed(st.recursive(LINE, lambda items: st.builds("{}{}".format, LINE, listed(items)), max_leaves=6))
PARAGRAPHS = st.builds(within, st.sampled_from(["p", "p", "p", "div", "h2", "h3"]), LINE)
BLOCKS = st.lists(PARAGRAPHS | LISTS, min_size=1, max_size=6).map("".join)


def refuse(page: HtmlElement, **options: Any) -> None:
    """Stand in for an extractor that finds nothing."""


def crash(page: HtmlElement, **options: Any) -> None:
    raise RecursionError("deeper than expected")


def test_plain_text_keeps_formulas_code_and_entities(read: Read) -> None:
    content = read(ARTICLE)
    assert content.text.split("\n") == [
        "起点",
        "先把递推写成$u_{k+1} = a u_k$，再看它的增长，这一步并不需要任何额外的假设条件。",
        "展开之后是",
        "\\begin{equation}u_k = a^k u_0 \\\\[4pt]",
        "\\text{若 } |a| < 1\\end{equation}",
        "于是极限只取决于初值的大小，与步长无关，见《旧文》。",
        "u = 1",
        "for k in range(9):",
        "",
        "    u *= a   # $u$ &lt; 1",
        "- 收敛时误差按几何级数减小。",
        "- 发散时误差按几何级数增大。",
        "步 | 值",
        "1 | $a$",
        "字面上的&lt;与&copy=2都不是实体，A&B也不是。",
        "误差曲线",
        "命题：若$|a|<1$则收敛。",
    ]


def test_a_list_item_shows_that_trafilatura_was_asked(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura, "bare_extraction", refuse)
    assert "- 收敛" not in read(ARTICLE).text


@given(st.lists(st.tuples(st.sampled_from(["", "blockquote", "div"]), BLOCKS), min_size=1, max_size=2))
def test_paragraphs_and_lists_read_as_trafilatura_reads_them_without_asking_it(boxes: list[tuple[str, str]]) -> None:
    markup = "".join(within(box, blocks) if box else blocks for box, blocks in boxes)
    options = Extractor(output_format="python", fast=True, comments=False, recall=True)
    options.min_extracted_size = 0
    theirs = trafilatura.bare_extraction(f"<html><body><article>{markup}</article></body></html>", options=options)
    text = theirs.text if isinstance(theirs, Document) and theirs.text else ""
    body = body_of(markup)
    if letters(text) == letters(str(body.text_content())):  # else another engine is asked
        assert engines.read(body, Site().resolve).text == text


def test_a_plain_post_costs_no_engine_and_what_an_engine_lays_out_does(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda page, **_: asked.append(page))
    assert read("<h2>起点</h2><p>设$a&lt;b$，<strong>则</strong>有解。</p>").text == "起点\n设$a<b$，则有解。"
    assert asked == []
    assert read("<p>设$a&lt;b$，则</p><ul><li>有<b>解</b><ol><li>$x$</li></ol></li></ul>").text == (
        "设$a<b$，则\n- 有解\n  - $x$"
    )
    assert asked == []
    read("<p>设$a&lt;b$，则</p><ul><li><p>有解</p></li></ul>")
    read("<p>有解</p><h2>终点</h2>")
    assert len(asked) == 2


@pytest.mark.parametrize("broken", [refuse, crash])
def test_an_engine_that_fails_costs_no_text(
    read: Read, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., None]
) -> None:
    whole = read(ARTICLE)
    monkeypatch.setattr(trafilatura, "bare_extraction", broken)
    without = read(ARTICLE)
    monkeypatch.setattr(engines, "Readability", broken)
    alone = read(ARTICLE)
    for content in (without, alone):
        assert content.markdown == whole.markdown
        assert all(formula.tex in content.text for formula in whole.formulas)
        assert "于是极限只取决于初值的大小" in content.text


def test_an_engine_that_drops_a_formula_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Any = trafilatura.bare_extraction

    def forgetful(page: HtmlElement, **options: Any) -> Any:
        found = original(page, **options)
        found.text = found.text.replace("先把递推写成", "").split("\n", 2)[2]
        return found

    monkeypatch.setattr(trafilatura, "bare_extraction", forgetful)
    assert "$u_{k+1} = a u_k$" in read(ARTICLE).text


def test_an_engine_that_drops_prose_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Any = trafilatura.bare_extraction

    def forgetful(page: HtmlElement, **options: Any) -> Any:
        found = original(page, **options)
        found.text = found.text.replace("这一步并不需要任何额外的假设条件", "")
        return found

    monkeypatch.setattr(trafilatura, "bare_extraction", forgetful)
    assert "这一步并不需要任何额外的假设条件" in read(ARTICLE).text


def test_many_formulas_hide_no_loss_of_prose(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = "少了这一句话也就说不清楚后面的结论是从哪里来的了所以不能少"
    markup = "".join(f"<p>第{number}步得到$a$，照旧。</p>" for number in range(200)) + f"<p>{lost * 2}，完。</p>"
    original: Any = trafilatura.bare_extraction

    def forgetful(page: HtmlElement, **options: Any) -> Any:
        found = original(page, **options)
        found.text = found.text.replace(lost, "", 1)
        return found

    monkeypatch.setattr(trafilatura, "bare_extraction", forgetful)
    assert lost * 2 in read(markup).text


@pytest.mark.parametrize(
    "markup", ["<p>短。</p>", "<p>$x$</p>", "<p>甲</p><p>甲</p><p>甲</p><p>甲</p>", "光秃的文字", "<h2>题</h2>"]
)
def test_short_posts_are_not_too_short(read: Read, markup: str) -> None:
    wanted = html.fragment_fromstring(markup, create_parent="div").text_content()
    assert "".join(read(markup).text.split()) == wanted


def test_nothing_is_read_from_nothing(read: Read) -> None:
    assert read("") == Content(markdown="", text="")
    assert read("<p>&nbsp;</p><p><br/></p>") == Content(markdown="", text="")
    blank = engines.read_fragment(body_of("<p>&nbsp;</p>"), Site().resolve)
    assert blank == Content(markdown="", text="")


def test_text_that_looks_like_a_hidden_word_survives(read: Read) -> None:
    assert read("<p>Kx<b>0M1Qz</b>与$x$</p><ul><li><p>有解</p></li></ul>").text == "Kx0M1Qz与$x$\n- 有解"


def test_the_body_is_not_changed(body: Body) -> None:
    tree = body(ARTICLE)
    before = etree.tostring(tree)
    engines.read(tree, Site().resolve)
    engines.read_fragment(tree, Site().resolve)
    assert etree.tostring(tree) == before


def test_a_fragment_is_read_like_a_post_but_for_its_text(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    post = engines.read(body(ARTICLE), Site().resolve)
    monkeypatch.setattr(trafilatura, "bare_extraction", crash)
    comment = engines.read_fragment(body(ARTICLE), Site().resolve)
    assert comment.markdown == post.markdown
    assert comment.formulas == post.formulas
    assert comment.text == post.text.replace("- ", "").replace("步 | 值\n1 | $a$", "步\n值\n1\n$a$")


# Pages without the known body

PAGE = """<html><head><title>递推</title></head><body>
<div id="Header"><h1><a href="/">某站</a></h1><ul><li><a href="/a.html">归档</a></li></ul></div>
<div id="main"><div class="entry"><div class="PostHead"><h1><a href="/archives/5">递推的极限</a></h1></div>
<div class="words">{body}
<p>转载到请包括本文地址：<a href="/archives/5">这里</a></p><div id="pay">打赏一下</div></div></div>
<div id="PostComment"><div id="comments"><ol>
<li id="comment-3">写得很好，不过$v_0$的取值范围我没有看懂，能否再解释一下？</li></ol></div></div>
</div><div id="SideBar"><h3>最近评论</h3><ul><li>写得很好，不过$v_...</li></ul></div></body></html>"""


LONG = ARTICLE + "".join(
    f"<h3>第{number}种情形</h3><p>{'把估计逐项代入，再对两边求和，可见余项不影响结论，' * 4}其中$c_{number} > 0$。</p>"
    for number in range(4)
)


BESIDE = partial(beside, Site().profile.post)


def page_with(text: str) -> HtmlElement:
    return html.document_fromstring(PAGE.replace("{body}", text))


def test_a_body_is_found_without_its_id(body: Body) -> None:
    tree = page_with(LONG)
    before = etree.tostring(tree)
    found = engines.find_body(tree, BESIDE)
    assert found is not None
    content = engines.read(found[0], Site().resolve)
    assert found[1] == "trafilatura"
    assert content.markdown == engines.read(body(LONG), Site().resolve).markdown
    assert etree.tostring(tree) == before


def test_readability_is_asked_when_trafilatura_loses_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    original = trafilatura.extract

    def forgetful(page: HtmlElement, **options: Any) -> str:
        return str(original(page, **options)).replace("Kx0M1Qz", "")

    monkeypatch.setattr(trafilatura, "extract", forgetful)
    found = engines.find_body(page_with(LONG), BESIDE)
    assert found is not None
    assert found[1] == "readability"
    content = engines.read(found[0], Site().resolve)
    assert [formula.tex for formula in content.formulas][:2] == [
        "$u_{k+1} = a u_k$",
        "\\begin{equation}u_k = a^k u_0 \\\\[4pt]\n\\text{若 } |a| < 1\\end{equation}",
    ]
    assert not {"写得很好", "打赏", "转载到"} & {
        word for word in ("写得很好", "打赏", "转载到") if word in content.text
    }


def test_on_a_page_with_much_beside_the_text_the_engines_selection_counts() -> None:
    links = "".join(f'<li><a href="/n/{number}">另一条无关的新闻标题，编号{number}</a></li>' for number in range(40))
    news = "".join(f"<p>第{number}段：{'叙述一件事情的经过，' * 6}到此为止。</p>" for number in range(6))
    page = html.document_fromstring(
        f"<html><body><div><div class='story'>{news}<ul class='related-links'>{links}</ul></div></div></body></html>"
    )
    found = engines.find_body(page)
    assert found is not None
    text = engines.read(found[0], Site().resolve).text
    assert "第5段" in text
    assert "编号39" not in text


@pytest.mark.parametrize("page", ["<html><body></body></html>", "<html><body><p>404</p></body></html>"])
def test_a_page_without_a_text_has_no_body(page: str) -> None:
    assert engines.find_body(html.document_fromstring(page)) is None


def test_a_page_too_long_for_the_engines_has_no_body_and_a_text_too_long_is_read_plainly(
    monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(engines, "MAX_EXTRACTED", 50)
    assert engines.find_body(page_with(LONG), BESIDE) is None
    assert "- 收敛" not in read(ARTICLE).text
    assert "收敛" in read(ARTICLE).text


def test_both_engines_failing_leaves_no_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura, "extract", crash)
    monkeypatch.setattr(engines, "Readability", crash)
    assert engines.find_body(copy.deepcopy(page_with(LONG))) is None
