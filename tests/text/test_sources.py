"""Formulas in every form pages have them in: each is read once, in order, and says where it is from."""

from __future__ import annotations

import html
from time import perf_counter
from urllib.parse import quote

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.items import ANNOTATION, ATTRIBUTE, CONVERTED, SERVED, Content
from archiver.pages.document import parse
from archiver.text import engines, notation, quality, sources
from archiver.text.notation import Notation
from archiver.text.tokens import CopiedElement, Protector, Vault
from archiver.urls import Site
from tests.text.bodies import body_of

RESOLVE = Site().resolve


def read(markup: str, how: Notation = notation.HOUSE) -> tuple[Content, tuple[str, ...]]:
    body = sources.settle(body_of(markup), how)
    content = engines.read(body, RESOLVE)
    return content, quality.check(body, content, RESOLVE)


def formulas(markup: str) -> list[str]:
    content, issues = read(markup)
    assert issues == ()
    return [formula.tex for formula in content.formulas]


# Any mixture of forms

Form = tuple[str, str]
"""Markup of a formula and the provenance it must have; `%s` stands for its source, escaped for HTML."""

FORMS: list[Form] = [
    ("$%s$", SERVED),
    (r"\(%s\)", SERVED),
    ('<script type="math/tex">%r</script>', SERVED),
    ('<span class="MathJax_Preview">%s</span><script type="math/tex">%r</script>', SERVED),
    (
        (
            '<span class="MathJax_Preview"></span><span class="MathJax"><nobr>glyphs</nobr></span>'
            '<script type="math/tex">%r</script>'
        ),
        ANNOTATION,
    ),
    (
        (
            '<span class="katex"><span class="katex-mathml"><math><semantics><mi>m</mi>'
            '<annotation encoding="application/x-tex">%s</annotation></semantics></math></span>'
            '<span class="katex-html">glyphs</span></span>'
        ),
        ANNOTATION,
    ),
    (  # without the tags of its MathML, as a filter of CSDN leaves it
        (
            '<span class="katex--inline"><span class="katex"><span class="katex-mathml">\n\n      m\n'
            '     \n      1\n   \n     %s\n    \n   </span><span class="katex-html">glyphs</span></span></span>'
        ),
        ANNOTATION,
    ),
    ('<mjx-container class="MathJax"><mjx-math data-latex="%s">glyphs</mjx-math></mjx-container>', ATTRIBUTE),
    ('<math class="ltx_Math" alttext="%s"><mi>m</mi></math>', ATTRIBUTE),
    ('<img class="latex" src="/latex.php?latex=%u" alt="%s">', ATTRIBUTE),
    ('<img src="/latex.php?latex=%u">', CONVERTED),
    ('<span class="ztext-math" data-tex="%s">glyphs</span>', ATTRIBUTE),
    ('<span class="math inline">%s</span>', SERVED),
    ("<d-math>%s</d-math>", SERVED),
    (
        '<span class="mjx-chtml"><span class="mjx-math" aria-label="%s"><i aria-hidden="true">%s</i></span></span>',
        ATTRIBUTE,
    ),
    (
        '<svg role="img" aria-labelledby="MathJax-SVG-1-Title"><title id="MathJax-SVG-1-Title">%s</title></svg>',
        ATTRIBUTE,
    ),
    ('<code class="language-math">%s</code>', SERVED),
]
PIECES = ["x", "_1", "^{2}", r"\alpha ", "a<b", "p&q", r"\frac{1}{2}", r"\{0\}", "[z]", "'", "*y*", "+", r"\,", "\\\\"]
SOURCES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(lambda pieces: f"m{''.join(pieces)}n")
WORDS = st.sampled_from(["", "设", " and ", "，则", "<b>重</b>", "<br/>\n", '<img src="/a.png" alt="b">', "*", "_"])
BOXES = ["<p>{}</p>", "<ul><li>{}</li></ul>", "<blockquote><p>{}</p></blockquote>", "<h3>{}</h3>", "<p><b>{}</b></p>"]
BOXES += [
    "<table><tr><td>{}</td><td>甲</td></tr></table>",
    '<table><tr><td colspan="2">{}</td></tr></table>',
    "<div>{}</div>",
]


