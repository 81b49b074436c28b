"""A selector finds the same on a page that stays as it is, where names are looked up, as on any other."""

from __future__ import annotations

import pytest

from archiver.errors import PageNotRecognised
from archiver.pages.document import parse
from archiver.pages.selectors import every, unchanged

PAGE = b"""<html><body class="page"><div id="top" class="a\tb a"><h1><a href="/1">1</a></h1>
<div class="b"><h1><a href="/2">2</a><a>3</a></h1></div><!-- <p class="a"> --></div>
<p id="top">4</p><p class="a\xc2\xa0c">5</p><section class=""><i id="">6</i></section></body></html>"""
SELECTORS = (
    "#top|p#top|.a|.b|div.b|body.page|.a.b|#top h1 a[href]|.b h1 a|div.b > h1|.a, .c|.b h1, p|.c|#none|//p|p|#top.a"
)


@pytest.mark.parametrize("selector", SELECTORS.split("|"))
def test_what_is_looked_up_is_what_is_searched_for(selector: str) -> None:
    tree = parse("/", PAGE)
    searched = every(tree, selector)
    with unchanged(tree):
        assert every(tree, selector) == searched


def test_a_page_is_searched_anew_once_it_may_change() -> None:
    tree = parse("/", PAGE)
    with unchanged(tree), unchanged(tree):
        assert len(every(tree, ".b")) == 2
    every(tree, "div.b")[1].drop_tree()
    assert len(every(tree, ".b")) == 1
    with pytest.raises(PageNotRecognised), unchanged(tree):
        raise PageNotRecognised("/", "expected nothing")
    every(tree, ".b")[0].drop_tree()
    assert every(tree, ".b") == []
