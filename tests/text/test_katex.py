r"""What KaTeX drew without a source: `archiver.text.katex`, by the formulas of a body and the issues it leaves.

Markup is what KaTeX writes for the TeX named beside it, without the struts before each part. The pages
`engine-katex-html` and `engine-11ty-katex-html` of `tests/golden` have whole formulas.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.text import engines, katex, quality, sources
from archiver.urls import Site
from tests.text.bodies import body_of


def span(classes: str, inside: str = "", style: str = "") -> str:
    return f'<span class="{classes}" style="{style}">{inside}</span>'


def read(inside: str) -> tuple[list[str], list[str]]:
    """Return the formulas of a paragraph with what KaTeX drew in one `base`, and the issues."""
    drawn = span("katex", span("katex-html", span("base", inside)))
    body = sources.settle(body_of(f"<p>从{drawn}起</p>"))
    content = engines.read(body, Site().resolve)
    assert {formula.provenance for formula in content.formulas} <= {"converted"}
    return [formula.tex for formula in content.formulas], list(quality.check(body, content, Site().resolve))


def letter(sign: str, face: str = "mathnormal", style: str = "") -> str:
    return span(f"mord {face}", sign, style)


def layers(*parts: tuple[float, str]) -> str:
    """Return parts one above the other: how far below the base line each is, and what it holds."""
    drawn = "".join(
        f'<span style="top:{below - 3:.4f}em;"><span class="pstrut" style="height:3em;"></span>{part}</span>'
        for below, part in parts
    )
    return span("vlist-t", span("vlist-r", span("vlist", drawn)))


def scripted(base: str, *parts: tuple[float, str]) -> str:
    return span("mord", base + span("msupsub", layers(*parts)))


def tall(path: str) -> str:
    return span("delimsizing mult", layers((0.5, f'<span><svg><path d="{path}"/></svg></span>')))


def over(base: str, path: str) -> str:
    drawn = layers((0, base), (-0.7, f'<span class="hide-tail"><svg><path d="{path}"/></svg></span>'))
    return span("mord accent", drawn.replace('<span style="top:-3.7', '<span class="svg-align" style="top:-3.7'))


def fenced(opener: str, inside: str) -> str:
    return span("minner", opener + inside + span("mclose nulldelimiter"))


def overlapping(inside: str) -> str:
    return span("mord vbox", span("thinbox", span("rlap", span("inner", inside))))


X, Y, N = letter("x"), letter("y"), letter("n")
LINE = span("frac-line")
BAR = "M145 15 v585 v1200 v585 c2.667,10,9.667,15,21,15"
BRACE = span("mopen delimcenter", span("delimsizing size3", "{"))
GAP = span("arraycolsep", style="width:1em;")
COLUMNS = GAP.join(span("col-align-l", layers(*cells)) for cells in ([(-0.8, X), (0.6, Y)], [(0.6, N)]))


@pytest.mark.parametrize(
    ("drawn", "source"),
    [
        (scripted(X, (0.15, N)), "$x_n$"),
        (scripted(X, (-0.4, N)), "$x^n$"),
        (scripted(X, (0.25, N), (-0.4, Y)), "$x_n^y$"),
        (scripted(X, (-0.4, Y), (0.25, N)), "$x_n^y$"),
        (f'<span class="mord">1</span>{scripted(letter("0", ""), (-0.4, N))}', "${10}^n$"),
        (span("mord", "1") + span("mord", "2") + span("mspace", style="margin-right:0.1667em;") + X, r"$12\,x$"),
        (span("mord", "2") + span("mspace", style="margin-right:0.2222em;") + span("mbin", "+") + X, "$2+x$"),
        (span("mfrac", layers((0.7, Y), (-0.2, LINE), (-0.7, X))), r"$\frac{x}{y}$"),
        (span("mop op-limits", layers((1.2, N), (0, span("mop", "∑")))), r"$\sum_n$"),
        (letter("AB", "mathbb") + letter("d", "mathrm") + X, r"$\mathbb{AB}\mathrm{d}x$"),
        (span("mop", "lo<span>g</span>") + X, r"$\log x$"),
        (span("mord text", span("mord", "if&nbsp;a")), r"$\text{if a}$"),
        (span("mord", "∣") + X + span("mrel", "∣") + Y, r"$|x\mid y$"),
        (fenced(span("mopen", tall(BAR)), X), r"$\left|x\right.$"),
        (over(X + Y, "M0 241v40h399891c-47.3 35.3"), r"$\overrightarrow{xy}$"),
        (fenced(BRACE, span("mtable", COLUMNS)), r"$\begin{cases}x \\ y & n\end{cases}$"),
        (span("mrel", overlapping(span("mrel", "\ue020"))) + span("mrel", "="), r"$\neq$"),
        (letter("x", style="color:red;") + letter("y", style="color:red;"), r"$\textcolor{red}{xy}$"),
    ],
)  # fmt: skip
def test_what_katex_drew_is_read(drawn: str, source: str) -> None:
    assert read(drawn) == ([source], [])


@pytest.mark.parametrize(
    "drawn",
    [
        scripted(X, (0.15, N)).replace("top:", "left:"),
        scripted(X, (0.15, N), (-0.4, Y), (-0.9, Y)),
        X + letter("y", "unheard-of"),
        '<span class="mord" style="transform:scale(-1);">x</span>',
        f'<span class="mord">{X} and so on</span>',
        letter("\ue131"),
        over(X, "M1 2 3"),
        span("mfrac", layers((0.7, Y), (-0.7, X), (-1.2, X))),
        overlapping(X),
        span("mord", X + layers((-0.5, Y))),
        span("mord", layers((-0.5, Y))),
        f'{X}<img src="/x.png">',
        '<span class="mord rule" style="border-right-width:1em;border-top-width:1em;"></span>',
        "<span>" * 120 + X + "</span>" * 120,
    ],
)
def test_what_is_not_known_for_certain_is_an_issue(drawn: str) -> None:
    formulas, issues = read(drawn)
    assert formulas == []
    assert [issue for issue in issues if "whose source the page does not hold: 1 (`.katex`)" in issue]


NAMES = ("mord", "mop", "msupsub", "mfrac", "vlist-t", "vlist-r", "vlist", "mtable", "col-align-c", "sqrt", "accent")
NESTED = st.recursive(
    st.sampled_from(["", "x", "∣", "<svg></svg>"]),
    lambda inner: st.builds(
        lambda name, top, parts: span(name, "".join(parts), f"top:{top}em;height:1.2.3em;"),
        st.sampled_from((*NAMES, "vbox", "text", "pstrut")),
        st.floats(-4, 1),
        st.lists(inner, max_size=3),
    ),
    max_leaves=20,
)


@given(NESTED)
def test_any_nesting_of_what_katex_writes_is_read_or_left(inside: str) -> None:
    katex.mathml(body_of(f'<p><span class="base">{inside}</span></p>')[0])


def test_a_number_that_the_author_gave_is_beside_the_formula() -> None:
    tag = '<span class="tag"><span class="mord text"><span class="mord">(3)</span></span></span>'
    drawn = f'<span class="katex-html"><span class="base">{X}</span>{tag}</span>'
    body = sources.settle(body_of(f'<p><span class="katex-display"><span class="katex">{drawn}</span></span></p>'))
    (formula,) = engines.read(body, Site().resolve).formulas
    assert (formula.tex, formula.display) == (r"$$x \qquad \text{(3)}$$", True)
