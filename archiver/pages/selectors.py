"""Where on a page an element is: selectors as profiles write them, CSS or XPath, each made ready once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from cssselect import HTMLTranslator, SelectorError
from lxml import etree
from lxml.html import HtmlElement

from archiver.errors import ProfileInvalid
from archiver.profile import Profile

_XPATH = ("/", "./", "(")
"""What XPath begins with, and CSS never does."""


def check(known: Profile) -> None:
    """Raise ProfileInvalid for the first selector of a profile that is neither CSS nor XPath."""
    for place, selector in known.selectors():
        try:
            _ready(selector)
        except ProfileInvalid as error:
            raise ProfileInvalid(f"{known.written[1]}: {place}: {error}") from error


def every(tree: HtmlElement, *selectors: str) -> list[HtmlElement]:
    """Return what the first selector finds that finds anything: below an element, or XPath from `/` anywhere.

    Of texts and attributes, the elements that have them.
    """
    return next((found for selector in selectors if (found := _elements(_ready(selector)(tree)))), [])


def _elements(found: Any) -> list[HtmlElement]:
    """Return the elements of what XPath finds: none where that is a number, a truth or a text it makes."""
    if not isinstance(found, list):
        return []
    owners: Iterator[Any] = (getattr(each, "getparent", str)() if isinstance(each, str) else each for each in found)
    return list(dict.fromkeys(each for each in owners if isinstance(each, HtmlElement)))


def first(tree: HtmlElement, *selectors: str) -> HtmlElement | None:
    """Return the first element that the first successful selector finds."""
    return next(iter(every(tree, *selectors)), None)


@cache
def _ready(selector: str) -> Any:
    """Return what evaluates a selector; raise ProfileInvalid for one that is neither CSS nor XPath."""
    try:
        return etree.XPath(selector if selector.startswith(_XPATH) else HTMLTranslator().css_to_xpath(selector))
    except (SelectorError, etree.XPathSyntaxError) as error:
        raise ProfileInvalid(f"expected a selector in CSS or XPath, found {selector!r} ({error})") from error
