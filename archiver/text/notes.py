"""Moves inline notes to the end of the text, with links there and back.

Those of Distill, of LaTeXML (arXiv, ar5iv) and of Tufte CSS, which browsers show in the margin or when asked to.
"""

from __future__ import annotations

from typing import cast

from lxml import etree
from lxml.html import HtmlElement

_CLASSES = frozenset({"ltx_role_footnote", "sidenote"})
_MARKS = etree.XPath("descendant::*[contains(@class, 'ltx_note_mark') or contains(@class, 'ltx_tag_note')]")
_LIST = "notes-in-line"


def candidates(body: HtmlElement) -> list[HtmlElement]:
    """Return the notes inside a body that are in its lines, in page order."""
    found = body.iterdescendants("d-footnote", "dt-fn", "span")
    return [note for note in found if note.tag != "span" or not _CLASSES.isdisjoint(note.get("class", "").split())]


def settle(body: HtmlElement) -> None:
    """Put links in place of the notes, in the body itself."""
    for number, element in enumerate(candidates(body)):
        for mark in cast("list[HtmlElement]", _MARKS(element)):
            mark.drop_tree()
        while (toggle := element.getprevious()) is not None and "margin-toggle" in (toggle.get("class") or ""):
            toggle.drop_tree()
        _move(element, _place(element, body), f"note-in-line-{number}")


def _place(element: HtmlElement, body: HtmlElement) -> HtmlElement:
    """Return the element at whose end a note is still within the text: the article, or the nearest box."""
    whole = next(element.iterancestors("article", "d-article", "dt-article"), None)
    return whole if whole is not None else next(element.iterancestors("section", "div"), body)


def _move(element: HtmlElement, box: HtmlElement, name: str) -> None:
    """Put a note into a list at the end of a box."""
    link = etree.Element("a", href=f"#{name}", id=f"{name}-back")
    link.text = "*"
    element.addprevious(link)
    tail, element.tail = element.tail, None
    link.tail = tail
    element.tag = "li"
    element.set("id", name)
    etree.SubElement(element, "a", href=f"#{name}-back").text = "↩"
    notes = box[-1] if len(box) and box[-1].get("class") == _LIST else None
    if notes is None:
        notes = etree.SubElement(box, "ol", {"class": _LIST})
    notes.append(element)
