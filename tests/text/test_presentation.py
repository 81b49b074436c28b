"""MathML as TeX that shows the same."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex2mathml.converter import convert as mathml_of
from lxml import etree

from archiver.text import presentation
from tests.text.bodies import body_of


def tex(inside: str) -> str:
    math = body_of(f"<math>{inside}</math>").find(".//math")
    assert math is not None
    return presentation.convert(math)


BEFORE = "<mprescripts></mprescripts><mi>b</mi><mi>c</mi>"


def table(columns: str, *rows: str) -> str:
    cells = "".join("<mtr>" + "".join(f"<mtd><mi>{sign}</mi></mtd>" for sign in row) + "</mtr>" for row in rows)
    return f'<mtable columnalign="{columns}">{cells}</mtable>'


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<mi>α</mi><mi>x</mi><mo>≤</mo><mn>1.5</mn>", r"\alpha x\leq1.5"),
        ("<mi>𝐀</mi><mi>ℝ</mi><mi>𝛼</mi><mi>𝓛</mi>", r"\mathbf{A}\mathbb{R}\alpha\mathcal{L}"),
        ('<mi mathvariant="bold">v</mi><mi mathvariant="normal">d</mi>', r"\mathbf{v}\mathrm{d}"),
        ("<mi>sin</mi><mo>\u2061</mo><mi>x</mi><mi>rank</mi>", r"\sin x\operatorname{rank}"),
        ("<msubsup><mi>x</mi><mi>i</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msubsup>", "x_i^{n+1}"),
        ("<msup><mrow><mi>a</mi><mi>b</mi></mrow><mn>2</mn></msup>", "{ab}^2"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f'"),
        ("<mfrac><mi>a</mi><msqrt><mi>b</mi></msqrt></mfrac>", r"\frac{a}{\sqrt{b}}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><mi>x</mi>", r"\sum_i^nx"),
        ("<munder><mi>lim</mi><mi>n</mi></munder><mi>x</mi>", r"\lim_nx"),
        ('<mover><mi>x</mi><mo stretchy="false">^</mo></mover>', r"\hat{x}"),
        ("<mover><mi>AB</mi><mo>¯</mo></mover>", r"\overline{\operatorname{AB}}"),
        ("<munder><munder><mi>x</mi><mo>⏟</mo></munder><mi>n</mi></munder>", r"\underbrace{x}_n"),
        ("<mtext>如果 a_b</mtext><mspace width='1em'/><mi>x</mi>", r"\text{如果 a\_b}\quad x"),
        (f"<mrow><mo>(</mo>{table('', 'ab')}<mo>)</mo></mrow>", r"\begin{pmatrix}a & b\end{pmatrix}"),
        (
            f"<mrow><mo>{{</mo>{table('left left', '1x', '0y')}<mo></mo></mrow>",
            r"\begin{cases}1 & x \\ 0 & y\end{cases}",
        ),
        (table("right left", "a=", "bc"), r"\begin{aligned}a & = \\ b & c\end{aligned}"),
        (table('right left" columnspacing="0em 2em', "ab"), r"\begin{aligned}a & b\end{aligned}"),
        (table('right left" columnspacing="1em', "ab"), r"\begin{array}{rl}a & b\end{array}"),
        ('<mrow><mo>(</mo><mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow>', r"\binom{n}{k}"),
        ('<mfenced open="[" close=")"><mi>a</mi><mi>b</mi></mfenced>', r"\left[a,b\right)"),
        (f"<mmultiscripts><mi>X</mi><mi>a</mi><none></none>{BEFORE}</mmultiscripts>", "{}_b^cX_a"),
        ('<menclose notation="box"><mi>x</mi></menclose>', r"\boxed{x}"),
        ('<mstyle mathcolor="red"><mi>y</mi></mstyle>', r"\textcolor{red}{y}"),
        ("<mo>{</mo><mn>100</mn><mo>%</mo><mo>}</mo>", r"\{100\%\}"),
    ],
)
def test_an_element_becomes_its_command(markup: str, wanted: str) -> None:
    assert tex(markup) == wanted


def test_a_prefix_before_the_names_changes_nothing() -> None:
    box = body_of("<m:math><m:mfrac><m:mi>a</m:mi><m:mi>b</m:mi></m:mfrac></m:math>")
    assert presentation.convert(box[0]) == r"\frac{a}{b}"


ATOMS = st.sampled_from(["x", "1", r"\alpha", r"\infty", r"\mathbb{R}", r"\mathbf{v}", "+", "=", r"\leq", r"\times"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(lambda pair: rf"\frac{{{pair[0]}}}{{{pair[1]}}}"),
        st.tuples(ATOMS, inner, inner).map(lambda three: f"{three[0]}_{{{three[1]}}}^{{{three[2]}}}"),
        inner.map(lambda inside: rf"\sqrt{{{inside}}}"),
        inner.map(lambda inside: rf"\hat{{{inside}}}"),
        st.tuples(inner, inner).map(lambda pair: rf"\sum_{{{pair[0]}}}^{{{pair[1]}}}x"),
        st.tuples(inner, inner).map(lambda pair: rf"\begin{{matrix}}{pair[0]} & {pair[1]} \\ 1 & 2\end{{matrix}}"),
    ),
    max_leaves=10,
)


def shape(source: str) -> list[str]:
    """Return what a formula shows: its signs, and the elements that place them."""
    placing = {"mfrac", "msqrt", "msub", "msup", "msubsup", "mover", "munderover", "mtr", "mtd"}
    found = []
    for event, node in etree.iterwalk(etree.fromstring(mathml_of(source)), events=("start", "end")):
        name = etree.QName(node).localname
        if name in placing:
            found.append(f"{event} {name}")
        elif event == "start" and node.text:
            found.append(node.text.strip())
    return found


@given(EXPRESSIONS)
def test_what_was_converted_shows_the_same(source: str) -> None:
    math = etree.fromstring(mathml_of(source))
    assert shape(presentation.convert(math)) == shape(source)


@pytest.mark.parametrize(
    "unit", ["<mrow>", "<msqrt>", "<mrow><mo>(</mo>", "<msub><mi>x</mi>", "<mover>", "<mtable><mtr><mtd>"]
)
def test_deep_markup_takes_time_in_proportion_to_its_length(unit: str) -> None:
    markup = f"<math>{unit * 200}</math>" * 10
    begun = perf_counter()
    for math in body_of(markup).iter("math"):
        presentation.convert(math)
    assert perf_counter() - begun < 5