def bare(tex: str) -> str:
    return tex[2:-2] if tex.startswith(r"\(") else tex[1:-1]


def written(form: str, source: str) -> str:
    return form.replace("%s", html.escape(source)).replace("%r", source).replace("%u", quote(source))


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(BOXES), st.lists(st.tuples(WORDS, st.sampled_from(FORMS), SOURCES), max_size=4)),
        min_size=1,
        max_size=4,
    )
)
def test_any_mixture_of_forms_is_read_once_and_in_order(
    blocks: list[tuple[str, list[tuple[str, Form, str]]]],
) -> None:
    markup, wanted = "", []
    for box, inside in blocks:
        line = "这一段文字"  # an engine may drop less without being noticed
        for words, (form, provenance), source in inside:
            line += f"{words}乙{written(form, source)}丙"
            wanted.append((source, provenance))
        markup += box.format(line)
    content, issues = read(markup)
    assert [(bare(found.tex), found.provenance) for found in content.formulas] == wanted
    assert issues == ()
    assert "glyphs" not in content.markdown + content.text


# One fault, one test


def test_a_body_in_the_blogs_notation_is_left_as_it_is() -> None:
    body = body_of('<p>价格$x$<a href="/a" class="b">c</a><img src="/d.png"></p>')
    assert sources.settle(body) is body


def test_the_body_of_a_page_is_not_changed() -> None:
    body = body_of('<p>设<span class="math inline">x</span></p>')
    before = lxml.html.tostring(body)
    assert sources.settle(body) is not body
    assert lxml.html.tostring(body) == before


@pytest.mark.parametrize("form", [form for form, _ in FORMS])
def test_what_was_settled_once_is_settled(form: str) -> None:
    how = Notation(inline=frozenset({("[;", ";]")}), escapes=True)
    once = sources.settle(body_of(rf"<p>\$5 [;a;] $b$ {written(form, 'x_1')}</p>"), how)
    assert lxml.html.tostring(sources.settle(once, how)) == lxml.html.tostring(once)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (r"\text{$x$ or \(y\)} z", r"$\text{$x$ or \(y\)} z$"),
        (r"a $ b", r"\(a $ b\)"),
        (r"\$5", r"$\$5$"),
        (r"a } b", "$a } b$"),
        (r"a\ ", r"$a\ $"),
        ("  a\n", "$a$"),
    ],
)
def test_a_source_gets_delimiters_that_hold_it(source: str, wanted: str) -> None:
    assert formulas(f'<p>设<script type="math/tex">{source}</script></p>') == [wanted]


def test_a_source_that_no_delimiters_hold_is_kept_and_told() -> None:
    content, issues = read(r'<p>设<span data-tex="a $ \) b">c</span></p>')
    assert content.formulas == ()
    assert r"a $ \) b" in content.text
    assert issues == ("formulas that no delimiters can hold, kept as text: 1",)


def test_an_empty_formula_leaves_nothing() -> None:
    content, issues = read('<p>设<script type="math/tex"> </script><span class="MathJax_Preview"></span>。</p>')
    assert (content.formulas, content.text, issues) == ((), "设。", ())


def test_listings_are_left_alone() -> None:
    content, issues = read('<pre><code><span class="math inline">x_1</span> <img class="latex" alt="y"></code></pre>')
    assert content.formulas == ()
    assert content.code_blocks[0].code.startswith("x_1")
    assert issues == ()


def test_prices_stay_prose_where_dollars_open_nothing() -> None:
    how = Notation(inline=frozenset({(r"\(", r"\)")}))
    content, issues = read(r"<p>从$5到$6，\(x\)。</p><table><tr><td rowspan=2>$7与$8</td></tr></table>", how)
    assert [formula.tex for formula in content.formulas] == [r"\(x\)"]
    assert content.text.startswith(r"从$5到$6，\(x\)。")
    assert issues == ()


ASCIIMATH = Notation(asciimath=frozenset({("`", "`")}))


