"""A post in chunks: all of it, within a size, no formula cut, each below its headings."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from archiver.text import commonmark
from archiver.text.chunks import chunks, prose

PIECES = st.sampled_from(
    [
        "一句话。",
        "words of prose. ",
        "$a<b$",
        r"\begin{equation}\begin{aligned}u &= v \\" + "\n\n" + r"w\end{aligned}\end{equation}",
        "$$\nx\n# y\n$$",
        "\n\n",
        "\n",
        "## 题\n\n",
        "### deeper $k$\n\n",
        "```python\n# no heading $x\n```\n\n",
        "- an item\n",
        "> quoted\n",
        "[^1]: note\n",
        r"\$",
        "$",
        "\r\n",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.integers(1, 60))
@example("$$\nx\n\n## y\n$$\n", 8)
@example("字" * 100, 7)
def test_chunks_are_the_text_and_none_ends_inside_a_formula(markdown: str, most: int) -> None:
    found = list(chunks(markdown, most))
    assert "".join(chunk.text for chunk in found) == markdown
    formulas = commonmark.formulas(markdown)
    at = 0
    for chunk in found:
        start, at = at, at + len(chunk.text)
        assert chunk.text
        assert not any(first < at < last for first, last in formulas)
        assert len(chunk.text) <= most or any(first <= start and last >= at for first, last in formulas)


def test_a_chunk_stands_below_its_headings_and_begins_where_a_block_does() -> None:
    words = "这一段说了很多话。" * 8
    markdown = f"{words}\n\n## 甲\n\n{words}\n\n### 乙 $k$\n\n{words}\n\n{words}\n\n## 丙\n\n```\n# no heading\n```\n"
    found = [(chunk.headings, chunk.text.splitlines()[0][:9]) for chunk in chunks(markdown, 100)]
    assert found == [
        ((), words[:9]),
        (("甲",), "## 甲"),
        (("甲", "乙 $k$"), "### 乙 $k$"),
        (("甲", "乙 $k$"), words[:9]),
        (("丙",), "## 丙"),
    ]


def test_without_a_block_in_sight_a_chunk_ends_with_a_sentence() -> None:
    first, *_ = chunks("一二三四五。" * 20, 40)
    assert first.text == "一二三四五。" * 6


def test_prose_is_words_alone() -> None:
    markdown = (
        "## 题\n\n设 $x$ 为 **数**，见[这里](https://example.org/)与`code`。\n\n```\nlisting\n```\n\n![图](a.png)\n"
    )
    assert prose(markdown) == "题 设 为 数 ，见 这里 与code。"
