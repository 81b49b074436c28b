"""Puts opaque words in place of what text extractors damage, and puts it back afterwards.

Extractors trim, unescape and reflow. A word of ASCII letters and digits comes through all of that; formulas, code,
tables and what looks like an entity would not. A copy consists of `CopiedElement`s, which cost little. Most bodies need
no extractor; a tree with words in it is made only for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import count

from lxml import etree
from lxml.html import HtmlElement

from archiver.text import code, dom, plain, tables, tex
from archiver.text.dom import Resolve

MAX_DEPTH = 100
"""Elements below this depth lose their markup and keep their text."""

_KEPT = ("id", "class", "href", "start")
_TAG = re.compile(r"[a-z]+[1-6]?")  # the blog has tags such as `<font:0017>`, of which no tree can be made
_ENTITY = re.compile(r"&(?=#?\w)")
_FRAGILE = re.compile(rf"{_ENTITY.pattern}|(?:[ \t\n]*\r)+[ \t\n]*")
_HIDDEN = dom.EMBEDS | dom.NO_MATHS | {dom.FORMULA, "img", "pre", "table"}
_INLINE = dom.NO_MATHS | {dom.FORMULA}


@dataclass(slots=True)
class CopiedElement:
    """An element of a copy."""

    tag: str
    inside: list[str | int | CopiedElement] = field(default_factory=list)
    """Text, numbers of sources in a vault, and elements."""
    attributes: dict[str, str] = field(default_factory=dict)


class Vault:
    """The replaced sources of one copy, in page order."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self._formulas: set[int] = set()
        self._prefix = ""

    def put(self, source: str, *, formula: bool = False) -> int:
        """Return the number that stands for a source from now on."""
        if formula:
            self._formulas.add(len(self.sources))
        self.sources.append(source)
        return len(self.sources) - 1

    def tree(self, copied: CopiedElement) -> HtmlElement:
        """Return the tree of a copy with words for its sources, which occur nowhere in its text; once per vault."""
        text = "".join(_texts(copied))
        self._prefix = next(prefix for number in count() if (prefix := f"Kx{number}M") not in text)
        root = dom.parser().makeelement(copied.tag, copied.attributes)
        self._fill(root, copied)
        return root

    def _fill(self, target: etree._Element, copied: CopiedElement) -> None:
        text: list[str] = []
        for part in copied.inside:
            if isinstance(part, CopiedElement):
                _append(target, "".join(text))
                text.clear()
                self._fill(etree.SubElement(target, part.tag, part.attributes), part)
            else:
                text.append(part if isinstance(part, str) else f"{self._prefix}{part}Qz")
        _append(target, "".join(text))

    def complete(self, text: str) -> bool:
        """Return whether a text holds every word exactly once, in order."""
        return self._numbers(text) == list(range(len(self.sources)))

    def unbroken(self, text: str) -> bool:
        """Return whether a text holds a stretch of the formulas, each exactly once, in order and without a gap."""
        numbers = [number for number in self._numbers(text) if number in self._formulas]
        wanted = sorted(self._formulas)
        first = wanted.index(numbers[0]) if numbers else 0
        return numbers == wanted[first : first + len(numbers)] and bool(numbers or not wanted)

    def _numbers(self, text: str) -> list[int]:
        return [int(number) for number in self._words.findall(text)]

    def restore(self, text: str) -> str:
        """Return a text with the sources in place of their words."""
        return self._words.sub(lambda found: self.sources[int(found[1])], text)

    @property
    def _words(self) -> re.Pattern[str]:
        return re.compile(rf"{self._prefix}(\d+)Qz")


def _texts(copied: CopiedElement) -> Iterator[str]:
    for part in copied.inside:
        if isinstance(part, CopiedElement):
            yield from _texts(part)
        elif isinstance(part, str):
            yield part


def _append(target: etree._Element, text: str) -> None:
    """Write text at the end of an element, of which all before is written."""
    if not text:
        return
    first, *lines = text.split(dom.BREAK)
    if len(target):
        target[-1].tail = first
    else:
        target.text = first
    for line in lines:
        etree.SubElement(target, "br").tail = line


