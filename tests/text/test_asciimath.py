r"""AsciiMath becomes TeX that shows the same, whatever is typed.

What is expected here MathJax's own AsciiMath input and its TeX input set alike.
"""

from __future__ import annotations

import re
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.text import asciimath, tex


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("alpha beta xx oo", r"\alpha\beta\times\infty"),
        (r"\alpha\ x", r"\alpha\ x"),
        ("3.5x", "3.5x"),
        ("x_1^2", "x_1^2"),
        ("x^(n+1)", "x^{n+1}"),
        ("x^-1", "x^{-1}"),
        ("x^", r"x^{\square}"),
        ("a/b", r"\frac{a}{b}"),
        ("(a+1)/(b-1)", r"\frac{a+1}{b-1}"),
        ("a//b", "a/b"),
        ("-1/2", r"-\frac{1}{2}"),
        ("sqrt x/2", r"\frac{\sqrt{x}}{2}"),
        ("root(3)(x+1)", r"\sqrt[3]{x+1}"),
        ("frac(1)(2)", r"\frac{1}{2}"),
        ("stackrel(def)(=)", r"\overset{def}{=}"),
        ('stackrel"def"(=)', r"\overset{\text{def}}{=}"),
        ("sin x", r"\sin x"),
        ("sin^2 x/5", r"\frac{\sin^2x}{5}"),
        ("f(x)/g(x)", r"\frac{f(x)}{g(x)}"),
        ("f'(x)", "f'(x)"),
        ("g^2", "g^2"),
        ("sum_(i=1)^n", r"\sum_{i=1}^n"),
        ("int_0^1 x dx", r"\int_0^1xdx"),
        ("lim_(x->0)", r"\lim_{x\rightarrow0}"),
        ("ubrace(x+y)_n", r"\underbrace{x+y}_n"),
        ("(1/2)", r"\left(\frac{1}{2}\right)"),
        ("{x | x > 0}", r"\left\{x\mid x>0\right\}"),
        ("{:x:}", "x"),
        ("(:a,b:)", r"\left\langle a,b\right\rangle"),
        ("[0,1)", "[0,1)"),
        ("|x|", r"\left|x\right|"),
        ("||x||", r"\left|\left|x\right|\right|"),
        ("abs(x)+norm(y)", r"\left|x\right|+\left\Vert y\right\Vert"),
        ("x|_0", r"x\mid_0"),
        ("[(1,2),(3,4)]", r"\begin{bmatrix}1 & 2 \\ 3 & 4\end{bmatrix}"),
        ("((a),(b))", r"\begin{pmatrix}a \\ b\end{pmatrix}"),
        ("|(a,b),(c,d)|", r"\begin{vmatrix}a & b \\ c & d\end{vmatrix}"),
        ("[(1,|,2),(3,|,4)]", r"\left[\begin{array}{c|c}1 & 2 \\ 3 & 4\end{array}\right]"),
        ("{(1, if x=0),(2, if x>0):}", r"\begin{cases}1 & \text{ if }x=0 \\ 2 & \text{ if }x>0\end{cases}"),
        ("{(1,2),(3,4)}", r"\left\{(1,2),(3,4)\right\}"),
        ("(1,2),(3)", "(1,2),(3)"),
        ("hat x bar(xy) vec v", r"\hat{x}\overline{xy}\vec{v}"),
        ("bb x bbb(R) cc L", r"\mathbf{x}\mathbb{R}\mathcal{L}"),
        ("RR", r"\mathbb{R}"),
        ("color(red)(x)", r"\textcolor{red}{x}"),
        ("color(red}{)(x)", "x"),
        ("class(big)(x)", "x"),
        ("cancel(x)", r"\cancel{x}"),
        ("text(if x)", r"\text{if x}"),
        ('"100%"', r"\text{100\%}"),
        ("x and y", r"x\text{ and }y"),
        ("a quad b", r"a\quad b"),
        ("(((", "((("),
        (")", ")"),
        ("_", r"\_"),
        ("速度/时间", r"速\frac{度}{时}间"),
        ("", ""),
    ],
)
def test_a_formula_becomes_tex_that_shows_the_same(source: str, wanted: str) -> None:
    assert asciimath.convert(source) == wanted


@pytest.mark.parametrize("source", ["x" * (asciimath.MAX_LENGTH + 1), "(" * 300, "sqrt " * 300, "|a(" * 100])
def test_what_is_too_long_or_too_deep_is_not_converted(source: str) -> None:
    assert asciimath.convert(source) is None


_WORDS = """
(: :) {: :} sum sqrt frac root sin f bb text( hat vec stackrel color(red) alpha int abs ubrace and dx ,( ),( |__ ≤ 积
"""
_PIECES = st.sampled_from([*"xyn12|/^_,'\"()[]{}<>=-+*\\ $&#%~", *_WORDS.split()])


def test_a_space_at_the_end_is_no_half_a_command() -> None:
    assert asciimath.convert('" ') == "\\ "


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=40).map("".join)))
@settings(max_examples=500)
def test_whatever_is_typed_its_tex_is_one_formula(source: str) -> None:
    converted = asciimath.convert(source)
    if converted is None or not converted.strip():
        return
    bare = re.sub(r"\\[\\{}]", "", converted)
    depths = [bare.count("{", 0, at) - bare.count("}", 0, at) for at in range(len(bare) + 1)]
    assert min(depths) >= 0 == depths[-1]
    opened, closed = (re.findall(rf"\\\\{side}(?![a-z])", converted) for side in ("left", "right"))
    assert len(opened) == len(closed)
    written = tex.written(converted, display=False)
    assert written is not None
    assert len(tex.scan(written).spans) == 1


@pytest.mark.parametrize("unit", ["|", "|x|", "|,", "(|", "x/", "^", "sqrt", "((a,b),", "'", "-", '"'])
def test_conversion_takes_time_in_proportion_to_the_formula(unit: str) -> None:
    begun = perf_counter()
    asciimath.convert(unit * (asciimath.MAX_LENGTH // len(unit)))
    assert perf_counter() - begun < 2
