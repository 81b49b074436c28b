"""Formulas as MathML, and the pages they stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archiver.text import mathml, xhtml


def rendered(*sources: str) -> list[mathml.Rendered]:
    formulas = mathml.Formulas(sources)
    return [formulas.render(index, source, display=True) for index, source in enumerate(sources)]


def text(one: mathml.Rendered) -> str:
    assert one.element is not None
    return "".join(map(str, one.element.itertext()))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$x+1$", "x+1"),
        (r"\(x\)", "x"),
        (r"$$\boldsymbol{x}_{t}$$", "xt"),
        (r"\begin{equation}a=b\label{eq:a}\end{equation}", "a=b"),
        (r"\begin{equation}\begin{aligned}a&=b\\c&=d\end{aligned}\end{equation}", "a=bc=d"),
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


def test_a_formula_in_a_page_is_mathml_and_its_reference_a_number() -> None:
    made = page("由\n\n\\begin{equation}x=1\\label{a}\\end{equation}\n\n见\\eqref{a}，$\\unknown$")
    assert 'alttext="\\begin{equation}x=1\\label{a}\\end{equation}"' in made
    assert "见(1)，" in made
    assert '<code class="tex">$\\unknown$</code>' in made
