"""Formulas as MathML, and the pages they stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archiver.text import mathml, xhtml
from archiver.text.mathml_core import ARITY, NAMESPACE


def rendered(*sources: str) -> list[mathml.RenderedFormula]:
    formulas = mathml.Formulas(sources)
    return [formulas.render(index, source, display=True) for index, source in enumerate(sources)]


def text(one: mathml.RenderedFormula) -> str:
    assert one.element is not None
    return "".join(map(str, one.element.itertext()))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$x+1$", "x+1"),
        (r"\(x\)", "x"),
        (r"$$\boldsymbol{x}_{t}$$", "𝒙t"),
        (r"\begin{equation}a=b\label{eq:a}\end{equation}", "a=b"),
        (r"\begin{equation}\begin{aligned}a&=b\\c&=d\end{aligned}\end{equation}", "a=bc=d"),
        (r"\begin{aligned}a\\[5pt]b\end{aligned}", "ab"),
        (r"$\text{<eos>}\& y$", "<eos>&y"),
        (r"$\bbox[yellow]{z}$", "z"),
    ],
)
def test_formulas_become_mathml(source: str, expected: str) -> None:
    (one,) = rendered(source)
    assert text(one).replace("\xa0", "").replace(" ", "") == expected
    assert one.element is not None
    assert one.element.get("alttext") == source


def test_macros_hold_from_one_formula_to_the_next_and_need_no_backslash() -> None:
    _, second = rendered(r"\begin{equation}\newcommand{msign}[1]{\text{msign}(#1)}x\end{equation}", r"$\msign{M}$")
    assert text(second) == "msign(M)"


def test_a_macro_that_names_itself_ends() -> None:
    rendered(r"$\newcommand{\a}{\a\a}\a$")


def test_numbers_are_counted_and_referred_to() -> None:
    formulas = rendered(
        r"\begin{equation}a\label{one}\end{equation}",
        r"\begin{equation*}b\end{equation*}",
        r"\begin{align}c\label{two}\\d\notag\\e\end{align}",
        r"$$f\tag{*}\label{star}$$",
        r"$\eqref{two},\eqref{star},\eqref{none}$",
    )
    assert [one.number for one in formulas] == ["1", "", "2–3", "*", ""]
    assert text(formulas[-1]) == "(2),(*),(?)"


@pytest.mark.parametrize("source", [r"$\unknowncommand{x}$", r"$x & y$"])
def test_what_cannot_be_translated_is_said_so(source: str) -> None:
    (one,) = rendered(source)
    assert one.element is None


def markup(source: str) -> str:
    (one,) = rendered(source)
    assert one.element is not None
    return "".join(etree.tostring(child, encoding="unicode") for child in one.element).replace(
        f' xmlns="{NAMESPACE}"', ""
    )


def test_a_script_on_a_matrix_is_on_all_of_it() -> None:
    found = etree.fromstring(markup(r"\begin{bmatrix}a\\b\end{bmatrix}^{-1}")).find("msup")
    assert found is not None
    assert ["".join(map(str, part.itertext())) for part in found] == ["[ab]", "−1"]


@pytest.mark.parametrize(
    ("source", "letters"),
    [
        (r"\boldsymbol{x}", "𝒙"),
        (r"\boldsymbol{\theta\vartheta\nabla 1}", "𝜽𝝑𝛁𝟏"),
        (r"\mathbf{W\Sigma}", "𝐖𝚺"),
        (r"\mathcal{L}\mathbb{R}\mathfrak{C}", "ℒℝℭ"),
        (r"\textbf{a汉}", "𝐚汉"),
        (r"\big\Vert x\big\}", "‖x}"),
    ],
)
def test_letters_of_a_style_are_those_of_unicode(source: str, letters: str) -> None:
    made = markup(source)
    assert "".join(map(str, etree.fromstring(made).itertext())) == letters
    assert "mathvariant" not in made


@pytest.mark.parametrize(
    ("source", "stretchy"),
    [(r"\lVert x\rVert^2", "false"), (r"\lvert x\rvert", "false"), (r"\left\lVert x\right\rVert", "true")],
)
def test_bars_are_as_high_as_tex_makes_them(source: str, stretchy: str) -> None:
    element = mathml.Formulas([source]).render(0, source, display=True).element
    assert element is not None
    assert {bar.get("stretchy") for bar in element.iter("{*}mo")} == {stretchy}


def test_a_bar_that_is_no_bracket_has_no_attribute_of_one() -> None:
    element = mathml.Formulas([r"\text{|}\mathrm{|}"]).render(0, r"\text{|}\mathrm{|}", display=False).element
    assert element is not None
    assert [node.tag for node in element.iter() if node.get("stretchy") and not str(node.tag).endswith("}mo")] == []


def test_a_single_upright_letter_is_upright() -> None:
    assert '<mi mathvariant="normal">d</mi>' in markup(r"\mathrm{d}x")


@pytest.mark.parametrize(
    ("source", "element"),
    [
        (r"\lim_{x\to 0}f", "munder"),
        (r"\mathop{\text{argmin}}_x", "munder"),
        (r"\operatorname*{argmax}_x", "munder"),
        (r"\bigcup_i^n", "munderover"),
        (r"\operatorname{softmax}_x", "msub"),
        (r"\sum\nolimits_i", "msub"),
        (r"\int_a^b", "msubsup"),
    ],
)
def test_limits_stand_where_tex_sets_them(source: str, element: str) -> None:
    made = etree.fromstring(markup(source))
    assert [node.tag for node in made.iter() if node.tag in ARITY] == [element]


@pytest.mark.parametrize("name", ["gathered", "gather", "gather*", "multline"])
def test_lines_are_rows_as_core_breaks_none(name: str) -> None:
    (one,) = rendered(rf"\begin{{{name}}}a=1\\ b=2\end{{{name}}}")
    assert one.element is not None
    rows = list(one.element.iter(f"{{{NAMESPACE}}}mtr"))
    assert ["".join(map(str, row.itertext())) for row in rows] == ["a=1", "b=2"]
    assert not list(one.element.iter(f"{{{NAMESPACE}}}mspace"))


def test_a_label_that_comes_again_is_the_first() -> None:
    equation = r"\begin{equation}x\label{eq:x}\end{equation}"
    formulas = mathml.Formulas([equation, r"\eqref{eq:x}", equation])
    assert formulas.referred(r"\eqref{eq:x}") == ("(1)", 0)
    assert formulas.reference(r"see \eqref{eq:x}") == "see (1)"


def test_a_color_ends_with_what_it_is_given_for() -> None:
    made = etree.fromstring(markup(r"\begin{aligned}&\color{red}{k}=1\\&b\end{aligned}"))
    assert ["".join(map(str, node.itertext())) for node in made.iter("mstyle")] == ["k"]


def test_links_and_looks_in_tex_do_not_reach_a_book() -> None:
    made = markup(r"\href{javascript:a}{x}\style{position:fixed}{y}\class{a}{z}")
    assert not [name for node in etree.fromstring(made).iter() for name in node.attrib if name != "mathvariant"]


@given(st.lists(st.sampled_from([
    "x", "2", "^", "_", "{", "}", "'", r"\frac", r"\sqrt", r"\lim", r"\sum", r"\limits", r"\left(", r"\right)",
    r"\begin{bmatrix}", r"\end{bmatrix}", "&", r"\\", r"\overset", r"\boldsymbol", r"\mathrm", r"\big|",
]), max_size=12))  # fmt: skip
def test_every_element_has_as_many_children_as_mathml_wants(pieces: list[str]) -> None:
    source = " ".join(pieces)
    (one,) = rendered(source)
    for node in one.element.iter(etree.Element) if one.element is not None else ():
        assert len(node) == ARITY.get(etree.QName(node).localname, len(node)), source


@given(st.text(st.sampled_from("xy{}\\$&<_^ 汉#1[]"), max_size=20))
def test_no_formula_breaks_it(source: str) -> None:
    for one in rendered(f"${source}$"):
        assert one.element is None or etree.tostring(one.element)


def page(markdown: str) -> str:
    tree = xhtml.tree(markdown, lambda url: url if url.startswith("http") else None, lambda _: None)
    return (
        etree.tostring(tree, encoding="unicode")
        .replace(' xmlns="http://www.w3.org/1999/xhtml"', "")
        .replace(f' xmlns:html="{xhtml.NAMESPACE}"', "")
        .replace("html:", "")
    )


def test_a_page_holds_only_what_books_know() -> None:
    made = page('<script>x</script>\n\n[a](ftp://b) <u onclick="x">c</u> ![图](https://a.org/b.png) <sub>d</sub>')
    assert "script" not in made
    assert "onclick" not in made
    assert "c [图] <sub>d</sub>" in made


def test_a_formula_stands_alone_without_definitions_labels_and_numbers() -> None:
    sources = [
        r"$\newcommand{sg}{\mathop{\text{sg}}}\newcommand{pair}[2]{#1,#2}\sg$",
        r"\begin{align}\sg\nolimits_x &= \pair ab\label{a}\tag{7}\\ &<c\notag\end{align}",
        r"\begin{equation*}\pair{x}{y}\text{ by }\eqref{a}\end{equation*}",
        r"$\eqref{a}$",
    ]
    formulas = mathml.Formulas(sources)
    assert [formulas.alone(source) for source in sources] == [
        r"\mathop{\text{sg}}",
        r"\begin{aligned}\mathop{\text{sg}}\nolimits_x &= {a,b}\\ &<c\end{aligned}",
        r"{x,y}\text{ by }\text{(7)}",
        r"\text{(7)}",
    ]


def test_a_formula_in_raw_html_is_mathml_numbered_in_its_place() -> None:
    table = r"<table><tr><td>$x$</td><td>\begin{equation}y\label{b}\end{equation}</td></tr></table>"
    made = page(f"\\begin{{equation}}a\\end{{equation}}\n\n{table}\n\n见\\eqref{{b}}")
    assert made.count("<math") == 3
    assert "<td>$" not in made
    assert "见(2)" in made


def test_code_in_raw_html_is_left_alone() -> None:
    made = page("<table><tr><td><pre><b>$x$</b> $y$</pre></td><td>$z$</td></tr></table>")
    assert "<pre>$x$ $y$</pre>" in made
    assert made.count("<math") == 1


@pytest.mark.parametrize("number", ["0", "9", "²", "x", ""])
def test_no_element_of_a_post_passes_for_a_formula_beyond_those_there_are(number: str) -> None:
    assert page(f'甲<tex-formula n="{number}">乙</tex-formula>').startswith("<div><p>甲乙</p>")


def test_a_formula_in_a_page_is_mathml_and_its_reference_a_number() -> None:
    made = page("由\n\n\\begin{equation}x=1\\label{a}\\end{equation}\n\n见\\eqref{a}，$\\unknown$")
    assert 'alttext="\\begin{equation}x=1\\label{a}\\end{equation}"' in made
    assert "见(1)，" in made
    assert '<code class="tex">$\\unknown$</code>' in made
