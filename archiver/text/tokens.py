"""Puts opaque words in place of what text extractors damage, and puts it back afterwards.

Extractors trim, unescape and reflow. A word of ASCII letters and digits comes through all of that; formulas, code,
tables and what looks like an entity would not.
"""

from __future__ import annotations

import re
from html import escape
from itertools import count

from lxml import etree

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


class Vault:
    """The replaced sources of one tree, in page order."""

    def __init__(self, text: str) -> None:
        """Make sure that no word of the vault occurs in `text`, the text of the tree."""
        self._prefix = next(prefix for number in count() if (prefix := f"Kx{number}M") not in text)
        self._pattern = re.compile(rf"{self._prefix}(\d+)Qz")
        self._sources: list[str] = []
        self._formulas: set[int] = set()

    def put(self, source: str, *, formula: bool = False) -> str:
        """Return the word that stands for a source from now on."""
        if formula:
            self._formulas.add(len(self._sources))
        self._sources.append(source)
        return f"{self._prefix}{len(self._sources) - 1}Qz"

    def complete(self, text: str) -> bool:
        """Return whether a text holds every word exactly once, in order."""
        return self._numbers(text) == list(range(len(self._sources)))

    def unbroken(self, text: str) -> bool:
        """Return whether a text holds a stretch of the formulas, each exactly once, in order and without a gap."""
        numbers = [number for number in self._numbers(text) if number in self._formulas]
        wanted = sorted(self._formulas)
        first = wanted.index(numbers[0]) if numbers else 0
        return numbers == wanted[first : first + len(numbers)] and bool(numbers or not wanted)

    def _numbers(self, text: str) -> list[int]:
        return [int(number) for number in self._pattern.findall(text)]

    def restore(self, text: str) -> str:
        """Return a text with the sources in place of their words."""
        return self._pattern.sub(lambda found: self._sources[int(found[1])], text)


class Protector:
    """Copies a tree with words of a vault for its formulas, code, tables, frames and what looks like an entity.

    What no reader sees is left out. The sources are plain text, a line break is one too, and only blocks are copied,
    without attributes: extractors judge a paragraph by its classes and links, and here all is one post. With `markup`
    inline elements, addresses and pictures are copied too, and the sources are the HTML that was there.
    """

    def __init__(self, vault: Vault, resolve: Resolve, *, markup: bool = False) -> None:
        self._vault = vault
        self._resolve = resolve
        self._markup = markup
        self._pending: list[str] = []  # text for the end of the element that is being filled

    def copy(self, source: etree._Element, target: etree._Element) -> None:
        """Add everything inside `source` to `target`."""
        self._fill(target, source, 0)

    def _fill(self, target: etree._Element, source: etree._Element, depth: int) -> None:
        self._flow(source, target, depth)
        self._flush(target)

    def _flow(self, source: etree._Element, target: etree._Element, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._say("".join(dom.texts(source)))
            return
        stretch = dom.clean(source.text) if source.text else ""
        for child in source:
            tag = child.tag
            if tag == "br":
                stretch += dom.BREAK
            elif isinstance(tag, str) and tag != "wbr" and not self._is_gone(child):
                self._say(stretch)
                stretch = ""
                self._element(child, target, depth + 1)
            if child.tail:
                stretch += dom.clean(child.tail)
        self._say(stretch.rstrip() if source.tag in dom.BLOCKS else stretch)

    def _is_gone(self, node: etree._Element) -> bool:
        if dom.is_anchor(node):
            return any(outer.tag in dom.HEADINGS for outer in node.iterancestors())
        return node.tag in dom.DROPPED or (node.tag == "img" and not self._markup)

    def _element(self, node: etree._Element, target: etree._Element, depth: int) -> None:
        tag = str(node.tag)
        if tag in _HIDDEN and (tag not in dom.NO_MATHS or self._markup or code.is_span(node)):
            self._hide(node, target)
        elif tag == dom.PROSE and self._markup:
            self._pending.append(self._vault.put(_markup_of(node)))
        elif tag == dom.PROSE:
            self._prose(node.text or "")
        elif self._markup:
            kept = {name: dom.clean(node.get(name, "")) for name in _KEPT if node.get(name)}
            self._fill(self._new(target, tag if _TAG.fullmatch(tag) else "span", kept), node, depth)
        elif tag in dom.BLOCKS:
            self._fill(self._new(target, tag), node, depth)
        else:
            self._flow(node, target, depth)

    def _hide(self, node: etree._Element, target: etree._Element) -> None:
        """Put one word in place of a whole element; outside lines it must be alone, or extractors drop it."""
        source = _markup_of(node) if self._markup else ""
        source = source or _text(node, self._resolve)
        if not source.strip():
            return
        if node.tag in _INLINE:
            self._pending.append(self._vault.put(source, formula=node.tag == dom.FORMULA))
        else:
            inside = self._new(target, "p")
            inside.text = self._vault.put(source)

    def _new(self, target: etree._Element, tag: str, attributes: dict[str, str] | None = None) -> etree._Element:
        self._flush(target)
        return etree.SubElement(target, tag, attributes or {})

    def _say(self, stretch: str) -> None:
        if not self._markup and not self._pending:
            stretch = stretch.lstrip()
        if not stretch:
            return
        if "$" not in stretch and "\\" not in stretch:  # without either there is no formula to scan for
            self._prose(stretch)
            return
        at = 0
        for span in tex.scan(stretch).spans:
            source = dom.unbreak(stretch[span.start : span.end])
            self._prose(stretch[at : span.start])
            self._pending.append(self._vault.put(escape(source, quote=False) if self._markup else source, formula=True))
            at = span.end
        self._prose(stretch[at:])

    def _prose(self, text: str) -> None:
        if "&" in text or (dom.BREAK in text and not self._markup):
            text = (_ENTITY if self._markup else _FRAGILE).sub(self._word, text)
        self._pending.append(text)

    def _word(self, found: re.Match[str]) -> str:
        if found[0] == "&":
            return self._vault.put("&amp;" if self._markup else "&")
        return self._vault.put("\n")

    def _flush(self, target: etree._Element) -> None:
        """Write the pending text at the end of an element."""
        if not self._pending:
            return
        first, *lines = "".join(self._pending).split(dom.BREAK)
        self._pending.clear()
        if len(target):
            target[-1].tail = first
        else:
            target.text = first
        for line in lines:
            etree.SubElement(target, "br").tail = line


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
