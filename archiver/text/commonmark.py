r"""Reads our Markdown back: CommonMark with tables and strikethrough, in which a formula is a piece of its own.

That is all a reader of the Markdown needs to know about TeX: nothing inside a formula is Markdown, neither a star nor a
line that begins with a dash. What is a formula, `tex` says; `\$` is a dollar sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from lxml import html
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from archiver.text import dom, plain, tex

_FORMULA = "formula"
_LONGEST = 200
"""Lines; a formula with empty lines in it is followed so far."""
_DISPLAYED = ("$$", r"\[", r"\begin")
_NESTING = 200  # of quotes, lists and marks; more than the serializer ever nests


@dataclass(slots=True)
class Reading:
    """What a reader of Markdown sees."""

    text: str
    """One block a line. Formulas are part of it; pictures are not."""
    formulas: list[str] = field(default_factory=list)


def read(markdown: str) -> Reading:
    """Return the visible text of Markdown and the formulas in it."""
    reading = Reading("")
    pieces: list[str] = []
    for token in _parser().parse(markdown):
        if token.type == "inline":
            _inline(token.children or (), pieces, reading.formulas)
        elif token.type == "html_block":
            _html(token.content, pieces, reading.formulas)
        elif token.content:
            pieces.append(token.content)
        pieces.append("\n")
    reading.text = "".join(pieces)
    return reading


def _inline(tokens: Iterable[Token], pieces: list[str], formulas: list[str]) -> None:
    for token in tokens:
        if token.type == _FORMULA:
            formulas.append(token.content)
            pieces.append(token.content)
        elif token.type in ("text", "code_inline"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")


def _html(markup: str, pieces: list[str], formulas: list[str]) -> None:
    block = html.fragment_fromstring(markup, create_parent="div")
    pieces.append(plain.read(block, str))
    for stretch in dom.stretches(block):
        formulas += [stretch[span.start : span.end] for span in tex.scan(stretch).spans]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable(["table", "strikethrough"])
    parser.block.ruler.before("lheading", "formula_lines", _formula_lines)
    parser.inline.ruler.before("escape", _FORMULA, _formula)
    return parser


def _formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    span = _finder(state).at(state.pos)
    if span is None or span.end > state.posMax:
        return False
    if not silent:
        state.push(_FORMULA, "", 0).content = state.src[span.start : span.end]
    state.pos = span.end
    return True


def _finder(state: StateInline) -> tex.Finder:
    known: tex.Finder | None = state.env.get(_FORMULA)
    if known is None or known.text is not state.src:
        state.env[_FORMULA] = known = tex.Finder(state.src)
    return known


def _with_empty_lines(text: str, openers: list[int]) -> list[tex.Span]:
    """Return the displayed formula that begins a line and holds an empty one, on which its paragraph would end."""
    finder = tex.Finder(text)
    starts = (offset for offset in openers if offset == 0 or text[offset - 1] == "\n")
    return [span for offset in starts if (span := finder.at(offset)) and span.display][:1]


def _formula_lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Make the lines inside a formula plain lines of the paragraph that begins here, whatever they look like."""
    del silent
    last = start + 1
    while last < end and not state.isEmpty(last):
        last += 1
    text = state.getLines(start, last, state.blkIndent, False)
    if "\n" not in text and last == end:
        return False
    found = tex.scan(text, markdown=True)
    if any(text.startswith(_DISPLAYED, offset) for offset in found.unclosed):
        text = state.getLines(start, min(end, start + _LONGEST), state.blkIndent, False)
        found.spans.extend(_with_empty_lines(text, found.unclosed))
    for span in found.spans:
        first = start + text.count("\n", 0, span.start)
        for line in range(first + 1, first + 1 + text.count("\n", span.start, span.end)):
            state.sCount[line] = -1  # as markdown-it marks the lines that no rule may take from a paragraph
            if state.isEmpty(line):
                state.tShift[line] = -1
    return False
