"""Markdown in parts, and lists of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.text import llms
from archiver.text.commonmark import formulas, parts

_PIECES = st.sampled_from(
    ["词句 ", "\n", "\n\n", "$x+y$", "$$\na\n\nb$$", "```\ncode\n\ncode\n```\n\n", "\\begin{align}a\n\nb\\end{align}"]
)


@given(st.lists(_PIECES, max_size=60).map("".join), st.integers(1, 80))
def test_parts_are_the_whole_none_is_too_long_and_no_formula_is_cut(markdown: str, most: int) -> None:
    found = parts(markdown, most)
    assert "".join(found) == markdown
    assert max(map(len, found)) <= most
    cuts, at = set[int](), 0
    for part in found:
        at += len(part)
        cuts.add(at)
    for start, end in formulas(markdown):
        assert end - start > most or not any(start < cut < end for cut in cuts)


def test_a_list_names_every_post_once_by_topic_series_or_year() -> None:
    posts = {
        1: llms.LlmsLink("One $a_1$ [x]", "1.md", "2020-01-02"),
        2: llms.LlmsLink("Two", "a (b).md", "2021-01-02"),
        3: llms.LlmsLink("Three", "3.md"),
    }
    made = llms.write(
        "Blog", ["By *me*."], posts, [("Topic", [1, 9])], [("Series", [1, 2])], [llms.LlmsLink("About", "me.md")]
    )
    assert made == (
        "# Blog\n\n> By \\*me\\*.\n"
        "\n## Topic\n\n- [One $a_1$ \\[x\\]](1.md): 2020-01-02\n"
        "\n## Series\n\n- [Two](<a (b).md>): 2021-01-02\n"
        "\n## Undated\n\n- [Three](3.md)\n"
        "\n## Optional\n\n- [About](me.md)\n"
    )
