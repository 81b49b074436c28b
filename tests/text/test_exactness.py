"""TeX is data: whatever the author wrote comes out byte for byte, through extraction and back from the Markdown."""

from __future__ import annotations

import html
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.text import commonmark, engines, quality, tex
from archiver.urls import Site

ROOT = Path(__file__).parents[2]
RESOLVE = Site().resolve

SIGNS = (
    "x",
    "x_i^*",
    "\\alpha",
    "\\boldsymbol{M}_t",
    "a<b",
    "a>b",
    "A&B",
    "\\\\[4pt]",
    "\\,",
    "*",
    "_",
    "~",
    "|",
    "[x]_+",
)
ODD = (
    "\\text{如果 a < b}",
    "\\frac{1}{2}",
    "\\{0,1\\}",
    "#",
    "`",
    "!",
    "1.",
    "- ",
    "+",
    "=",
    "首项",
    "//",
    "'",
    '"',
    " ",
)
ATOMS = st.sampled_from(SIGNS + ODD)
BODY = st.lists(ATOMS, min_size=1, max_size=8).map("".join).filter(lambda text: text.strip() == text)
ENVIRONMENT = st.sampled_from(["equation", "align", "align*", "gather", "array"])
PLAIN = (
    "设",
    "，则",
    "因此",
    "所以 ",
    " we have ",
    "价格",
    "《前文》",
    "（a）",
    "a < b",
    "head_dims",
    "&amp;",
    "<eos>",
)
MARKUP = ("1. 不是列表", "# 不是标题", "- ", "*星*", "$", "[1]", "**", "`码`", "> ", "=")
PROSE = st.sampled_from(PLAIN + MARKUP)
"""Words around formulas, among them those that Markdown would take for something else."""


@st.composite
def formulas(draw: st.DrawFn) -> str:
    """A formula with its delimiters; a newline in it is where a page has `<br>` and a newline."""
    lines = draw(st.lists(BODY, min_size=1, max_size=3))
    kind = draw(st.sampled_from(["$", "$$", "\\(", "\\[", "environment", "nested"]))
    if kind in ("$", "\\("):
        body = "\n".join(lines[:2])
        return f"${body}$" if kind == "$" else f"\\({body}\\)"
    body = "\n".join(lines)
    if kind == "$$":
        return f"$${body}$$"
    if kind == "\\[":
        return f"\\[{body}\\]"
    name = draw(ENVIRONMENT)
    inner = f"\\begin{{{name}}}{body}\\end{{{name}}}" if kind == "nested" else body
    return f"\\begin{{{name}}}\n{inner}\n\\end{{{name}}}"


def served(text: str) -> str:
    """Return text as the blog serves it: entities for markup, `<br/>` and a newline for a newline."""
    return html.escape(text, quote=False).replace("\n", "<br/>\n")


def body_of(markup: str) -> HtmlElement:
    return lxml.html.fromstring(f'<div id="PostContent">{markup}</div>')


def read(markup: str) -> tuple[Content, tuple[str, ...]]:
    body = body_of(markup)
    content = engines.read(body, RESOLVE)
    return content, quality.check(body, content, RESOLVE)


WORDS = PROSE.filter(lambda text: text != "$")


@settings(max_examples=150)
@given(st.lists(st.tuples(WORDS, formulas()), min_size=1, max_size=4), WORDS)
def test_formulas_come_out_byte_for_byte_and_back_from_the_markdown(pairs: list[tuple[str, str]], end: str) -> None:
    # Two inline formulas need something between their dollars, or they would be one display formula.
    paragraph = "".join(served(words) + served(tex_) + "甲" for words, tex_ in pairs) + served(end)
    content, issues = read(f"<p>{paragraph}</p>")
    wanted = [tex_ for _, tex_ in pairs]
    assert [formula.tex for formula in content.formulas] == wanted
    assert commonmark.read(content.markdown).formulas == wanted
    for tex_ in wanted:
        assert tex_ in content.text
    assert issues == ()


