"""Author and date of a page by trafilatura's general rules: a witness of last resort.

Its traps (measured on this blog's pages with trafilatura 2.3.1): it drops author names without a space, takes dates
from comments, and turns the year of a BibTeX entry into the first of January. So comments and citation are removed
first, and a first of January that the page does not show is no date. Where nothing is marked as a date, it takes
any in the text, such as that of a paper cited: it is not asked to look so far.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata

from archiver.text import dom

MISLEADING = frozenset({"comments", "PostComment", "how_to_cite", "SideBar", "similar", "MobileSideBar"})
"""Ids of elements with names and dates that are not the article's."""

_NEW_YEAR = re.compile(r"\b0?1(?:[-/ ]|\s*月\s*)0?1\b|\bJan(uary)?\.? 0?1\b", re.ASCII)  # else 年1 has no boundary


@dataclass(frozen=True, slots=True)
class Guess:
    """What general rules find on a page."""

    author: str | None
    date: str | None
    """As `YYYY-MM-DD`."""


def guess(page: HtmlElement) -> Guess:
    """Return what trafilatura finds on a page, which is not changed, with its traps removed."""
    pruned = copy.deepcopy(page)
    for element in [found for found in pruned.iter(etree.Element) if found.get("id") in MISLEADING]:
        if element.getparent() is not None:
            element.drop_tree()
    found = extract_metadata(pruned, extensive=False)
    date = found.date if found else None
    text = "".join(dom.texts(pruned))
    if date and date.endswith("-01-01") and not _NEW_YEAR.search(text):
        date = None
    return Guess(author=found.author if found else None, date=date)
