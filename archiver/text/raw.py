"""Blocks of raw HTML in our Markdown, for what Markdown has no form for: their formulas as elements."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from lxml import etree, html

from archiver.text import tex

_VERBATIM = frozenset({"code", "pre", "script", "style", "textarea"})

Stand = Callable[[str, bool], etree._Element]
"""Makes what is to stand for a formula, given its source and whether it is displayed."""


def marked(markup: str, stand: Stand) -> str:
    """Return a block of HTML with an element for each formula in it; MathJax sets none in code blocks."""
    block = html.fragment_fromstring(markup, create_parent="div")
    verbatim = {inner for element in block.iter(*_VERBATIM) for inner in element.iter()}
    for element in list(block.iter(etree.Element)):
        if element not in verbatim:
            _mark(element, stand)
    return escape(block.text or "") + "".join(html.tostring(child, encoding="unicode") for child in block)


def _mark(element: etree._Element, stand: Stand) -> None:
    """Put an element in place of each formula in an element's own text."""
    text, element.text = element.text, None
    children = list(element)
    element.text = _insert(element, 0, text or "", stand)
    for child in children:
        if child.tail:
            text, child.tail = child.tail, None
            child.tail = _insert(element, element.index(child) + 1, text, stand)


def _insert(element: etree._Element, at: int, text: str, stand: Stand) -> str:
    """Insert what stands for the formulas of a text as children from a place on; return the text before the first."""
    spans = tex.scan(text).spans
    ends = [*(span.start for span in spans[1:]), len(text)]
    for number, (span, end) in enumerate(zip(spans, ends, strict=False)):
        made = stand(text[span.start : span.end], span.display)
        made.tail = text[span.end : end]
        element.insert(at + number, made)
    return text[: spans[0].start] if spans else text