@settings(max_examples=150)
@given(st.lists(PROSE, min_size=1, max_size=8))
def test_prose_that_looks_like_markup_stays_prose(words: list[str]) -> None:
    text = "".join(words)
    content, issues = read(f"<p>{served(text)}</p>")
    assert [issue for issue in issues if "reads" in issue] == []
    assert "".join(content.text.split()) == "".join(text.split())


@pytest.mark.parametrize("wrap", ["strong", "em", "blockquote", "li", "td", "h2", "font", "a href='/archives/8'"])
@given(tex_=formulas())
@settings(max_examples=25)
def test_formulas_survive_inside_other_markup(wrap: str, tex_: str) -> None:
    outer = {"li": ("<ul>", "</ul>"), "td": ("<table><tr>", "</tr></table>")}.get(wrap, ("", ""))
    inner = f"<{wrap}>前{served(tex_)}后</{wrap.split()[0]}>"
    content, issues = read(f"{outer[0]}{inner}{outer[1]}")
    assert [formula.tex for formula in content.formulas] == [tex_]
    assert issues == ()


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_the_scanner_takes_any_text_and_its_spans_do_not_overlap(text: str) -> None:
    for markdown in (False, True):
        found = tex.scan(text, markdown=markdown)
        ends = [0]
        for span in found.spans:
            assert ends[-1] <= span.start < span.end <= len(text)
            ends.append(span.end)


@pytest.mark.parametrize("piece", ["$", "$$ ", "{", "}", "\\(", "\\begin{a}", "\\end{a}", "$a{", "\\\\", "\\begin{a}{"])
def test_the_scanner_takes_time_in_proportion_to_the_text(piece: str) -> None:
    """Counted in steps of the interpreter, not in seconds."""

    def steps(times: int) -> int:
        text, count = piece * times, 0

        def count_line(*_: object) -> Any:
            nonlocal count
            count += 1
            return count_line

        sys.settrace(count_line)
        try:
            tex.scan(text)
        finally:
            sys.settrace(None)
        return count

    assert steps(4000) <= 5 * steps(1000) + 1000


UNCLOSED = (
    ("价格是 $100，没有第二个。", "$"),
    ("$a=\\frac{1}{2}\n$$\\begin{aligned}=b\\end{aligned}$$", "$"),
    ("\\begin{align}x", "\\begin{align}"),
)


@pytest.mark.parametrize(("source", "rest"), UNCLOSED)
def test_an_opener_without_an_end_stays_verbatim_and_is_a_note(source: str, rest: str) -> None:
    content, issues = read(f"<p>{served(source)}</p>")
    assert issues == ()
    assert any(note.split(": ")[1].startswith(rest) for note in quality.notes(content))
    assert source.replace("\n", "") in content.markdown.replace("\n", "").replace("\\$", "$").replace("\\\\", "\\")


def test_the_same_page_gives_the_same_rows_on_every_hash_seed() -> None:
    code = (
        "import hashlib; from archiver.pages.post import parse_post; from archiver.sample import SampleBlog\n"
        "blog = SampleBlog(); digest = hashlib.sha256()\n"
        "for post in blog.source.posts:\n"
        "    target = f'/archives/{post.id}'\n"
        "    body = blog.respond('GET', target, {'Host': 'kexue.fm'}).body\n"
        "    digest.update(repr(parse_post('https://kexue.fm' + target, body)).encode())\n"
        "print(digest.hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1


def test_reading_changes_nothing_in_the_tree_it_is_given() -> None:
    body = body_of("<p>设$a&lt;b$，<strong>则</strong></p><pre><code>x = $1</code></pre><p><img src='/x.png'/></p>")
    before = lxml.html.tostring(body)
    engines.read(body, RESOLVE)
    engines.read_fragment(body, RESOLVE)
    quality.check(body, engines.read(body, RESOLVE), RESOLVE)
    assert lxml.html.tostring(body) == before
