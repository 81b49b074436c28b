"""The elements of a list in XML: one entry at a time, and without what makes XML dangerous.

Nothing is loaded and no entity replaced by what a document says it stands for; libxml2 stops where an attribute grows
out of proportion. Careless XML is read as far as it goes, as feeds are often not in order.
"""

from __future__ import annotations

import html
from collections.abc import Container, Iterator
from io import BytesIO
from typing import Any

from lxml import etree

_CHUNK = 4096
_SAFE: dict[str, Any] = {
    "recover": True,
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}


def root_name(body: bytes) -> str | None:
    """Return the name of the outermost element in lower case, without its namespace; None where there is none."""
    parser = etree.XMLPullParser(events=("start",), **_SAFE)
    try:
        for begin in range(0, len(body), _CHUNK):
            parser.feed(body[begin : begin + _CHUNK])
            for _, element in parser.read_events():
                return name_of(element).lower()  # type: ignore[arg-type]  # of a start, nothing else
    except etree.XMLSyntaxError:
        pass
    return None


def each(body: bytes, names: Container[str], url: str) -> Iterator[etree._Element]:
    """Yield each element of some names, whole, and at last the outermost one with all that is in none of them.

    An element that was yielded is emptied when the next one is asked for. `base` of an element is the address that
    its links count from, as XML Base says; `url` is that of the document.
    """
    events = etree.iterparse(BytesIO(body), events=("start", "end"), **_SAFE)
    root = None
    try:
        for event, element in events:
            if root is None:
                root = element
                root.getroottree().docinfo.URL = url
            elif event == "end" and name_of(element) in names:
                yield element
                element.clear()
                before, parent = element.getprevious(), element.getparent()
                if before is not None and parent is not None and name_of(before) in names:
                    parent.remove(before)
    except etree.XMLSyntaxError:
        pass
    if root is not None:
        yield root


def name_of(element: etree._Element) -> str:
    """Return the name of an element without its namespace; empty if it is not one, such as an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def text_of(element: etree._Element) -> str:
    """Return all text in an element; only the entities of HTML are replaced."""
    return "".join(_texts(element)).strip()


def _texts(element: etree._Element) -> Iterator[str]:
    for node in element.iter():
        if isinstance(node.tag, str):
            yield node.text or ""
        elif node.tag is etree.Entity:
            yield html.unescape(node.text or "")
        if node is not element:
            yield node.tail or ""
