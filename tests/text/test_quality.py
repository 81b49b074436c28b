"""A reading is proven or the doubts are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.text import engines, quality
from archiver.urls import Site

Body = Callable[[str], HtmlElement]
SITE = Site()

BODY = r"""<h2>题 <a href="#题">#</a></h2><p>由$u_1*v_1$与<b>“引理”</b>得<br/>
\begin{align}u &amp;= v \\<br/>
- w &amp;&lt; 1\end{align}<br/>
而3 &lt; 5，*号、[1](x)与&lt;eos&gt;照旧，见<a href="/archives/3">《前文[0,1)》</a>。</p>
<ol><li>甲<ul><li>$\{0\}$</li></ul></li></ol><pre><code>a = `$x`</code></pre>
<blockquote><p>若$$u<br/>
= v$$则</p></blockquote><table><tr><td>$p(y|x)$</td><td>乙</td></tr></table><table><tr><td>丙|丁</td></tr></table>
<iframe src="https://v.example.com/1"></iframe><p><img src="/a.png" alt="图"/></p>"""


def doubts(body: HtmlElement, change: Callable[[Content], Content]) -> tuple[str, ...]:
    return quality.check(body, change(engines.read(body, SITE.resolve)), SITE.resolve)


def test_an_honest_reading_is_proven(body: Body) -> None:
    assert doubts(body(BODY), lambda content: content) == ()


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        ("$u_1*v_1$", r"$u\_1\*v\_1$", "number 0 is '$u_1*v_1$' on the page and"),
        ("- w &< 1", "> w &< 1", "number 1 is "),
        (r"$\{0\}$", "", "the page has 5 formulas and the Markdown 4"),
        ("= v$$", "= v$$ 与$z$", "the page has 5 formulas and the Markdown 6"),
        ("3 < 5", "3", "the Markdown reads "),
        (r"\<eos>", "<eos>", "the Markdown reads "),
        (r"\*号", "*号", ""),
        ("## 题", "## 题 #", ""),
        ("## 题", r"## 题 \#", "the Markdown reads "),
        ("《前文&#91;0,1)》", "《前文》", "the Markdown reads "),
        ("`$x`", "x", "the Markdown reads "),
        ("$p(y|x)$", "$p(y,x)$", "number 4 is '$p(y|x)$' on the page and '$p(y,x)$' in the Markdown"),
        (r"丙\|丁", "丙|丁", "the Markdown reads "),
        ("“引理”", "引理", "the Markdown reads "),
    ],
)
def test_a_change_of_the_markdown_is_found(body: Body, old: str, new: str, doubt: str) -> None:
    def change(content: Content) -> Content:
        assert old in content.markdown
        return replace(content, markdown=content.markdown.replace(old, new))

    found = doubts(body(BODY), change)
    assert any(doubt in issue for issue in found) if doubt else found == ()


def test_a_lost_row_is_found(body: Body) -> None:
    (found,) = doubts(body(BODY), lambda content: replace(content, formulas=content.formulas[1:]))
    assert found.startswith("the page has 4 formulas and the Markdown 5; number 0 is '\\\\begin{align}")


def test_a_text_that_lost_a_sentence_is_found(body: Body) -> None:
    tree = body("<p>" + "一二三四五六七八九十" * 20 + "</p><p>" + "另有一句话。" + "</p>")
    assert doubts(tree, lambda content: replace(content, text=content.text.replace("另有一句话。", ""))) == (
        "plain text and page agree to 98.77% only, less than 99.50%",
    )


def test_newlines_of_a_formula_may_become_blanks_where_there_is_no_room(body: Body) -> None:
    assert doubts(body("<h2>令$u\nv$</h2><p>若$u\n\nv$</p>"), lambda content: content) == ()
    (found,) = doubts(body("<h2>令$u % 注\nv$</h2>"), lambda content: content)
    assert found.startswith("the page has 1 formulas and the Markdown 1; number 0 is ")


def test_what_is_too_long_is_not_proven(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MAX_CHECKED", 3)
    assert doubts(body("<p>甲乙丙丁</p>"), lambda content: content) == (
        "the Markdown has 4 characters, too many to be read back",
    )


def test_openers_without_an_end_are_noted_and_no_doubt(body: Body) -> None:
    tree = body("".join(f"<p>价${number}。</p>" for number in range(7)))
    content = engines.read(tree, SITE.resolve)
    assert quality.check(tree, content, SITE.resolve) == ()
    assert quality.notes(content) == (
        *(f"a formula opens here and never ends: ${number}。" for number in range(5)),
        "2 more formulas open and never end",
    )
    assert quality.notes(Content(markdown="", text="")) == ()
