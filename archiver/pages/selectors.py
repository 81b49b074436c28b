"""Where on a page an element is: selectors as profiles write them, CSS or XPath, each made ready once."""

from __future__ import annotations

from functools import cache
from typing import Any

from cssselect import HTMLTranslator, SelectorError
from lxml import etree
from lxml.html import HtmlElement

from archiver.errors import ProfileInvalid

_XPATH = ("/", "./", "(")
"""What XPath begins with, and CSS never does."""


def every(tree: HtmlElement, *selectors: str) -> list[HtmlElement]:
    """Return what the first selector finds that finds anything: below an element, or XPath from `/` anywhere."""
    return next((found for selector in selectors if (found := _ready(selector)(tree))), [])


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