def test_asciimath_becomes_tex_where_a_page_is_configured_for_it() -> None:
    content, issues = read(
        "<p>设`sum_(i=1)^n i`与$x$与``</p><p class=tex2jax_ignore>`码`</p><code>`x`</code>", ASCIIMATH
    )
    assert [(one.tex, one.provenance, one.converter) for one in content.formulas] == [
        (r"$\sum_{i=1}^ni$", CONVERTED, "asciimath-to-tex 1"),
        ("$x$", SERVED, None),
    ]
    assert "与``" in content.text
    assert "`码`" in content.text
    assert issues == ()


def test_asciimath_may_have_the_delimiters_of_tex() -> None:
    how = Notation(asciimath=frozenset({("$", "$")}))
    assert [formula.tex for formula in read("<p>设$1/2$与$$a/b$$</p>", how)[0].formulas] == [
        r"$\frac{1}{2}$",
        "$$a/b$$",
    ]


def test_asciimath_over_a_line_break_is_one_formula() -> None:
    assert [one.tex for one in read("<p>`a<br>/b`</p>", ASCIIMATH)[0].formulas] == [r"$\frac{a}{b}$"]


@pytest.mark.parametrize("inside", ["<wbr>", "<!-- a comment -->"])
def test_what_shows_nothing_parts_no_formula(inside: str) -> None:
    assert [one.tex for one in read(f"<p>`a{inside}/b`</p>", ASCIIMATH)[0].formulas] == [r"$\frac{a}{b}$"]


def test_asciimath_that_is_too_long_is_kept_and_told() -> None:
    source = f"`{'x+' * 2000}y`"
    content, issues = read(f"<p>设{source}</p>", ASCIIMATH)
    assert (content.formulas, content.text) == ((), f"设{source}")
    assert issues == ("formulas in AsciiMath that are too long to be read, kept as text: 1",)


def test_only_named_environments_are_formulas_where_a_page_names_them() -> None:
    how = Notation(environments=frozenset({"align"}))
    content, issues = read(r"<p>\begin{align}a\end{align}与\begin{proof}b\end{proof}</p>", how)
    assert [formula.environment for formula in content.formulas] == ["align"]
    assert r"\begin{proof}b\end{proof}" in content.text
    assert issues == ()


def test_classes_by_which_mathjax_leaves_text_alone_count_without_a_configuration_too() -> None:
    markup = '<p>$a$<span class="tex2jax_ignore">$b$<b class="tex2jax_process">$c$</b></span></p>'
    assert formulas(markup) == ["$a$", "$c$"]


def test_a_description_in_words_is_no_tex() -> None:
    assert formulas('<p>设<math alttext="the square of x"><msup><mi>x</mi><mn>2</mn></msup></math></p>') == ["$x^2$"]


def test_a_description_counts_where_the_address_of_a_picture_has_lost_signs_on_its_way() -> None:
    assert formulas('<p>设<img src="/equation?tex=i12...N" alt="i=1,2&hellip;N"></p>') == ["$i=1,2…N$"]
    assert formulas('<p>设<img src="/equation?tex=max0-" alt="max(0,-)"></p>') == ["$max(0,-)$"]
    assert formulas('<p>设<img src="/equation?tex=max%280%2C-%29" alt="max0"></p>') == ["$max(0,-)$"]


@pytest.mark.parametrize(("label", "found"), [("ab", ["$ab$"]), ("a over b", [])])
def test_a_label_is_the_source_of_a_formula_unless_it_is_words_to_be_spoken(label: str, found: list[str]) -> None:
    drawn = f'<span class="mjx-math" aria-label="{label}"><span aria-hidden="true"><i>a</i><i>b</i></span></span>'
    content, _ = read(f'<p>设<span class="mjx-chtml">{drawn}</span></p>')
    assert [formula.tex for formula in content.formulas] == found


def test_a_formula_that_is_ended_by_another_beginning_is_one() -> None:
    assert formulas("<div><d-math>x^2 <d-math>\n</div><p>甲<d-math>y</d-math></p>") == ["$x^2$", "$y$"]