class Protector:
    """Copies a tree with numbers of a vault for its formulas, code, tables, frames and what looks like an entity.

    What no reader sees is left out. The sources are plain text, a line break is one too, and only blocks are copied,
    without attributes: extractors judge a paragraph by its classes and links, and here all is one post. With `markup`
    inline elements, addresses and pictures are copied too, and the sources are the HTML that was there.
    """

    def __init__(self, vault: Vault, resolve: Resolve, *, markup: bool = False) -> None:
        self._vault = vault
        self._resolve = resolve
        self._markup = markup

    def copy(self, source: etree._Element, target: CopiedElement) -> None:
        """Add everything inside `source` to `target`."""
        self._flow(source, target.inside, 0)

    def _flow(self, source: etree._Element, inside: list[str | int | CopiedElement], depth: int) -> None:
        if depth > MAX_DEPTH:
            self._say("".join(dom.texts(source)), inside)
            return
        text = source.text
        stretch = dom.clean(text) if text else ""
        for child in source:
            tag = child.tag
            if tag == "br":
                stretch += dom.BREAK
            elif isinstance(tag, str) and tag != "wbr" and not self._is_gone(child):
                if stretch:
                    self._say(stretch, inside)
                    stretch = ""
                self._element(child, inside, depth + 1)
            if tail := child.tail:
                stretch += dom.clean(tail)
        if stretch:
            self._say(stretch, inside, ends=source.tag in dom.BLOCKS)

    def _is_gone(self, node: etree._Element) -> bool:
        if node.tag == "a":
            return dom.is_anchor(node) and any(outer.tag in dom.HEADINGS for outer in node.iterancestors())
        return node.tag in dom.DROPPED or (node.tag == "img" and not self._markup)

    def _element(self, node: etree._Element, inside: list[str | int | CopiedElement], depth: int) -> None:
        tag = str(node.tag)
        if tag in _HIDDEN and (tag not in dom.NO_MATHS or self._markup or code.is_span(node)):
            self._hide(node, inside)
        elif tag == dom.PROSE and self._markup:
            inside.append(self._vault.put(_markup_of(node)))
        elif tag == dom.PROSE:
            self._prose(node.text or "", inside)
        elif self._markup:
            kept = {name: dom.clean(node.get(name, "")) for name in _KEPT if node.get(name)}
            copied = CopiedElement(tag if _TAG.fullmatch(tag) else "span", [], kept)
            inside.append(copied)
            self._flow(node, copied.inside, depth)
        elif tag in dom.BLOCKS:
            copied = CopiedElement(tag)
            inside.append(copied)
            self._flow(node, copied.inside, depth)
        else:
            self._flow(node, inside, depth)

    def _hide(self, node: etree._Element, inside: list[str | int | CopiedElement]) -> None:
        """Put one number in place of a whole element; outside lines it must be alone, or extractors drop it."""
        source = _markup_of(node) if self._markup else ""
        source = source or _text(node, self._resolve)
        if not source.strip():
            return
        number = self._vault.put(source, formula=node.tag == dom.FORMULA)
        inside.append(number if node.tag in _INLINE else CopiedElement("p", [number]))

    def _say(self, stretch: str, inside: list[str | int | CopiedElement], *, ends: bool = False) -> None:
        """Take text, without white space where a block begins or `ends`."""
        begins = not self._markup and (not inside or isinstance(inside[-1], CopiedElement))
        at = len(stretch) - len(stretch.lstrip()) if begins else 0
        if "$" not in stretch and "\\" not in stretch:  # without either there is no formula to scan for
            self._prose(stretch[at:].rstrip() if ends else stretch[at:], inside)
            return
        for span in tex.stretch(stretch).spans:
            source = dom.unbreak(stretch[span.start : span.end])
            self._prose(stretch[at : span.start], inside)
            inside.append(self._vault.put(escape(source, quote=False) if self._markup else source, formula=True))
            at = span.end
        self._prose(stretch[at:].rstrip() if ends else stretch[at:], inside)

    def _prose(self, text: str, inside: list[str | int | CopiedElement]) -> None:
        """Take text without formulas. What looks like an entity, and a line break in plain text, is a source."""
        if "&" in text or (dom.BREAK in text and not self._markup):
            at = 0
            for found in (_ENTITY if self._markup else _FRAGILE).finditer(text):
                if at < found.start():
                    inside.append(text[at : found.start()])
                inside.append(self._vault.put("\n" if found[0] != "&" else "&amp;" if self._markup else "&"))
                at = found.end()
            text = text[at:]
        if text:
            inside.append(text)


def _markup_of(node: etree._Element) -> str:
    return etree.tostring(node, encoding="unicode", method="html", with_tail=False)


def _text(node: etree._Element, resolve: Resolve) -> str:
    """Return the text of an element that is hidden as a whole."""
    if node.tag == "table" and code.is_listing(node):
        return code.text(node).rstrip("\n")
    if node.tag == "table" and not tables.is_regular(node):
        return plain.read(node, resolve)
    if node.tag == "table":
        rows, captions = tables.rows(node)
        lines = [plain.read(caption, resolve) for caption in captions]
        return "\n".join(lines + [" | ".join(plain.read(cell, resolve) for cell in row) for row in rows])
    if node.tag in dom.EMBEDS:
        return "\n".join(dom.embedded(node, resolve))
    return code.text(node).rstrip("\n")
