"""Equal spellings of a formula give equal tokens; the tokens are TeX that gives the same ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.text import shapes, spellings

PIECES = st.sampled_from(
    [*"{}^_'&*[]|.,=+-0123xyzTQ \n%#$()", "sin", "KL", "中", "α", "≤", r"\\", r"\{", r"\not", r"\over", r"\rm",
     r"\unknown", r"\left.", r"\big(", r"\begin{pmatrix}", r"\end{pmatrix}",
     r"\begin{array}{cc}", r"\begin{aligned}", r"\text{if }",
     r"\newcommand{a}[1]{#1\a}", r"\a", r"\label{x}", r"\bbox[red]", r"\color{red}", r"\,", r"\sqrt[3]",
     *spellings.FACES, *spellings.ARGUMENTS, *spellings.SWITCHES, *spellings.DOUBLED]
)  # fmt: skip
TEX = st.lists(PIECES, max_size=30).map("".join)


@given(TEX)
def test_tokens_are_tex_with_the_same_tokens(tex: str) -> None:
    found = shapes.tokens(tex)
    assert shapes.tokens(" ".join(found)) == found


@given(st.text(max_size=60))
def test_any_text_has_tokens_of_which_braces_are_balanced(tex: str) -> None:
    found = shapes.tokens(tex)
    assert found.count("{") == found.count("}")
    assert shapes.tokens(" ".join(found)) == found


@pytest.mark.parametrize(
    "spelled",
    [
        (
            r"\frac ab",
            r"\frac{a}{b}",
            r"\dfrac{a} {b}",
            r"\tfrac{{a}}b",
            r"{a \over b}",
            r"$\frac{a}{b}$",
            r"\(\frac ab.\)",
        ),
        (r"\text{msign}(M)", r"\mathrm{msign}(M)", r"\operatorname{msign}\left(M\right)", r"{\rm msign}\big(M\big)"),
        ("softmax(x)", r"\text{softmax}(x)", r"\operatorname*{softmax}\,(x)"),
        (r"\max_i x_i", r"\mathop{\text{max}}\limits_{i} x_{i}", r"max_i x_i"),
        (r"\boldsymbol{W}x", r"\bm W x", r"\mathbf{W}~x", r"{\bf W} x"),
        (r"a\le b\to c", r"a\leq b\rightarrow c", r"a \leqslant b \longrightarrow c", "a≤b→c"),
        ("f'", r"f^{\prime}", r"f^\prime"),
        ("x_i^2", "x^2_i", "x^{2}_{i}", "{x_i}^2"),
        (r"\text{KL}(p\Vert q)", "KL(p||q)", r"\mathrm{KL}(p\,\|\,q)"),
        ("\\begin{align}a&=b\\\\[4pt] &=c\\label{eq}\\end{align}", r"a=b\\=c"),
        (r"Q K^{\top}", "QK^T", r"QK^\mathrm{T}"),
        (r"\mathrm{d}x", "dx"),
        (r"\sqrt[3]x", r"\sqrt [ 3 ] {x}", r"\root 3 \of x"),
        (r"a \not= b", r"a\neq b"),
        (r"\argmin_x f", r"\mathop{\text{argmin}}_x f", r"\arg\min_x f"),
        ("x % a comment\n+1", "x+1"),
    ],
)
def test_other_spellings_of_a_formula_have_the_same_tokens(spelled: tuple[str, ...]) -> None:
    assert {shapes.tokens(tex) for tex in spelled} == {shapes.tokens(spelled[0])}


@pytest.mark.parametrize(
    ("one", "other"),
    [("x^12", "x^{12}"), (r"\frac{a}{b}", r"\frac{b}{a}"), ("ab", r"\mathbf{a}b"), ("xy", "x_y"),
     (r"\sqrt{ab}", r"\sqrt ab"), ("12", "1 2"), (r"\mathcal{L}", "L"),
     (r"\begin{pmatrix}a&b\end{pmatrix}", r"\begin{pmatrix}a b\end{pmatrix}"),
     (r"\begin{pmatrix}{\hat J}\end{pmatrix}", r"\begin{pmatrix}{}\end{pmatrix}")],
)  # fmt: skip
def test_other_formulas_have_other_tokens(one: str, other: str) -> None:
    assert shapes.tokens(one) != shapes.tokens(other)


def test_macros_hold_from_where_they_are_defined() -> None:
    formulas = [
        r"\tr A",
        r"\newcommand{tr}{\mathop{\text{trace}}}",
        r"\tr A",
        r"\def\pair#1#2{(#1,#2)}\pair{a}b",
        r"\pair xy",
    ]
    found = [" ".join(each) for each in shapes.in_order(formulas)]
    assert found == [r"\tr A", "", r"\mathrm{trace} A", "( a , b )", "( x , y )"]


def test_a_macro_of_optional_argument() -> None:
    *_, short, full = shapes.in_order([r"\newcommand{\norm}[2][p]{\|#2\|_{#1}}", r"\norm{x}", r"\norm[2]{x}"])
    assert " ".join(short) == "| x | | _ { p }".replace("| x", "| | x")
    assert " ".join(full) == "| | x | | _ { 2 }"


@pytest.mark.parametrize("tex", ["{" * 9_999, "^" * 9_999, r"\sqrt" * 3_000, "x" * (shapes.LONGEST + 1)])
def test_what_is_too_deep_or_too_long_has_no_tokens(tex: str) -> None:
    assert shapes.tokens(tex) == ()


def test_macros_that_make_too_much_of_a_formula_give_no_tokens() -> None:
    doubling = r"\def\a{xx}" + "".join(rf"\def\{chr(98 + n)}{{\{chr(97 + n)}\{chr(97 + n)}}}" for n in range(24))
    *_, bomb, looping = shapes.in_order([doubling, r"\y", r"\def\q{\q\q}\q"])
    assert bomb == looping == ()
    *_, words = shapes.in_order([rf"\def\w{{{'x' * 9_000}}}", r"\w" * 9])
    assert words == ()


def test_a_star_in_a_group_stands_for_anything() -> None:
    assert shapes.pattern(r"\frac{*}{\sqrt{ * }}") == shapes.pattern(r"\frac{{*}}{\sqrt{*}}")
    assert shapes.pattern(r"\frac{*}{b}")[2] == shapes.ANYTHING
    assert shapes.tokens(f"x{shapes.ANYTHING}") == ("x",)
    assert shapes.pattern("x^*") == ("x", "^", "{", "*", "}")
