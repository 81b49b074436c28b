"""Reads the text of a body in one plain walk, a witness for the readers that do more."""

from __future__ import annotations

from lxml import etree

from archiver.text import code, dom
from archiver.text.dom import Resolve

MAX_DEPTH = 100
"""Elements below this depth are read as one text; real posts nest about 15 deep."""

_WHOLE = dom.DROPPED | dom.EMBEDS | {"pre", "table"}
_EDGE = "\x00"  # between blocks; `clean` leaves no such character in text
_CODE = "\x01"  # before code, whose indentation counts


def read(body: etree._Element, resolve: Resolve) -> str:
    """Return the text of everything inside `body`, one block per line, formulas and code as they are.

    Pictures are left out (their captions are text), and so are the anchors of headings. Players and frames show their
    address, as they do in Markdown.
    """
    out: list[str] = []
    _walk(body, resolve, out, heading=False, depth=0)
    return _lines("".join(out))


def _walk(node: etree._Element, resolve: Resolve, out: list[str], *, heading: bool, depth: int) -> None:
    if depth > MAX_DEPTH:
        out += dom.texts(node)
        return
    if text := node.text:
        out.append(dom.clean(text))
    for child in node:
        tag = child.tag
        if tag == "br":
            out.append(dom.BREAK)
        elif isinstance(tag, str):
            leaf = _leaf(child, heading, resolve) if heading or tag in _WHOLE else None
            if leaf is not None:
                out.append(leaf)
            elif tag in dom.BLOCKS:
                out.append(_EDGE)
                _walk(child, resolve, out, heading=heading or tag in dom.HEADINGS, depth=depth + 1)
                out.append(_EDGE)
            else:
                _walk(child, resolve, out, heading=heading, depth=depth + 1)
        if tail := child.tail:
            out.append(dom.clean(tail))


def _leaf(node: etree._Element, heading: bool, resolve: Resolve) -> str | None:
    """Return the text of an element that is taken as a whole, or None."""
    tag = node.tag
    if tag in dom.DROPPED or (heading and dom.is_anchor(node)):
        return ""
    if tag in ("pre", "table") and code.is_listing(node):
        return f"{_EDGE}{_CODE}{code.text(node)}{_EDGE}"
    if tag in dom.EMBEDS:
        return _EDGE.join(["", *dom.embedded(node, resolve), ""])
    return None


def _lines(raw: str) -> str:
    blocks = []
    for block in raw.split(_EDGE):
        if not block or block.isspace():
            continue
        is_code = block.startswith(_CODE)
        text = block[1:].rstrip("\n") if is_code else dom.unbreak(block).strip(" \t\n")
        if text and not text.isspace():
            blocks.append(text)
    return "\n".join(blocks)
