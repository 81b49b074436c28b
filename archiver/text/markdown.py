"""Writes the body of a page as Markdown, and collects its formulas, code, pictures and links on the way.

One walk over the tree, which is only read. Formulas stand in the Markdown byte for byte; nothing else of TeX is touched.
Tags without a meaning in Markdown (`<u>`, `<font>`, `<span>`, the blog's broken `<hs>` or `<trong>`) leave their text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from archiver import urls
from archiver.items import CodeBlock, Formula, Image, PostLink
from archiver.text import dom, inline, tables, tex
from archiver.text.dom import Resolve
from archiver.text.inline import Kind, Layout, Part

MAX_DEPTH = 100
"""Elements below this depth lose their markup and keep their text; real posts nest about 15 deep."""
MAX_UNCLOSED = 100
"""Openers without an end that are reported; the blog has single ones."""
_SNIPPET = 40


@dataclass(slots=True)
class Findings:
    """What a body holds besides prose, in page order."""

    formulas: list[Formula] = field(default_factory=list)
    code_blocks: list[CodeBlock] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    links: list[PostLink] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)


def write(body: etree._Element, resolve: Resolve) -> tuple[str, Findings]:
    """Return the Markdown of everything inside `body`, and what was found there."""
    writer = _Writer(resolve)
    return "\n\n".join(block.text for block in writer.blocks(body, 0)), writer.findings


class _Block(NamedTuple):
    text: str
    kind: str = ""
    """`p` for a paragraph, the marker (`-`, `*`, `.` or `)`) for a list."""


_MARKS = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "del": "del", "s": "del", "strike": "del"}
_MARKS |= {"sup": "sup", "sub": "sub"}


class _Writer:
    def __init__(self, resolve: Resolve) -> None:
        self.findings = Findings()
        self._resolve = resolve
        self._blocks: list[_Block] = []
        self._parts: list[Part] = []
        self._marks: list[tuple[Part, Part]] = []
        self._lines_only = False  # inside a heading or a cell, where no block can stand
        self._blocks_met = False
        self._handlers: dict[str, Callable[[etree._Element, int], None]] = {
            **dict.fromkeys(dom.HEADINGS, self._heading),
            **dict.fromkeys(_MARKS, self._mark),
            **dict.fromkeys(dom.EMBEDS, self._embed),
            **dict.fromkeys(dom.NO_MATHS, self._code_span),
            **dict.fromkeys(dom.DROPPED, self._drop),
            **dict.fromkeys(dom.BLOCKS.difference(dom.HEADINGS), self._block),
            **dict.fromkeys(("ul", "ol", "menu", "dir"), self._list),
            "a": self._link,
            "blockquote": self._quote,
            "hr": self._rule,
            "img": self._image,
            "pre": self._pre,
            "table": self._table,
        }

    # Walking

    def blocks(self, node: etree._Element, depth: int) -> list[_Block]:
        """Return what is inside `node` as blocks of their own."""
        self._flush()
        outside, self._blocks = self._blocks, []
        self._flow(node, depth)
        self._flush()
        inside, self._blocks = self._blocks, outside
        return inside

    def _flow(self, node: etree._Element, depth: int) -> None:
        """Take everything inside `node`. Text that only `<br>` or comments interrupt is one stretch for MathJax."""
        if depth > MAX_DEPTH:
            self._stretch("".join(dom.texts(node)))
            return
        stretch = dom.clean(node.text) if node.text else ""
        for child in node:
            tag = child.tag
            if tag == "br":
                stretch += dom.BREAK
            elif isinstance(tag, str) and tag != "wbr":
                if stretch:
                    self._stretch(stretch)
                    stretch = ""
                handler = self._handlers.get(tag)
                if handler is None:
                    self._flow(child, depth + 1)
                else:
                    handler(child, depth + 1)
            if tail := child.tail:
                stretch += dom.clean(tail)
        if stretch:
            self._stretch(stretch)

    def _stretch(self, text: str) -> None:
        if "$" not in text and "\\" not in text:
            self._prose(text)
            return
        found = tex.scan(text)
        at = 0
        for span in found.spans:
            if at < span.start:
                self._prose(text[at : span.start])
            source = dom.unbreak(text[span.start : span.end])
            self.findings.formulas.append(tex.formula(source, len(self.findings.formulas), span))
            self._parts.append(Part(Kind.DISPLAY if span.display else Kind.INLINE, source))
            at = span.end
        if at < len(text):
            self._prose(text[at:])
        for start in found.unclosed[: MAX_UNCLOSED - len(self.findings.unclosed)]:
            self.findings.unclosed.append(dom.unbreak(text[start : start + _SNIPPET]).split("\n")[0])

    def _prose(self, text: str) -> None:
        for number, piece in enumerate(text.split(dom.BREAK)):
            if number:
                self._break()
            if piece:
                last = self._parts[-1] if self._parts else None
                if last is not None and last.kind is Kind.TEXT:
                    self._parts[-1] = Part(Kind.TEXT, last.value + piece)
                else:
                    self._parts.append(Part(Kind.TEXT, piece))

    def _break(self) -> None:
        """End a line; an empty line ends the paragraph."""
        parts = self._parts
        if parts and parts[-1].kind is Kind.TEXT and parts[-1].value.isspace():
            parts.pop()
        if parts and parts[-1].kind is Kind.BREAK:
            self._flush()
        else:
            parts.append(Part(Kind.BREAK))

    def _flush(self) -> None:
        """End the paragraph under way. Marks that are open go on in the next one."""
        if self._lines_only:
            self._parts.append(Part(Kind.BREAK))
            return
        if len(self._parts) > len(self._marks):
            text = inline.render(self._parts + [close for _, close in reversed(self._marks)])
            if text:
                self._blocks.append(_Block(text, "p"))
        self._parts = [start for start, _ in self._marks]

    def _line(self, node: etree._Element, depth: int, layout: Layout) -> str:
        """Return what is inside `node` on one line."""
        outside, self._parts, self._lines_only = (self._parts, self._marks, self._lines_only), [], True
        self._marks = []
        self._flow(node, depth)
        line = inline.render(self._parts, layout)
        self._parts, self._marks, self._lines_only = outside
        return line
