"""Formulas of which only the drawing is left become MathML, and so TeX that shows the same."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.text import engines, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of


def read(markup: str) -> list[str]:
    body = sources.settle(body_of(f"<p>从{markup}起</p>"))
    content = engines.read(body, Site().resolve)
    assert not quality.check(body, content, Site().resolve)
    assert {formula.provenance for formula in content.formulas} <= {"converted"}
    return [formula.tex for formula in content.formulas]


def c(code: str, font: str = "TEX-I") -> str:
    return f'<mjx-c class="mjx-c{code} {font}"></mjx-c>'


def mi(code: str, classes: str = "mjx-i") -> str:
    return f'<mjx-mi class="{classes}">{c(code)}</mjx-mi>'


def chtml(inside: str, attributes: str = "") -> str:
    return (
        f'<mjx-container class="MathJax CtxtMenu_Attached_0" {attributes}><mjx-math>{inside}</mjx-math></mjx-container>'
    )


A, B, N, X = mi("1D44E"), mi("1D44F"), mi("1D45B"), mi("1D465")
SUM = f"<mjx-mo>{c('2211', 'TEX-S2')}</mjx-mo>"
LIMITS = (
    f"<mjx-munderover><mjx-over>{N}</mjx-over><mjx-box><mjx-munder><mjx-row><mjx-base>{SUM}</mjx-base></mjx-row>"
    f"<mjx-row><mjx-under>{A}</mjx-under></mjx-row></mjx-munder></mjx-box></mjx-munderover>"
)


def fraction(line: str) -> str:
    return (
        f"<mjx-mfrac><mjx-frac><mjx-num><mjx-nstrut></mjx-nstrut>{A}</mjx-num><mjx-dbox><mjx-dtable>{line}"
        f"<mjx-row><mjx-den><mjx-dstrut></mjx-dstrut>{B}</mjx-den></mjx-row></mjx-dtable></mjx-dbox></mjx-frac></mjx-mfrac>"
    )


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        (f"<mjx-msub>{X}<mjx-script>{N}</mjx-script></mjx-msub>", "x_n"),
        (f"<mjx-msubsup>{X}<mjx-script>{N}<mjx-spacer></mjx-spacer>{A}</mjx-script></mjx-msubsup>", "x_a^n"),
        (LIMITS, r"\sum_a^n"),
        (fraction("<mjx-line></mjx-line>"), r"\frac{a}{b}"),
        (
            f"<mjx-mrow><mjx-mo>{c('28')}</mjx-mo>{fraction('')}<mjx-mo>{c('29')}</mjx-mo></mjx-mrow>",
            r"\binom{a}{b}",
        ),
        ((f"<mjx-mroot><mjx-root>{N}</mjx-root><mjx-sqrt><mjx-surd><mjx-mo>{c('221A')}</mjx-mo></mjx-surd>"
         f"<mjx-box>{X}</mjx-box></mjx-sqrt></mjx-mroot>"), r"\sqrt[n]{x}"),
        (mi("46", "mjx-cal mjx-i") + mi("1D716") + mi("64", "mjx-n"), r"\mathcal{F}\epsilon\mathrm{d}"),
        (f'<mjx-mstyle style="color: red;">{X}</mjx-mstyle>', r"\textcolor{red}{x}"),
        (f'{A}<mjx-mspace style="width: 1em;"></mjx-mspace>{B}', r"a\quad b"),
        ("<mjx-mtext><mjx-utext>若</mjx-utext></mjx-mtext>", r"\text{若}"),
        (
            (f"<mjx-munder><mjx-row><mjx-base>{X}</mjx-base></mjx-row><mjx-row><mjx-under><mjx-mo>"
            '<mjx-stretchy-h class="mjx-c23DF"><mjx-beg><mjx-c></mjx-c></mjx-beg></mjx-stretchy-h></mjx-mo></mjx-under>'
            "</mjx-row></mjx-munder>"),
            r"\underbrace{x}",
        ),
    ],
)  # fmt: skip
def test_what_mathjax_drew_of_elements_is_read(inside: str, wanted: str) -> None:
    assert read(chtml(inside)) == [f"${wanted}$"]


def g(name: str, inside: str, moved: str = "") -> str:
    return f'<g data-mml-node="{name}" transform="translate({moved or "0,0"})">{inside}</g>'


def use(code: str, font: str = "I") -> str:
    return f'<use data-c="{code}" xlink:href="#MJX-1-TEX-{font}-{code}"></use>'


GX, GN, GA = g("mi", use("1D465")), g("mi", use("1D45B"), "9,36.5"), g("mi", use("1D44E"), "9,-28.5")


def cells(*styles: str) -> str:
    row = "".join(f'<mjx-mtd style="{style}">{X}<mjx-tstrut></mjx-tstrut></mjx-mtd>' for style in styles)
    rows = f"<mjx-mtr>{row}</mjx-mtr>" * 2
    return chtml(f"<mjx-mtable><mjx-table><mjx-itable>{rows}</mjx-itable></mjx-table></mjx-mtable>")


@pytest.mark.parametrize(
    ("styles", "wanted"),
    [
        (
            ("text-align: right; padding-right: 0; padding-top: 0.15em;", "text-align: left; padding-left: 0;"),
            "aligned",
        ),
        (("text-align: right; padding-right: 0px;", "text-align: left; padding-left: 0px;"), "aligned"),
        (("text-align: right; padding-right: 0.5em;", "text-align: left; padding-left: 0.5em;"), "array}{rl"),
        (("text-align: right; padding: 0.125em 0.5em 0.2em;", "text-align: left; padding: 0 0.5em;"), "array}{rl"),
        (("text-align: left; padding-right: 0.5em;", "padding-left: 0.5em;"), "array}{lc"),
        (("padding-right: 0.5em;", "padding-left: 0.5em;"), "matrix"),
    ],
)
def test_tables_are_told_apart_by_the_sides_their_cells_keep_to(styles: tuple[str, ...], wanted: str) -> None:
    (formula,) = read(cells(*styles))
    assert formula.startswith(rf"$\begin{{{wanted}}}x & x \\")


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        (g("msubsup", GX + GN + GA), "x_a^n"),
        (g("munderover", GX + GA + GN), r"\underset{a}{\overset{n}{x}}"),
        (g("mfrac", GX + GN + "<rect></rect>"), r"\frac{x}{n}"),
        (g("msqrt", f"<g>{GX}</g>" + g("mo", use("221A")) + "<rect></rect>"), r"\sqrt{x}"),
        (g("mroot", f"<g>{GX}</g>{GN}" + g("mo", use("221A"))), r"\sqrt[n]{x}"),
        (g("mi", use("46", "C")) + g("mi", use("211D", "A")), r"\mathcal{F}\mathbb{R}"),
        (g("mo", use("239B", "S4") + use("239D", "S4")) + GX, "(x"),
        (g("munder", GX + g("mo", use("E152") + use("E153") + use("E154"))), r"\underbrace{x}"),
        (g("mover", g("mrow", GX + GN) + g("mo", use("2192") + use("2212"))), r"\overrightarrow{xn}"),
        (g("mtext", "<text>若</text>"), r"\text{若}"),
    ],
)
def test_what_mathjax_drew_of_shapes_is_read(inside: str, wanted: str) -> None:
    drawing = f'<mjx-container jax="SVG"><svg><g><g data-mml-node="math">{inside}</g></g></svg></mjx-container>'
    found = read(drawing)
    assert found in (
        [f"${wanted}$"],
        [f"${wanted}$".replace(r"\underset{a}{\overset{n}{x}}", r"\overset{n}{\underset{a}{x}}")],
    )


def test_a_displayed_drawing_is_displayed() -> None:
    assert read(chtml(X, 'display="true"')) == ["$$x$$"]


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        ("<em>f</em><sub><em>n</em> − 1</sub> + 1", "f_{n-1}+1"),
        ("<em>x</em><sub>2</sub><sup><em>n</em></sup>", "x_2^n"),
        ("(−1)<sup><em>n</em></sup> ≤ <strong>v</strong>", r"(-1)^n\leq\mathbf{v}"),
        ("2\u2005−\u20051\u2004=\u20041", "2-1=1"),
        ("<sup>2</sup>", "{}^2"),
    ],
)
def test_what_pandoc_sets_in_plain_html_is_read(inside: str, wanted: str) -> None:
    assert read(f'<span class="math inline">{inside}</span>') == [f"${wanted}$"]


@pytest.mark.parametrize("inside", ["x − 1", r"\(x − 1\)", r"x_{\rm a}\u2005"])
def test_tex_in_an_element_of_pandoc_is_served(inside: str) -> None:
    body = sources.settle(body_of(f'<p>从<span class="math inline">{inside}</span>起</p>'))
    (formula,) = engines.read(body, Site().resolve).formulas
    assert formula.provenance == "served"


def test_other_tags_in_a_formula_of_pandoc_are_none_of_it() -> None:
    assert read('<span class="math inline"><a href="/x">f</a></span>') == []


def test_what_katex_drew_in_an_element_of_pandoc_is_no_plain_html() -> None:
    drawn = '<span class="katex"><span class="katex-html"><span class="mord">x</span></span></span>'
    body = sources.settle(body_of(f'<p>从<span class="math inline">{drawn}</span>起</p>'))
    (issue,) = quality.check(body, engines.read(body, Site().resolve), Site().resolve)
    assert "whose source the page does not hold: 1 (`.katex`)" in issue


@pytest.mark.parametrize("markup", [chtml(""), "<mjx-container><svg></svg></mjx-container>"])
def test_an_empty_drawing_is_an_issue(markup: str) -> None:
    body = sources.settle(body_of(f"<p>从{markup}起</p>"))
    (issue,) = quality.check(body, engines.read(body, Site().resolve), Site().resolve)
    assert "whose source the page does not hold: 1 (`" in issue


TAGS = st.sampled_from(["mjx-math", "mjx-mi", "mjx-mrow", "mjx-mfrac", "mjx-munderover", "mjx-base", "mjx-c", "mjx-mo"])


@given(st.lists(st.tuples(TAGS, st.booleans()), max_size=30))
def test_no_drawing_costs_the_text_around_it(tags: list[tuple[str, bool]]) -> None:
    markup = "".join(f'<{tag} class="mjx-c78">' + ("" if left_open else f"</{tag}>") for tag, left_open in tags)
    body = sources.settle(body_of(f"<p>从</p><p><mjx-container>{markup}</mjx-container></p><p>起</p>"))
    assert engines.read(body, Site().resolve).text.startswith("从")


@pytest.mark.parametrize("unit", [X, "<mjx-mrow>", LIMITS, fraction("<mjx-line></mjx-line>")])
def test_a_large_drawing_takes_no_longer_than_its_size(unit: str) -> None:
    start = perf_counter()
    sources.settle(body_of(f"<p>{chtml(unit * (300_000 // len(unit)))}</p>"))
    assert perf_counter() - start < 5
