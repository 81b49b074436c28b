from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt, helpers

from archiver.text.commonmark import new_parser, read

PIECES = ["[", "]", "](u)", "![", "(", "a", "`", "\\", "$", "\\[", "\\]", "<b>", "*", "[a](b)", "![a](b)", "\n", "<a>"]


def tokens(parser: MarkdownIt, text: str) -> list[object]:
    return [token.as_dict() for token in parser.parse(text)]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_links_and_pictures_are_those_that_markdown_it_finds(text: str) -> None:
    slow = new_parser()
    slow.helpers = helpers
    assert tokens(new_parser(), text) == tokens(slow, text)


def test_a_huge_text_of_brackets_is_read_once_not_from_each() -> None:
    for token in ("![a", "[", "![", "[a", "[[a](http://b)"):
        text = f"{token * 20_000}[end](http://c)"
        assert read(text).text.rstrip("\n").endswith("end")
