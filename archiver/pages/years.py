"""Days without a year, as in `09-25`, and the year that a heading above them names."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import dates
from archiver.pages.document import text_of
from archiver.text import dom

_YEAR = re.compile(r"((?:19|20)\d\d)\s*年?(?:\W*\d+\W*)?")
"""A heading that is only a year and a number of posts."""
_CALLED = re.compile(r"year|collection", re.IGNORECASE)
"""Part of the class of an element that serves as a heading."""
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})[-/.月](\d{1,2})日?(?![\d./-])")


def above(tree: HtmlElement) -> dict[HtmlElement, str]:
    """Return for each link on a page the year named by the last such heading before it, if there is one."""
    year, found = "", {}
    for element in tree.iter(etree.Element):
        if element.tag in dom.HEADINGS or _CALLED.search(element.get("class", "")):
            named = _YEAR.fullmatch(text_of(element))
            year = named[1] if named else year
        elif element.tag == "a" and year:
            found[element] = year
    return found


def day(text: str, year: str) -> str | None:
    """Return the day, `YYYY-MM-DD`, that a text names without its year; None where it names none."""
    if numbers := _NUMBERS.search(text):
        return dates.iso(int(year), int(numbers[1]), int(numbers[2]))
    found = dates.moment(f"{text.strip()}, {year}") or dates.moment(f"{text.strip()} {year}")
    return found[:10] if found else None
