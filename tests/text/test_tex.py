"""Formulas are found where MathJax 2.7.9 finds them in the blog's pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.text import tex


def found(text: str, *, markdown: bool = False) -> list[str]:
    return tex.scan(text, markdown=markdown).sources(text)


def unclosed(text: str) -> list[str]:
    return [text[offset : offset + 2] for offset in tex.scan(text).unclosed]


@pytest.mark.parametrize(
    ("source", "display", "environment"),
    [
        ("$u_1$", False, None),
        (r"\(u_1\)", False, None),
        ("$$u_1$$", True, None),
        (r"\[u_1\]", True, None),
        (r"\begin{equation}u_1\end{equation}", True, "equation"),
        (r"\begin{align*}u &= v\end{align*}", True, "align*"),
        (r"\begin{unheardof}u\end{unheardof}", True, "unheardof"),
        ("$u\n+\nv$", False, None),
        ("$u\n\nv$", False, None),
        ("$$$$", True, None),
    ],
)
def test_every_kind_of_formula_is_found_among_prose(source: str, display: bool, environment: str | None) -> None:
    text = f"由此{source}可知"
    (span,) = tex.scan(text).spans
    assert text[span.start : span.end] == source
    assert (span.display, span.environment) == (display, environment)


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$a$和$b$", ["$a$", "$b$"]),
        ("$$a$$$$b$$", ["$$a$$", "$$b$$"]),
        ("$a$$b$", ["$a$", "$b$"]),
        (r"$\text{若 $k$ 为偶数}$后", [r"$\text{若 $k$ 为偶数}$"]),
        (r"$\{0,1\}$与$\left\{x\right.$", [r"$\{0,1\}$", r"$\left\{x\right.$"]),
        (r"$3\$$", [r"$3\$$"]),
        (r"$a}b$", [r"$a}b$"]),
        (r"\begin{equation}\begin{aligned}a\\[4pt]b\end{aligned}\end{equation}。",
         [r"\begin{equation}\begin{aligned}a\\[4pt]b\end{aligned}\end{equation}"]),
        (r"\begin{array}{c}\begin{array}{c}a\end{array}\end{array}尾",
         [r"\begin{array}{c}\begin{array}{c}a\end{array}\end{array}"]),
        (r"\begin{cases}\text{\end{cases}}x\end{cases}", [r"\begin{cases}\text{\end{cases}}x\end{cases}"]),
        (r"$\begin{pmatrix}a\end{pmatrix}$", [r"$\begin{pmatrix}a\end{pmatrix}$"]),
        (r"\(a\\)b\)", [r"\(a\\)b\)"]),
        ("$" + "{" * 30 + "x" + "}" * 30 + "$", ["$" + "{" * 30 + "x" + "}" * 30 + "$"]),
        ("${a$b}$和$c$", ["${a$b}$", "$c$"]),
    ],
)  # fmt: skip
def test_a_formula_ends_at_the_first_closer_outside_braces(text: str, formulas: list[str]) -> None:
    assert found(text) == formulas
    assert unclosed(text) == []


@pytest.mark.parametrize(
    "text", [r"见\eqref{eq:a_b}与\ref{s}", r"a\\[4pt]b", r"C:\new\table", "无公式", "", "\\", r"\end{x}"]
)
def test_references_line_breaks_and_paths_are_no_formulas(text: str) -> None:
    assert tex.scan(text) == ([], [])


@pytest.mark.parametrize(
    ("text", "formulas", "openers"),
    [
        ("约为$120，没有下文", [], ["$1"]),
        ("$a=b\n$$\\begin{aligned}c\\end{aligned}$$", ["$a=b\n$", r"$\begin{aligned}c\end{aligned}$"], ["$"]),
        ("$$a$ b", [], ["$$", "$ "]),
        (r"$a \\ \eqref{b}", [], ["$a"]),
        (r"\begin{equation}a $b$", ["$b$"], [r"\b"]),
        (r"\begin{a}x\begin{a}y\end{a}", [r"\begin{a}y\end{a}"], [r"\b"]),
        (r"\[a \(b\)", [r"\(b\)"], [r"\["]),
        ("$a{b$ c} $d$", ["$a{b$ c} $"], ["$"]),
    ],
)
def test_an_opener_without_an_end_is_text_and_the_search_goes_on_after_it(
    text: str, formulas: list[str], openers: list[str]
) -> None:
    assert found(text) == formulas
    assert unclosed(text) == openers


@pytest.mark.parametrize(
    ("text", "formulas", "openers"),
    [
        ("设$f(x_{1)$，其中$a_1$与$b$为常数，$c$。", ["$f(x_{1)$", "$a_1$", "$b$", "$c$"], []),
        ("$a{b$ c", ["$a{b$"], []),
        ("$a{b$ c} d$ e", ["$a{b$ c} d$"], []),
        ("${a$ {b$ c}", ["${a$"], ["$ "]),
        ("${{a}$ $b}$", ["${{a}$ $b}$"], []),
        ("${a\r$b$", ["${a\r$"], ["$"]),
        (r"${a\$b$c$", [r"${a\$b$"], ["$"]),
        ("$$a{b$$$c$", ["$$a{b$$", "$c$"], []),
        ("$$a{b$$$", ["$$a{b$$"], ["$"]),
        ("${a$$b$$", ["${a$", "$b$"], ["$"]),
        (r"\(a{b\)，$c$，\[d{\]", [r"\(a{b\)", "$c$", r"\[d{\]"], []),
        (r"\begin{a}{x\end{a}$b$\begin{a}c\end{a}", [r"\begin{a}{x\end{a}", "$b$", r"\begin{a}c\end{a}"], []),
        (r"\begin{a}{\begin{a}x\end{a}\end{a}$b$", [r"\begin{a}{\begin{a}x\end{a}\end{a}", "$b$"], []),
        (r"$a}{b$与$c$", ["$a}{b$", "$c$"], []),
        (r"${a\{b}\}$与$c$", [r"${a\{b}\}$", "$c$"], []),
    ],
)  # fmt: skip
def test_of_closers_that_are_all_inside_braces_the_next_one_closes(
    text: str, formulas: list[str], openers: list[str]
) -> None:
    assert found(text) == formulas
    assert unclosed(text) == openers


def test_a_reference_opens_no_formula_wherever_it_stands() -> None:
    assert found(r"\ref{a$b}与$c$") == ["$c$"]
    assert found(r"$$与\ref{a$b}与$c$") == ["$c$"]


def test_an_escaped_dollar_opens_a_formula_in_a_page_but_not_in_markdown() -> None:
    assert found(r"\$5和\$6。$x$") == [r"$5和\$6。$"]
    assert found(r"\$5和\$6。$x$", markdown=True) == ["$x$"]


def test_code_in_markdown_holds_no_formulas() -> None:
    assert found("`$a` 与 ``$b` $`` 与 $c$", markdown=True) == ["$c$"]
    assert found("`$a` 与 $c$") == ["$a` 与 $"]
    assert found(r"\`$a$\` 与 $c$", markdown=True) == ["$a$", "$c$"]


def test_a_row_tells_label_tag_and_exact_source() -> None:
    source = r"\begin{equation}u = v\label{eq:uv}\tag{7\text{甲}}\end{equation}"
    (span,) = tex.scan(source).spans
    row = tex.formula(source, 3, span)
    assert (row.position, row.display, row.environment) == (3, True, "equation")
    assert (row.label, row.tag, row.tex) == ("eq:uv", r"7\text{甲}", source)
    plain = tex.formula("$u$", 0, tex.scan("$u$").spans[0])
    assert (plain.label, plain.tag, plain.environment) == (None, None, None)


PIECES = ["$", "$$", r"\[", r"\]", r"\(", r"\)", r"\begin{a}", r"\end{a}", r"\begin{b*}", r"\end{b*}", "{", "}", r"\{",
          "\\", r"\\", "x", "\n", r"\ref{q}", r"\$", "`", "文"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.booleans())
def test_spans_are_in_order_do_not_overlap_and_are_formulas_of_their_own(text: str, markdown: bool) -> None:
    at = 0
    for start, end, display, environment in tex.scan(text, markdown=markdown).spans:
        assert at <= start < end
        at = end
        (alone,) = tex.scan(text[start:end]).spans
        assert alone == (0, end - start, display, environment)


@given(st.lists(st.sampled_from([piece for piece in PIECES if "`" not in piece])).map("".join))
def test_single_offsets_are_answered_like_the_whole_text(text: str) -> None:
    scan = tex.scan(text, markdown=True)
    finder = tex.Finder(text)
    assert [finder.at(span.start) for span in scan.spans] == scan.spans
    assert [finder.at(offset) for offset in scan.unclosed] == [None] * len(scan.unclosed)
