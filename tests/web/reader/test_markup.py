from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.text import commonmark
from archiver.text.macros import definitions
from archiver.urls import Site
from archiver.web.reader import comparison, markup

SITE = Site()

PIECES = ("字", "$a<b$", "$$x$$", "<b>", "</p>", "`c<d`", "&lt;", "\n\n", "*", "| ", "# ", "\\$")
RUNS = re.compile(r"<script|\son\w+=|javascript:|<iframe|<svg|style=", re.IGNORECASE)
ELSEWHERE = (
    "[x](javascript:alert)",
    "![x](data:image/svg+xml,x)",
    "[x](ni:///sha-256;a)",
    '<a href="//evil.example">x</a>',
)
FORMULA = re.compile(r'<span class="tex(?: display)?">(.*?)</span>', re.DOTALL)


def formulas(html: str) -> list[str]:
    return [unescape(found) for found in FORMULA.findall(html)]


def test_a_bare_less_than_in_a_formula_takes_nothing_with_it() -> None:
    html = str(markup.post("设$0<x<y$则$a<b$成立", SITE).html)
    assert formulas(html) == ["$0<x<y$", "$a<b$"]
    assert html.endswith("成立</p>\n")


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_every_formula_the_project_finds_is_shown_as_it_is(pieces: list[str]) -> None:
    markdown = "".join(pieces)
    assert formulas(str(markup.post(markdown, SITE).html)) == commonmark.read(markdown).formulas


@settings(max_examples=60)
@given(st.text(alphabet="<>\"'=/ ao&;:()imgsrconeljvtpx\n$\\", max_size=60))
def test_nothing_that_runs_gets_through(text: str) -> None:
    for html in (str(markup.post(text, SITE).html), str(markup.remark(text, SITE)), str(markup.line(text))):
        tags = re.findall(r"<[^>]*>", html)
        assert not [tag for tag in tags if RUNS.search(tag)]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[x](https://kexue.fm/archives/12#c)", 'href="/posts/12"'),
        ("[x](https://kexue.fm/category/Big-Data)", 'href="/original/category/Big-Data"'),
        ("[x](https://example.org/a?b=c)", 'href="https://example.org/a?b=c"'),
        ("![a](https://kexue.fm/a.png)", 'src="/media?url=https%3A%2F%2Fkexue.fm%2Fa.png"'),
        ("![a](ni:///sha-256;a-_1)", 'src="/media?url=ni%3A%2F%2F%2Fsha-256%3Ba-_1"'),
        ("见\\\\eqref{eq:a}", '<span class="tex">\\eqref{eq:a}</span>'),
        ("# 一\n\n## 二", '<h3 id="s2">二</h3>'),
        ("```python\nx = 1\n```", '<span class="mi">1</span>'),
        ("```nonsense\n<b>\n```", "&lt;b&gt;"),
        ("![图<](https://kexue.fm/a.png)\n\n图<", "<figcaption>图&lt;</figcaption>"),
        ("<table><tr><td>a $b&lt;c$ d</td></tr></table>", '<td>a <span class="tex">$b&lt;c$</span> d</td>'),
    ],
)
def test_what_markdown_becomes(markdown: str, html: str) -> None:
    assert html in str(markup.post(markdown, SITE).html)


@pytest.mark.parametrize("markdown", ELSEWHERE)
def test_addresses_that_are_none_of_ours_to_follow_are_dropped(markdown: str) -> None:
    assert not re.search(r"<[^>]*(href|src)=", str(markup.post(markdown, SITE).html))


def test_headings_have_anchors_and_their_formulas() -> None:
    (heading,) = markup.post("## 第一节 $\\alpha$", SITE).headings
    assert (heading.level, heading.anchor) == (2, "s1")
    assert formulas(str(heading.html)) == ["$\\alpha$"]


def test_a_text_is_rendered_once() -> None:
    assert markup.post("同一段。", SITE) is markup.post("同一" + "段。", SITE)


def test_definitions_are_found_however_they_are_written() -> None:
    source = r"$\newcommand{tr}{\mathop{\text{t}}} \newcommand{\a}[1]{{#1}} \def\b{\}} \newcommand{c}{$"
    assert list(definitions(source)) == [
        r"\newcommand{tr}{\mathop{\text{t}}}",
        r"\newcommand{\a}[1]{{#1}}",
        r"\def\b{\}}",
    ]


def test_footnotes_and_their_marks_lead_to_each_other() -> None:
    text = "乙[^1]，又[^1]: 丙[^2]。[^9]\n\n## 甲[^2]\n\n[^1]: 丁 $x$\n\n[^2]: [戊[^1]](https://a.example/)"
    html = re.sub(r' rel="[^"]*"', "", str(markup.post(text, SITE).html))
    first, again = (f'<a{own} href="#to-note-1"><sup>1</sup></a>' for own in (' id="to-noteref-1"', ""))
    assert f"<p>乙{first}，又{again}: 丙" in html
    assert html.count('id="to-noteref-2"') == 1
    assert "[^9]" in html
    assert '<p><a id="to-note-1" href="#to-noteref-1"><sup>1</sup></a> 丁' in html
    assert "戊[^1]</a>" in html


def test_a_comparison_sets_formulas_of_raw_html_as_the_page_does() -> None:
    before = "Text $a<b$.\n\n<table><tr><td>$a &lt; b \\&amp; c$</td></tr></table>\n\nEnd."
    after = before.replace("a &lt; b", "a &lt; d")
    sides = [
        side for stretch in comparison.compare(before, after).stretches for pair in stretch.pairs for side in pair.sides
    ]
    shown = {unescape(found) for side in sides for found in re.findall(r'<span class="tex">(.*?)</span>', side)}
    assert shown >= {r"$a < b \& c$", r"$a < d \& c$"}
    assert not any("&lt;" in formula for formula in shown)
    assert r"$a &lt; b \&amp; c$" in unescape(markup.source("`&lt;` $a &lt; b \\&amp; c$"))
    assert r"$a < b \& c$" in unescape(markup.source(before))
