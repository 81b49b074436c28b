"""Blocks of Markdown, and how they are put together: headings, quotes, lists, indented blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from archiver.text import commonmark, inline, tex

MAX_NUMBER = 999_999_999
"""Of an item (CommonMark 0.31, section 5.2)."""

RULE = "___"
"""Dashes could begin front matter, stars continue a list's marker."""

_CLOSING_HASHES = re.compile(r"(?<![^ \t])#+\Z")
_INTERRUPTING = {"-": ("- ",), "*": ("* ",), ".": ("1. ",), ")": ("1) ",)}
"""How a list must begin to interrupt a paragraph (CommonMark 0.31, section 5.3)."""
_NUMBER = re.compile(r"\d{1,9}")
_EMPTY_ITEMS = re.compile(r"\A([-*])(?: \1){2,}$", re.MULTILINE)  # lists that begin with them would look like a rule
_LINE_END = re.compile(r"\n(?=[^\n])")


class Block(NamedTuple):
    """A finished block."""

    text: str
    kind: str = ""
    """`p` for a paragraph, the marker (`-`, `*`, `.` or `)`) for a list, `:` for a definition or its term."""


def joined(blocks: Sequence[Block]) -> str:
    """Return blocks joined, one after the other."""
    return "\n\n".join(block.text for block in blocks)


def heading(line: str, level: int) -> Block:
    """Return a heading of one line."""
    return Block(f"{'#' * level} {_CLOSING_HASHES.sub(_escaped, line)}")


def quote(inside: str) -> Block:
    """Return a text as a quote."""
    return Block("\n".join(f"> {line}" if line else ">" for line in inside.split("\n")))


def definition(inside: str) -> Block:
    """Return a text as the definition of the term before it."""
    return Block(hung(f":   {inside}"), ":")


def hung(text: str) -> str:
    """Return a text whose first line begins a footnote or a definition, with its further lines indented."""
    return _LINE_END.sub("\n" + " " * commonmark.INDENT, text)


def listing(text: str, language: str) -> Block:
    """Return code between fences that are longer than any in it."""
    fence = "`" * max(3, inline.longest_backticks(text) + 1)
    return Block(f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}")


def items(node: etree._Element, inside: Sequence[list[Block]], before: str) -> Block:
    """Return a list: the element `node` with the blocks inside each item, after a block of the kind `before`.

    Two lists in a row have different markers, or they would be one.
    """
    if node.tag == "ol":
        kind = ")" if before == "." else "."
        markers = [f"{number}{kind}" for number in _numbers(node, len(inside))]
    else:
        kind = "*" if before == "-" else "-"
        markers = [kind] * len(inside)
    return Block("\n".join(_item(marker, blocks) for marker, blocks in zip(markers, inside, strict=True)), kind)


def _numbers(ordered: etree._Element, length: int) -> list[int]:
    """Return the numbers of a list's items, of which Markdown shows only the first."""
    step = 1 if ordered.get("reversed") is None else -1
    number = _number(ordered.get("start"), 1 if step > 0 else length)
    values = [item.get("value") for item in ordered.iterchildren("li")]
    numbers: list[int] = []
    for value in (*values, *[None] * length)[:length]:
        numbers.append(_number(value, min(max(number, 0), MAX_NUMBER)))
        number = numbers[-1] + step
    return numbers


def _number(written: str | None, otherwise: int) -> int:
    return int(written) if written and _NUMBER.fullmatch(written) else otherwise


def _item(marker: str, blocks: list[Block]) -> str:
    """Return one item of a list, its further lines indented by the width of the marker."""
    text = ""
    for number, block in enumerate(blocks):
        if number:
            text += "\n" if _is_tight(blocks[number - 1], block) else "\n\n"
        text += block.text
    item = f"{marker} {_LINE_END.sub(chr(10) + ' ' * (len(marker) + 1), text)}" if text else marker
    return _EMPTY_ITEMS.sub(r"\g<0> <!-- -->", item, count=1)


def _is_tight(before: Block, block: Block) -> bool:
    """Return whether a list can follow a paragraph without an empty line, and no formula seems to continue into it."""
    return (
        before.kind == "p"
        and block.text.startswith(_INTERRUPTING.get(block.kind, ()))
        and not tex.scan(before.text, markdown=True).unclosed
    )


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]