def test_a_formula_that_is_alone_in_its_paragraph_as_a_picture_is_displayed() -> None:
    picture = '<img class="latex" src="/latex.php?latex=x" alt="x">'
    assert formulas(f"<p>{picture}</p><p>设{picture}</p>") == ["$$x$$", "$x$"]


def test_a_block_of_its_own_is_displayed() -> None:
    assert formulas('<p>设</p>甲<div data-tex="x">y</div>乙<span data-tex="x">y</span>') == ["$$x$$", "$x$"]


def test_code_that_is_searched_and_is_a_formula_is_code_no_longer() -> None:
    how = Notation(skipped=frozenset({"pre"}))
    content, issues = read('<p>设<code>$a$</code>与<code><script type="math/tex">b</script></code></p>', how)
    assert [formula.tex for formula in content.formulas] == ["$a$", "$b$"]
    assert content.text == "设$a$与$b$"
    assert issues == ()


def test_general_engines_may_not_drop_a_formula() -> None:
    vault, copied = Vault(), CopiedElement("div")
    body = sources.settle(body_of('<p>设<span class="math inline">x</span></p>'))
    Protector(vault, RESOLVE, markup=True).copy(body, copied)
    assert vault.unbroken(str(vault.tree(copied).text_content()))
    assert not vault.unbroken("设")


def test_what_was_converted_is_told_with_the_name_of_the_converter() -> None:
    content, _ = read("<p>设<math><mi>x</mi></math></p>")
    assert [(one.provenance, one.converter) for one in content.formulas] == [(CONVERTED, "mathml-to-tex 1")]
    assert quality.notes(content) == ("1 of 1 formulas are converted, not as their author wrote them",)


def test_general_engines_keep_formulas_of_every_form() -> None:
    line = "公式{}说明，一段够长的文字在这里，好让正文被认出来；" * 3
    article = "".join(f"<p>{line.replace('{}', written(form, f'x_{at}'))}</p>" for at, (form, _) in enumerate(FORMS))
    page = parse("https://blog.example/", f"<body><nav>菜单</nav><article>{article}</article></body>".encode())
    found = engines.find_body(sources.settle(page))
    assert found is not None
    content = engines.read(found[0], RESOLVE)
    assert len(content.formulas) == 3 * len(FORMS)
    assert {one.provenance for one in content.formulas} == {SERVED, ANNOTATION, ATTRIBUTE, CONVERTED}


@pytest.mark.parametrize(
    "unit",
    [
        "<mjx-container>",
        '<span class="katex">',
        "<math>",
        '<span class="MathJax"></span>',
        '<i data-tex="x">',
        "<mrow>",
    ],
)
def test_settling_takes_time_in_proportion_to_the_page(unit: str) -> None:
    body = body_of(unit * 3000)
    begun = perf_counter()
    sources.settle(body)
    assert perf_counter() - begun < 5


@pytest.mark.parametrize(
    "rendered",
    [
        "",
        '<span class="MathJax_Preview">x/y</span>',
        '<span class="MathJax_Preview"></span><span class="MathJax_CHTML" data-mathml="&lt;math/&gt;"><i>xy</i></span>',
    ],
)
def test_asciimath_in_a_script_of_mathjax_2_is_read_once(rendered: str) -> None:
    content, issues = read(f'<p>从{rendered}<script type="math/asciimath">x/y</script>起</p>')
    assert content.markdown.strip() == r"从$\frac{x}{y}$起"
    assert content.formulas[0].provenance == CONVERTED
    assert issues == ()


def test_of_asciimath_that_is_too_long_what_mathjax_2_made_of_it_is_read() -> None:
    rendered = (
        '<span class="MathJax_CHTML" data-mathml="&lt;math&gt;&lt;mi&gt;x&lt;/mi&gt;&lt;/math&gt;"><i>x</i></span>'
    )
    long = f'<script type="math/asciimath">{"x+" * 2000}</script>'
    content, issues = read(f"<p>从{rendered}{long}起</p>")
    assert (content.markdown.strip(), issues) == ("从$x$起", ())
    (issue,) = read(f"<p>从{long}起</p>")[1]
    assert "whose source the page does not hold: 1" in issue
