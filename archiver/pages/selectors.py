"""Where on a page an element is: selectors as profiles write them, CSS or XPath, each compiled once.

A page is gone through once for all names in it while it is `unchanged`; else each selector goes through it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, TypeVar

from cssselect import HTMLTranslator, SelectorError
from lxml import etree
from lxml.html import HtmlElement

from archiver.errors import ProfileInvalid
from archiver.profile import Profile

_XPATH = ("/", "./", "(")
"""What XPath begins with, and CSS never does."""
_NAMED = re.compile(r"([a-z][a-z0-9]*)?([#.][A-Za-z_][\w-]*)(?: +([^\s,>+~][^,]*))?")
"""A CSS selector that begins with a name: a tag, the name, and what is wanted inside."""
_WORD = re.compile(r"[^ \t\r\n]+")
# By their attributes: a condition on every element costs more.
_NAMES: Any = etree.XPath("(descendant-or-self::*/@id | descendant-or-self::*/@class)/..")
_IDS: Any = etree.XPath("descendant-or-self::*/@id", smart_strings=False)
_unchanged: ContextVar[tuple[HtmlElement, dict[Any, Any]] | None] = ContextVar("unchanged", default=None)

Found = TypeVar("Found")


def check(known: Profile) -> None:
    """Raise ProfileInvalid for the first selector of a profile that is neither CSS nor XPath."""
    for place, selector in known.selectors():
        try:
            _ready(selector)
        except ProfileInvalid as error:
            raise ProfileInvalid(f"{known.written[1]}: {place}: {error}") from error


def every(tree: HtmlElement, *selectors: str) -> list[HtmlElement]:
    """Return what the first successful selector finds: below an element or, by XPath from `/`, anywhere.

    Of texts and attributes, the elements that have them.
    """
    return next((found for selector in selectors if (found := _elements(_ready(selector)(tree)))), [])


def _elements(found: Any) -> list[HtmlElement]:
    """Return the elements that XPath finds: none if the result is a number, a boolean or a computed text."""
    if not isinstance(found, list):
        return []
    owners: Iterator[Any] = (getattr(each, "getparent", str)() if isinstance(each, str) else each for each in found)
    return list(dict.fromkeys(each for each in owners if isinstance(each, HtmlElement)))


def first(tree: HtmlElement, *selectors: str) -> HtmlElement | None:
    """Return the first element that the first successful selector finds."""
    return next(iter(every(tree, *selectors)), None)


@contextmanager
def unchanged(tree: HtmlElement) -> Iterator[None]:
    """Ask a tree, which nobody is to change meanwhile, each thing only once."""
    known = _unchanged.get()
    token = _unchanged.set(known if known and known[0] is tree else (tree, {}))
    try:
        yield
    finally:
        _unchanged.reset(token)


def once(tree: HtmlElement, ask: Callable[[HtmlElement], Found]) -> Found:
    """Return what a function finds in a tree: what it found before, while that is `unchanged`; not to be changed."""
    known = _unchanged.get()
    if known is None or known[0] is not tree:
        return ask(tree)
    if ask not in known[1]:
        known[1][ask] = ask(tree)
    found: Found = known[1][ask]
    return found


def names_within(tree: HtmlElement) -> Iterable[str]:
    """Return the ids (`#name`) and classes (`.name`) of an element and of what is in it, each once."""
    return once(tree, _bearers)


def ids_within(element: HtmlElement) -> list[str]:
    """Return the ids of an element and of what is in it, each at least once."""
    if _is_unchanged(element):
        return [name[1:] for name in once(element, _bearers) if name.startswith("#")]
    found: list[str] = _IDS(element)
    return found


def _is_unchanged(tree: HtmlElement) -> bool:
    known = _unchanged.get()
    return known is not None and known[0] is tree


def _bearers(tree: HtmlElement) -> dict[str, list[HtmlElement]]:
    """Return the elements of a tree by id (`#name`) and class (`.name`)."""
    names: dict[str, list[HtmlElement]] = {}
    for element in _NAMES(tree):
        if word := element.get("id"):
            names.setdefault(f"#{word}", []).append(element)
        value = element.get("class", "")
        for name in _classes(value) if len(value) <= _USUAL else _names(value):
            names.setdefault(name, []).append(element)
    return names


def _names(value: str) -> tuple[str, ...]:
    """Return the classes (`.name`) of an attribute, each once."""
    return tuple(dict.fromkeys(f".{word}" for word in _WORD.findall(value)))


_classes = lru_cache(maxsize=4096)(_names)  # the same few on all pages of a blog
_USUAL = 200  # characters of such an attribute that is remembered


@cache
def _ready(selector: str) -> Callable[[HtmlElement], Any]:
    """Return a function that evaluates a selector; raise ProfileInvalid for one that is neither CSS nor XPath."""
    try:
        if selector.startswith(_XPATH):
            return etree.XPath(selector)
        search = etree.XPath(HTMLTranslator().css_to_xpath(selector))
        named = _NAMED.fullmatch(selector)
        if named is None:
            return search
        tag, name, within = named.groups()
        inside: Any = within and etree.XPath(HTMLTranslator().css_to_xpath(within, prefix="descendant::"))
    except (SelectorError, etree.XPathSyntaxError) as error:
        raise ProfileInvalid(f"expected a selector in CSS or XPath, found {selector!r} ({error})") from error

    def look_up(tree: HtmlElement) -> Any:
        if not _is_unchanged(tree):
            return search(tree)
        found = [element for element in once(tree, _bearers).get(name, ()) if tag is None or element.tag == tag]
        return [each for element in found for each in inside(element)] if inside else found

    return look_up
