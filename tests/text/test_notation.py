"""What a page's own scripts say about where TeX stands in its text."""

from __future__ import annotations

import json
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement

from archiver.pages.document import parse
from archiver.text import literals, notation, tex
from archiver.text.notation import HOUSE, Notation

ROUND, SINGLE, DOUBLE, SQUARE = (r"\(", r"\)"), ("$", "$"), ("$$", "$$"), (r"\[", r"\]")


def page(*scripts: str, body: str = "<p>text</p>") -> HtmlElement:
    head = "".join(f"<script>{script}</script>" for script in scripts)
    return parse("https://blog.example/", f"<html><head>{head}</head><body>{body}</body></html>".encode())


def of(*scripts: str) -> Notation:
    return notation.of(page(*scripts))


def test_a_page_without_a_configuration_writes_tex_as_the_blog_does() -> None:
    assert of("var x = 1;") is HOUSE


def test_the_blogs_own_configuration_is_the_same_as_none() -> None:
    assert of(r"MathJax.Hub.Config({tex2jax: {inlineMath: [['$','$'], ['\\(','\\)']]}});") == HOUSE


def test_dollars_are_prices_on_a_page_that_a_renderer_has_been_over() -> None:
    found = notation.of(page(body='<p><span class="katex"></span> $5</p>'))
    assert found.inline == {ROUND}
    assert found.display == {DOUBLE, SQUARE}


def test_mathjax_2_says_which_delimiters_tags_and_classes_count() -> None:
    found = of(
        "MathJax.Hub.Config({jax: ['input/TeX'], tex2jax: {inlineMath: [['@@','@@'],],"
        " displayMath: [['\\\\[','\\\\]']],"
        " processEscapes: true, processEnvironments: false, skipTags: ['script', 'pre'],"
        " ignoreClass: 'plain|no-.*', processClass: 'math'}});"
    )
    assert found.inline == {("@@", "@@")}
    assert found.display == {SQUARE}
    assert (found.escapes, found.environments) == (True, frozenset())
    assert found.skipped == {"pre"}
    assert [found.ignores(classes) for classes in ("a plain", "no-tex", "plainer", "plain math")] == [
        True,
        True,
        None,
        False,
    ]


def test_delimiters_named_as_inline_are_not_displayed() -> None:
    found = of("MathJax.Hub.Config({tex2jax: {inlineMath: [['$$','$$']]}});")
    assert [one.display for one in found.find(r"$$x$$ \[y\]")] == [False, True]


def test_several_calls_of_mathjax_2_add_up() -> None:
    found = of(
        "MathJax.Hub.Config({tex2jax: {inlineMath: [['@','@']]}});",
        "MathJax.Hub.Config({tex2jax: {processEscapes: true}});",
    )
    assert found.inline == {("@", "@")}
    assert found.escapes


@pytest.mark.parametrize("name", ["window.MathJax", "MathJax"])
def test_mathjax_3_takes_single_dollars_only_where_they_are_named(name: str) -> None:
    without = of(f"{name} = {{tex: {{tags: 'ams'}}}};")
    named = of(f"{name} = {{tex: {{inlineMath: [['$', '$']]}}, options: {{skipHtmlTags: ['pre']}}}};")
    assert without.inline == {ROUND}
    assert without.escapes
    assert named.inline == {SINGLE}
    assert named.skipped == {"pre"}


def test_mathjax_4_adds_to_the_delimiters_there_are() -> None:
    found = of("MathJax = {tex: {inlineMath: {'[+]': [['$', '$']]}}, options: {skipHtmlTags: {'[-]': ['code']}}}")
    assert found.inline == {ROUND, SINGLE}
    assert found.skipped == {"pre", "textarea"}


@pytest.mark.parametrize(
    "script",
    [
        "renderMathInElement(document.body, {delimiters: %s, ignoredTags: ['pre'], ignoredClasses: ['raw']});",
        (
            "const how = {delimiters: %s, ignoredTags: ['pre'], ignoredClasses: ['raw']};"
            " addEventListener('load', () => renderMathInElement(document.getElementById('a'), how));"
        ),
    ],
)
def test_katex_says_which_delimiters_tags_and_classes_count(script: str) -> None:
    pairs = (
        "[{left: '$$', right: '$$', display: true}, {left: '[;', right: ';]', display: false},"
        r" {left: '\\begin{align}', right: '\\end{align}', display: true}]"
    )
    found = of(script.replace("%s", pairs))
    assert found.inline == {("[;", ";]")}
    assert found.display == {DOUBLE}
    assert found.environments == frozenset({"align"})
    assert found.skipped == {"pre"}
    assert found.ignores("raw")


def test_katex_has_defaults_without_single_dollars() -> None:
    found = notation.of(
        page(body='<script src="auto-render.min.js" onload="renderMathInElement(document.body);"></script>')
    )
    assert found.inline == {ROUND}
    assert found.environments is not None
    assert "align" in found.environments


