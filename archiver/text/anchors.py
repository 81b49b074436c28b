"""Anchors: the places within a text to which its own links lead, such as headings, formulas, anything with an id."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from lxml import etree

from archiver.text import dom

_NAME = re.compile(r"[\w.:~+%@/=,;!()-]{1,200}")
"""What can be in an attribute and in an address alike; real ids hold little else."""
_LONGEST = 1 + 200 * len("%F0%9F%98%80")
"""Characters of an address that can name one."""


def name(href: str | None) -> str | None:
    """Return the id that an address within the same page names, or None for any other address."""
    return _named(href) if href and href.startswith("#") and len(href) <= _LONGEST else None


@lru_cache(maxsize=256)  # each link is asked when anchors are looked for and again when it is written
def _named(href: str) -> str | None:
    found = unquote(href[1:])
    return found if _NAME.fullmatch(found) else None


def find(body: etree._Element) -> dict[etree._Element, str]:
    """Return the elements of a text to which its links lead, with their ids, each once.

    A heading's link to itself leads nowhere, and a link cannot hold a place.
    """
    wanted = {target for link in body.iter("a") if (target := name(link.get("href"))) and not is_within(link, target)}
    places: dict[etree._Element, str] = {}
    for element in (body, *dom.told(body)) if wanted else ():
        own = _own(element)
        if own in wanted and not _is_linked(element):
            places[element] = own
            wanted.remove(own)
    return places


def mark(place: str) -> str:
    """Return the HTML that marks an anchor in Markdown."""
    return f'<a id="{place}"></a>'


def _own(element: etree._Element) -> str:
    return element.get("id") or (element.tag == "a" and element.get("name")) or ""


def is_within(link: etree._Element, place: str) -> bool:
    """Return whether a link is inside its own target, or inside another element of the same name."""
    return any(_own(element) == place for element in (link, *link.iterancestors()))


def _is_linked(element: etree._Element) -> bool:
    return any(outer.get("href") is not None for outer in element.iterancestors("a"))
