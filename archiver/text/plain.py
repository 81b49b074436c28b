"""Reads the text of a body in one plain walk, a witness for the readers that do more."""

from __future__ import annotations

from lxml import etree

from archiver.text import dom
from archiver.text.dom import Resolve

_EDGE = "\x00"  # between blocks; `clean` leaves no such character in text
_CODE = "\x01"  # before code, whose indentation counts


def read(body: etree._Element, resolve: Resolve) -> str:
    """Return the text of everything inside `body`, one block a line, formulas and code as they stand.

    Pictures are left out (their captions are text), and so are the anchors of headings. Players and frames show their
    address, as they do in Markdown.
    """
    out: list[str] = []
    walk = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
    heading = False
    for event, node in walk:
        tag = node.tag
        if event == "start":
            leaf = _leaf(node, heading, resolve)
            if leaf is not None:
                out.append(leaf)
                walk.skip_subtree()
                continue
            if tag in dom.BLOCKS:
                out.append(_EDGE)
                heading = heading or tag in dom.HEADINGS
            if node.text:
                out.append(dom.clean(node.text))
        elif node is not body:
            if event == "end" and tag in dom.BLOCKS:
                out.append(_EDGE)
                heading = heading and tag not in dom.HEADINGS
            if node.tail:
                out.append(dom.clean(node.tail))
    return _lines("".join(out))


def _leaf(node: etree._Element, heading: bool, resolve: Resolve) -> str | None:
    """Return the text of an element that is not walked into, or None."""
    tag = node.tag
    if tag == "br":
        return dom.BREAK
    if tag in dom.DROPPED or (heading and tag == "a" and dom.is_anchor(node)):
        return ""
    if tag == "pre":
        return f"{_EDGE}{_CODE}{dom.code(node)}{_EDGE}"
    if tag in dom.EMBEDS:
        return _EDGE.join(["", *dom.embedded(node, resolve), ""])
    return None


def _lines(raw: str) -> str:
    blocks = []
    for block in raw.split(_EDGE):
        is_code = block.startswith(_CODE)
        text = block[1:].rstrip("\n") if is_code else dom.unbreak(block).strip(" \t\n")
        if text:
            blocks.append(text)
    return "\n".join(blocks)