def test_what_the_front_matter_of_distill_tells_katex_counts_beside_the_pages_own_renderer() -> None:
    said = '{"title": "T", "katex": {"delimiters": [{"left": "$", "right": "$", "display": false}]}}'
    matter = f'<d-front-matter><script type="text/json">{said}</script></d-front-matter>'
    assert notation.of(page(body=matter)).inline == {SINGLE}
    both = notation.of(page("MathJax = {tex: {tags: 'ams'}};", body=matter))
    assert both.inline == {ROUND, SINGLE}
    assert DOUBLE in both.display
    assert notation.of(page(body=matter.replace("katex", "other"))) == notation.HOUSE


def test_asciimath_counts_where_its_extension_is_named() -> None:
    assert of("MathJax.Hub.Config({extensions: ['asciimath2jax.js']});").asciimath == {("`", "`")}
    assert of("MathJax = {loader: {load: ['input/asciimath']}, asciimath: {delimiters: [['@', '@']]}};").asciimath == {
        ("@", "@")
    }
    assert of("MathJax = {tex: {}};").asciimath == frozenset()


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("https://cdn.example/mathjax/2.7.5/MathJax.js?config=AM_HTMLorMML-full", True),
        ("https://cdn.example/MathJax.js?delayStartupUntil=onload&config=TeX-MML-AM_CHTML", True),
        ("/js/ASCIIMathML.js", True),
        ("https://cdn.example/MathJax.js?config=TeX-AMS-MML_HTMLorMML", False),
        ("https://cdn.example/MathJax.js", False),
    ],
)
def test_asciimath_counts_where_what_is_loaded_brings_it(address: str, counts: bool) -> None:
    found = notation.of(page(body=f'<p>`x`</p><script src="{address}"></script>'))
    assert found.asciimath == ({("`", "`")} if counts else frozenset())
    assert found.inline == HOUSE.inline


def test_a_configuration_in_a_comment_is_none() -> None:
    assert of("// MathJax.Hub.Config({tex2jax: {inlineMath: [['@','@']]}});\n/* MathJax = {tex: {}} */") is HOUSE


def test_a_configuration_that_a_script_hands_on_as_text_counts() -> None:
    found = of(
        'loader.text = "MathJax.Hub.Config({" +\n "  tex2jax: { " +\n "    inlineMath: [ [\'@\',\'@\'] ], " + "} });"'
    )
    assert found.inline == {("@", "@")}


def test_what_is_no_literal_is_stepped_over() -> None:
    source = "{a: function () { return {b: [1]}; }, c: x ? 'y' : 'z', d: 'e' + \"f\", /* g */ h: [1, -.5e1,],}"
    found = literals.read(literals.uncommented(source))
    assert found == {"a": None, "c": None, "d": "ef", "h": [1.0, -5.0]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(10**9), 10**9).map(float),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.sampled_from(["", ";", "\n)", ", 1"]))
def test_what_json_writes_is_read_as_it_is(value: literals.Literal, indented: bool, behind: str) -> None:
    assert literals.read(json.dumps(value, indent=2 if indented else None, ensure_ascii=False) + behind) == value


@given(st.text(alphabet="{}[]()'\",:;ab1+\\/* \n`"))
def test_no_script_makes_the_reader_fail(source: str) -> None:
    literals.read(source)
    list(literals.strings(literals.uncommented(source)))
    of(f"MathJax.Hub.Config({{{source}")


@pytest.mark.parametrize("piece", ["{", "[", "{a:", "[a", "(", "'", "/*", '"+', "\\", "renderMathInElement("])
def test_reading_a_script_takes_time_in_proportion_to_its_length(piece: str) -> None:
    source = "MathJax.Hub.Config({" + piece * (100_000 // len(piece))
    begun = perf_counter()
    of(source)
    assert perf_counter() - begun < 3


@given(st.text(alphabet="$\\()[]{}ab @\n"))
def test_the_blogs_notation_finds_what_the_blogs_scanner_finds(text: str) -> None:
    found = [text[one.start : one.end] for one in HOUSE.find(text)]
    assert found == tex.scan(text).sources(text)


@pytest.mark.parametrize("unit", ["$ { ", "\\( ", "@@ ", "\\begin{a} ", "$$ { $ "])
def test_searching_takes_time_in_proportion_to_the_text(unit: str) -> None:
    how = Notation(inline=frozenset({SINGLE, ROUND, ("@@", "!!")}))
    begun = perf_counter()
    list(how.find(unit * 20_000))
    assert perf_counter() - begun < 3


@pytest.mark.parametrize(
    ("front_matter", "counts"),
    [
        ({"title": "x", "katex": {"delimiters": [{"left": "$", "right": "$", "display": False}]}}, True),
        ({"title": "x"}, False),
        ({"title": "x", "katex": None}, False),
        ([1], False),
    ],
)
def test_the_front_matter_of_distill_adds_what_katex_sets(front_matter: literals.Literal, counts: bool) -> None:
    written = f'<script async type="text/json">{json.dumps(front_matter, indent=2)}</script>'
    found = notation.of(
        page('MathJax = {tex: {tags: "ams"}};', body=f"<d-front-matter>{written}</d-front-matter><p>text</p>")
    )
    assert (SINGLE in found.inline) is counts
    assert {ROUND} <= found.inline
    assert {DOUBLE, SQUARE} == found.display
