"""Tables: pipes where Markdown can say it, HTML where it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from lxml import etree

from archiver.text import code, dom, pictures, tex
from archiver.text.dom import Resolve

MAX_DEPTH = 20
"""Elements nested deeper inside a cell keep only their text."""

_KEPT = frozenset(
    {"b", "blockquote", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "i", "kbd", "li", "mark", "ol", "p"}
    | {"pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
_SECTIONS = frozenset({"thead", "tbody", "tfoot"})
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|&(?=[#A-Za-z])")
_OPENER = re.compile(r"[$\\]")  # in a tag of its own, it begins no formula
_SPAN = re.compile(r"[1-9]\d{0,2}")


def is_regular(table: etree._Element) -> bool:
    """Return whether everything in a table is in captions and cells of rows."""
    parts = {"table": _SECTIONS | {"tr", "caption", "colgroup", "col"}, "tr": {"td", "th"}}
    for node in (table, *(part for part in table if part.tag in _SECTIONS), *_rows(table)):
        inside = parts.get(str(node.tag), {"tr"})
        texts = [node.text, *(child.tail for child in node)]
        if any(text and not text.isspace() for text in texts):
            return False
        if any(isinstance(child.tag, str) and child.tag not in inside for child in node):
            return False
    return True


def rows(table: etree._Element) -> tuple[list[list[etree._Element]], list[etree._Element]]:
    """Return the cells of a table by row, and its captions."""
    found = [[cell for cell in row if cell.tag in ("td", "th")] for row in _rows(table)]
    return found, [part for part in table if part.tag == "caption"]


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for part in table:
        if part.tag == "tr":
            yield part
        elif part.tag in _SECTIONS:
            yield from (row for row in part if row.tag == "tr")


def has_spans(rows: list[list[etree._Element]]) -> bool:
    """Return whether a cell covers several rows or columns."""
    return any(cell.get(name, "1") != "1" for row in rows for cell in row for name in ("colspan", "rowspan"))


def pipes(rows: list[list[str]]) -> str:
    """Return a GFM table of cells that hold Markdown on one line each. The first row is its head."""
    width = max(map(len, rows))
    head = rows[0] + [""] * (width - len(rows[0]))
    lines = [head, ["---"] * width, *rows[1:]]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def html(rows: list[list[etree._Element]], resolve: Resolve) -> str:
    """Return a table as HTML of safe tags without empty lines, which would end it in Markdown.

    Formulas stay as they are, except for `<` and `&` where HTML would misread them.
    """
    out = ["<table>"]
    for row in rows:
        out.append("\n<tr>")
        for cell in row:
            spans = [(name, cell.get(name, "")) for name in ("colspan", "rowspan")]
            marks = "".join(f' {name}="{value}"' for name, value in spans if _SPAN.fullmatch(value) and value != "1")
            out.append(f"<{cell.tag}{marks}>")
            _inside(cell, resolve, out, 0)
            out.append(f"</{cell.tag}>")
        out.append("</tr>")
    out.append("\n</table>")
    return re.sub(r"\n(?=[ \t]*\n)", "&#10;", "".join(out))


def _inside(node: etree._Element, resolve: Resolve, out: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        out.append(_text("".join(dom.texts(node))))
        return
    literal = node.tag == "pre" or code.is_span(node)
    stretch = dom.clean(node.text or "")
    for child in node:
        if child.tag == "br":
            stretch += dom.BREAK
        elif isinstance(child.tag, str) and child.tag != "wbr":
            out.append(_text(stretch, literal=literal))
            stretch = ""
            if child.tag not in dom.DROPPED and not (
                node.tag in dom.HEADINGS and child.tag == "a" and dom.is_anchor(child)
            ):
                _element(child, resolve, out, depth)
        stretch += dom.clean(child.tail or "")
    out.append(_text(stretch, literal=literal))


def _element(node: etree._Element, resolve: Resolve, out: list[str], depth: int) -> None:
    start, end = "", ""
    if node.tag in dom.EMBEDS:
        out += [f'<a href="{_attribute(url)}">{_text(url)}</a>' for url in dom.embedded(node, resolve)]
        return
    if node.tag == dom.PROSE:
        out.append(_OPENER.sub(r"<span>\g<0></span>", _prose(node.text or "")))
        return
    if node.tag == "img":
        if url := pictures.address(node, partial(dom.target, resolve=resolve)):
            out.append(f'<img src="{_attribute(url)}" alt="{_attribute(dom.clean(node.get("alt", "")))}">')
        return
    if node.tag == "a" and (url := dom.target(node.get("href") or "", resolve)):
        start, end = f'<a href="{_attribute(url)}">', "</a>"
    elif node.tag in _KEPT and (node.tag != "code" or code.is_span(node)):
        start, end = f"<{node.tag}>", f"</{node.tag}>"
    elif node.tag in dom.BLOCKS:
        start, end = "<p>", "</p>"
    else:
        start, end = "<span>", "</span>"  # a tag of any kind ends a stretch of text for MathJax
    out.append(start)
    _inside(node, resolve, out, depth + 1)
    out.append(end)


def _text(text: str, *, literal: bool = False) -> str:
    if literal:
        return _MARKUP.sub(_entity, dom.unbreak(text))
    pieces, at = [], 0
    for span in tex.scan(text).spans:
        pieces += [_prose(text[at : span.start]), _MARKUP.sub(_entity, dom.unbreak(text[span.start : span.end]))]
        at = span.end
    return "".join(pieces) + _prose(text[at:])


def _prose(text: str) -> str:
    return _MARKUP.sub(_entity, text).replace(dom.BREAK, "<br>")


def _entity(found: re.Match[str]) -> str:
    return "&lt;" if found[0] == "<" else "&amp;"


def _attribute(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
