"""A post in chunks for programs that read a piece at a time: of a bounded size, each within one section.

    for chunk in chunks(markdown):
        print(" > ".join(chunk.headings), chunk.text)

Joined they give the Markdown again, and none begins or ends inside a formula. They are cut where a block
begins, else at the end of a line or sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt

from archiver.text import commonmark

MOST = 1200
"""Characters of a chunk; a formula longer than that is one by itself. About 600 tokens of what models read."""

_LINE = re.compile(r"\r\n?|\n")
_SENTENCE = re.compile(r"(?<=[。！？；\n])|(?<=[.!?;] )")
_SPOKEN = frozenset({"text", "text_special", "code_inline"})


class Chunk(NamedTuple):
    """A piece of a post."""

    headings: tuple[str, ...]
    """The headings it is below, outermost first, as plain text."""
    text: str
    """Markdown; a heading is the first line of the first chunk below it."""


class _Section(NamedTuple):
    start: int
    headings: tuple[str, ...]


def chunks(markdown: str, most: int = MOST) -> Iterator[Chunk]:
    """Yield the chunks of Markdown in order, each of at most so many characters."""
    sections, blocks = _outline(markdown)
    formulas = commonmark.formulas(markdown)
    ends = [*(section.start for section in sections[1:]), len(markdown)]
    for section, end in zip(sections, ends, strict=True):
        at = section.start
        while at < end:
            cut = _cut(markdown, blocks, formulas, at, end, most)
            yield Chunk(section.headings, markdown[at:cut])
            at = cut


def prose(markdown: str) -> str:
    """Return the words of Markdown on one line, without formulas, code blocks and pictures."""
    pieces = []
    for token in _parser().parse(markdown):
        pieces += [child.content if child.type in _SPOKEN else " " for child in token.children or []]
        pieces.append(" ")
    return " ".join("".join(pieces).split())


def _outline(markdown: str) -> tuple[list[_Section], list[int]]:
    """Return the sections, the first of them before any heading, and where blocks begin."""
    lines = [0, *(found.end() for found in _LINE.finditer(markdown)), len(markdown)]
    tokens = _outliner().parse(markdown)
    formulas = commonmark.formulas(markdown)
    sections, path = [_Section(0, ())], list[tuple[int, str]]()
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            start = lines[token.map[0]]
            if _around(formulas, start):
                continue
            level = int(token.tag[1])
            path = [*(outer for outer in path if outer[0] < level), (level, _plain(inside.content))]
            sections.append(_Section(start, tuple(title for _, title in path)))
    return sections, sorted({lines[token.map[0]] for token in tokens if token.map})


def _plain(line: str) -> str:
    return " ".join(commonmark.read(line).text.split())


def _cut(
    markdown: str, blocks: Sequence[int], formulas: Sequence[tuple[int, int]], at: int, end: int, most: int
) -> int:
    """Return where a chunk ends that begins at a given offset."""
    limit = at + most
    if end <= limit:
        return end
    half = at + most // 2
    block = _last(formulas, blocks[bisect_right(blocks, half) : bisect_right(blocks, limit)])
    if block:
        return block
    ends = [found.start() for found in _SENTENCE.finditer(markdown, half + 1, limit) if found.start() <= limit]
    sentence = _last(formulas, ends)
    if sentence:
        return sentence
    around = _around(formulas, limit)
    if around is None:
        return limit
    return around[0] if around[0] > at else min(around[1], end)


def _last(formulas: Sequence[tuple[int, int]], places: Sequence[int]) -> int | None:
    return next((place for place in reversed(places) if _around(formulas, place) is None), None)


def _around(formulas: Sequence[tuple[int, int]], place: int) -> tuple[int, int] | None:
    """Return the formula that an offset is inside."""
    before = bisect_left(formulas, (place, 0)) - 1
    return formulas[before] if before >= 0 and place < formulas[before][1] else None


@cache
def _parser() -> MarkdownIt:
    return commonmark.new_parser()


@cache
def _outliner() -> MarkdownIt:
    return commonmark.new_parser().disable(["inline", "text_join"])
