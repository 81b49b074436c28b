r"""Replaces every form in which a page has a formula by a single one, before anything is written.

All readers of a body know formulas in one notation, the blog's own: TeX in text, between its delimiters. A page that
has them in another is translated: every formula becomes an element `dom.FORMULA` whose text is TeX that `tex.scan`
reads as exactly one formula; its other forms (previews, rendered glyphs, MathML for screen readers, pictures) are
removed; text that is prose in the page's notation but a formula in the blog's becomes a `dom.PROSE`. The blog's own
pages need none of this and are left unchanged.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from archiver.items import CONVERTED, SERVED
from archiver.text import asciimath, dom, drawings, idioms, renderings, tex
from archiver.text.notation import HOUSE, Notation

MAX_DEPTH = 256
"""Elements below this depth are left as they are; as deep as `archiver.pages.document` lets any be."""

_NOT_SEARCHED = dom.DROPPED | {dom.FORMULA, dom.PROSE}
_OPENERS = re.compile(r"[$\\]")
_EQUATION_TABLES = frozenset({"ltx_eqn_table", "ltx_equation", "ltx_equationgroup"})
_FRAMES = {"table": "div", "tbody": "div", "tr": "div", "td": "span", "th": "span"}


def settle(body: HtmlElement, notation: Notation = HOUSE) -> HtmlElement:
    """Return a body in which every formula is written as on the blog, and idioms of markup are text (`idioms`).

    That is the body itself when nothing in it is written otherwise, else a copy; the body is not changed. Drawings come
    first (`drawings`): no formula inside one is the text's.
    """
    is_house = notation is HOUSE or notation == HOUSE
    if is_house and _is_simple(body):
        return body
    told = cast("list[HtmlElement]", dom.told(body))
    candidates = renderings.candidates(body, told)
    plain = is_house and not any("jax_" in element.get("class", "") for element in candidates)
    said = not idioms.candidates(body, told)
    drawn = bool(drawings.find(body))
    if plain and said and not drawn and not any(map(renderings.rendering, candidates)):
        return body
    body = copy.deepcopy(body)
    if drawn:
        drawings.settle(body)
    _place_renderings(body, notation)
    if not plain:
        _Searcher(notation).search(body, False, 0)
    if not said:
        idioms.settle(body)
    return body


def _is_simple(body: HtmlElement) -> bool:
    """Return whether a body has only elements in which nobody writes a formula or an idiom: most comments do."""
    return all(each.tag in _SIMPLE and _OF_LINKS.issuperset(each.keys()) for each in body.iterdescendants())


_SIMPLE = frozenset({"a", "blockquote", "br", "em", "p", "strong"})
_OF_LINKS = frozenset({"href", "rel", "target", "title"})


def _place_renderings(body: HtmlElement, notation: Notation) -> None:
    for table in list(body.iter("table")):
        if not _EQUATION_TABLES.isdisjoint(table.get("class", "").split()):
            _unframe(table)
    gone: set[HtmlElement] = set()
    held = list(body.iter())  # keeps the Python objects, by which removed ones are recognised
    for element in renderings.candidates(body):
        if element in gone or _is_listed(element, notation):
            continue
        found = renderings.rendering(element)
        if found is None:
            continue
        place, *twins = found.elements
        gone.update(inner for part in found.elements for inner in part.iter())
        for twin in twins:
            twin.drop_tree()
        if found.tex.strip():
            place.addprevious(formula(found.tex, found.display, found.provenance, found.converter))
        _leave_code(place, notation)
        place.drop_tree()
    del held


def _is_listed(element: HtmlElement, notation: Notation) -> bool:
    """Return whether an element is a piece of a code block rather than of the text."""
    return any(box.tag in notation.skipped for box in element.iterancestors()) and element.tag != "code"


def _leave_code(element: HtmlElement, notation: Notation) -> None:
    """Unwrap code that is a formula, where the page searches code for formulas."""
    for box in element.iterancestors("code"):
        if "code" not in notation.skipped:
            box.tag = "span"


def _unframe(table: HtmlElement) -> None:
    """Turn the tables in which LaTeXML sets an equation and its number into lines."""
    for part in table.iter(*_FRAMES):
        part.tag = _FRAMES[part.tag]


def formula(source: str, display: bool, provenance: str, converter: str | None = None) -> etree._Element:
    """Return the element of a formula; one that no delimiters can hold becomes prose."""
    written = tex.written(source, display=display)
    element = etree.Element(dom.FORMULA if written else dom.PROSE)
    element.text = written or source
    if written is None:
        element.set("lost", "delimiters")
        return element
    element.set("provenance", provenance)
    if converter:
        element.set("converter", converter)
    return element


class _Searcher:
    """Looks through text for formulas in the notation of the page."""

    def __init__(self, notation: Notation) -> None:
        self._notation = notation

    def search(self, node: HtmlElement, ignored: bool, depth: int) -> None:
        """Put elements in place of the formulas in all text inside an element, and of prose mistakable for some."""
        if depth > MAX_DEPTH or node.tag in _NOT_SEARCHED or node.tag == "pre":
            return
        told = self._notation.ignores(node.get("class") or "")
        ignored = ignored if told is None else told
        if node.tag in self._notation.skipped:
            return
        for child in node.iterchildren(etree.Element):
            self.search(child, ignored, depth + 1)
        parts = list(self._parts(node, ignored or node.tag == "textarea"))
        if node.tag == "code":
            if not any(isinstance(part, etree._Element) and part.tag == dom.FORMULA for part in parts):
                return
            node.tag = "span"
        if any(isinstance(part, etree._Element) and part.tag in (dom.FORMULA, dom.PROSE) for part in parts):
            _fill(node, parts)

    def _parts(self, node: HtmlElement, ignored: bool) -> Iterator[str | etree._Element]:
        """Yield what is to be inside an element."""
        stretch = dom.clean(node.text or "")
        for child in node:
            if child.tag == "br":
                stretch += dom.BREAK
            elif isinstance(child.tag, str) and child.tag != "wbr":
                yield from self._stretch(stretch, ignored)
                yield child
                stretch = ""
            stretch += dom.clean(child.tail or "")
        yield from self._stretch(stretch, ignored)

    def _stretch(self, text: str, ignored: bool) -> Iterator[str | etree._Element]:
        at = 0
        for found in () if ignored else self._notation.find(text):
            yield from self._prose(text[at : found.start], ignored)
            written, inside = (dom.unbreak(each) for each in (text[found.start : found.end], found.inside))
            yield _converted(written, inside) if found.asciimath else _served(written, inside, found.display)
            at = found.end
        yield from self._prose(text[at:], ignored)

    def _prose(self, text: str, ignored: bool) -> Iterator[str | etree._Element]:
        for number, line in enumerate(text.split(dom.BREAK)):
            if number:
                yield etree.Element("br")
            if _OPENERS.search(line):
                prose = etree.Element(dom.PROSE)
                prose.text = line.replace(r"\$", "$") if self._notation.escapes and not ignored else line
                yield prose
            elif line:
                yield line


def _served(text: str, inside: str, display: bool) -> etree._Element:
    """Return a formula of the text, with its own delimiters where the blog uses the same."""
    spans = tex.scan(text).spans
    if len(spans) == 1 and spans[0][:3] == (0, len(text), display):
        element = etree.Element(dom.FORMULA, provenance=SERVED)
        element.text = text
        return element
    return formula(inside, display, SERVED)


def _converted(text: str, inside: str) -> etree._Element:
    """Return a formula of the text in AsciiMath; one that cannot be read becomes prose."""
    source = asciimath.convert(inside)
    if source is not None and source.strip():
        return formula(source, False, CONVERTED, asciimath.CONVERTER)
    element = etree.Element(dom.PROSE, {"lost": "asciimath"} if source is None else {})
    element.text = text
    return element


def _fill(node: HtmlElement, parts: list[str | etree._Element]) -> None:
    """Replace the content of an element by text and elements."""
    for child in list(node):
        child.tail = None
        node.remove(child)
    node.text = None
    for part in parts:
        if isinstance(part, str):
            dom.append_text(node, part)
        else:
            node.append(part)
