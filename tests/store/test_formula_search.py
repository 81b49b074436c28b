"""Formulas are found in other spellings, with other letters, and by their form, in posts, pages and comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.store.search import SearchIndex, opened, search
from archiver.store.search_shapes import PART, RENAMED, RENAMED_PART, WHOLE, pattern
from archiver.text import shapes
from archiver.urls import Site
from tests.conftest import ON_BOTH


@pytest.fixture(scope="module", params=ON_BOTH)
def index(request: pytest.FixtureRequest, demo: Path) -> Iterator[SearchIndex]:
    """The index of the demo's archive, in its file and on a server."""
    on_server = request.param == "server"
    with opened(request.getfixturevalue("demo_on_server") if on_server else demo / "archive.db") as index:
        yield index


def numbers(index: SearchIndex, query: str) -> list[int | None]:
    hits = search(index, query, Site()).hits
    return [hit.comment_id or hit.page_id or hit.post_id for hit in hits if not hit.related]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (r"like:\dfrac1{a+1}\le\tfrac{1}{b}\le\frac1a", [192]),
        (r"like:'\dfrac1{a+1}\le\tfrac{1}{b}\le\frac1a'", [192]),
        (r"like:\dfrac1{a+1}\le\tfrac{1}{b}\le\frac1b", []),
        (r'like:"b = a / c"', [240]),
        (r"like:n\approx\sqrt{2m\log2}", []),
        (r"like:n\approx\sqrt{2m\ln2} tag:概率", [144]),
        (r"like:n\approx\sqrt{2m\ln2} tag:连分数", []),
        (r"tex:|{*}-\frac{p_k}{q_k}|", [240]),
        (r"tex:|{*}-\frac{a_k}{b_k}|", []),
        (r"like:|{*}-\frac{a_k}{b_k}|", [240]),
        (r"in:comments like:1-min_j(x_j)", []),
        (r"in:comments like:1-\min_{j}\,x_j", [2340]),
        (r"in:comments like:1-\min_jx_j 概率", []),
        (r"title:调和 like:H_n-\log{n}", []),
    ],
)
def test_what_a_formula_finds(index: SearchIndex, query: str, found: list[int]) -> None:
    assert numbers(index, query) == found


def test_a_formula_may_be_what_is_not_wanted(index: SearchIndex) -> None:
    with_it = set(numbers(index, "tag:连分数 like:p/q"))
    assert with_it
    assert set(numbers(index, "tag:连分数 -like:p/q")) == set(numbers(index, "tag:连分数")) - with_it


def test_the_same_formula_comes_before_its_like_and_that_before_what_holds_it(index: SearchIndex) -> None:
    hits = search(index, "like:p/q", Site()).hits
    looked_for = pattern("p/q", renamed=True)
    ranks = [
        min(rank for tex in hit.formulas if (rank := looked_for.rank(" ".join(shapes.tokens(tex)))))
        for hit in hits
        if not hit.related
    ]
    assert ranks == sorted(ranks)
    assert (ranks[0], hits[0].post_id, hits[0].formulas[0]) == (WHOLE, 240, "$p/q$")
    assert len(set(ranks)) > 1


def test_pages_are_searched_too(index: SearchIndex) -> None:
    hits = search(index, r"in:pages like:\sin{*}=\sin{x}\sin{y}+{*}", Site()).hits
    assert [(hit.page_id is not None, len(hit.formulas)) for hit in hits] == [(True, 1)]


def test_a_hit_shows_the_formula_it_was_found_by(index: SearchIndex) -> None:
    hit = search(index, r"in:comments like:1-\min_jx_j", Site()).hits[0]
    assert hit.formulas == (r"$1-\min_i p_i$",)
    assert [text for text, marked in hit.passage if marked] == [r"$1-\min_i p_i$"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("like:\\frac{", r"like: expected a whole formula, found \\frac{ with 1 brace left open; if it has spaces"),
        ("like:\\frac{a + b}{c}", "with 1 brace left open"),
        ("tex:{\\frac{*}{", "tex: expected a whole formula, found .* with 2 braces left open"),
    ],
)
def test_a_formula_with_an_open_brace_is_not_looked_for(index: SearchIndex, query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        search(index, query, Site())


def test_an_escaped_brace_opens_nothing(index: SearchIndex) -> None:
    assert search(index, r"like:\{\{x", Site()).exact == 0


@pytest.mark.parametrize(
    ("query", "message"), [("like:$$", "like: expected a formula"), ("tex:{*}", "tex: expected a")]
)
def test_a_formula_of_nothing_is_said_in_one_line(index: SearchIndex, query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        search(index, query, Site())


@pytest.mark.parametrize(
    ("asked", "formula", "rank"),
    [
        ("x^2", "x^{2}", WHOLE),
        ("x^2", r"\alpha^2", RENAMED),
        ("x^2", "1+x^2", PART),
        ("x^2", r"1+\boldsymbol{x}^2", RENAMED_PART),
        ("x^2", "x^{2}_i", None),
        ("x+y", "a+a", None),
        ("x+x", "a+b", None),
        (r"\frac{*}{x}", r"\frac{\sqrt{a}+1}{y}", RENAMED),
        (r"\frac{*}{x}", r"\frac{}{y}", None),
        ("f({*})", "g(a,b)", RENAMED),
    ],
)
def test_how_a_formula_is_like_another(asked: str, formula: str, rank: int | None) -> None:
    assert pattern(asked, renamed=True).rank(" ".join(shapes.tokens(formula))) == rank


@given(st.lists(st.sampled_from("ab+^_{}"), min_size=1, max_size=12).map("".join), st.permutations("abcd"))
def test_a_formula_with_other_letters_is_like_it(tex: str, letters: list[str]) -> None:
    tokens = shapes.tokens(tex)
    if not any(token not in "{}" for token in tokens):
        return
    other = tex.translate(str.maketrans("ab", "".join(letters[:2])))
    assert pattern(tex, renamed=True).rank(" ".join(shapes.tokens(other))) in (WHOLE, RENAMED)
