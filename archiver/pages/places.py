"""What is in the places that a profile names: the fields of a post, its text, and what is not part of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import surroundings
from archiver.pages.body import Body
from archiver.pages.claims import Claim
from archiver.pages.document import text_of
from archiver.pages.selectors import every
from archiver.profile import Fields, PostMarkup, Selectors

WITNESS = "site"
"""Witness of values that are where a profile says, and engine of such a text."""

_ATTRIBUTES = ("datetime", "content")
"""Attributes that hold a value made for programs, where an element has them."""


def claims(tree: HtmlElement, known: Fields) -> Iterator[Claim]:
    """Yield what a page says in the places a profile names; a licence is an address, all else are words."""
    for each in fields(known):
        for element in every(tree, *getattr(known, each.name)):
            value = element.get("href") if each.name == "license_url" else _value(element)
            yield Claim(each.name, value or "", WITNESS)


def _value(element: HtmlElement) -> str:
    return next(filter(None, map(element.get, _ATTRIBUTES)), None) or text_of(element)


def text(tree: HtmlElement, markup: PostMarkup) -> Body | None:
    """Return the text of a post from where a profile says, in a copy without other parts; None if it is not there.

    Several elements that a selector finds are excerpts of a list, and no text.
    """
    if len(every(tree, *markup.text)) != 1:
        return None
    page = copy.deepcopy(tree)
    found = every(page, *markup.text)
    surroundings.prune(page, set(found))
    prune(found[0], markup)
    return Body(found[0], WITNESS)


def drop(body: HtmlElement, unwanted: Selectors) -> None:
    """Remove from a text everything that any of these selectors finds."""
    for selector in unwanted:
        for element in every(body, selector):
            if element is not body and element.getparent() is not None:
                element.drop_tree()


def prune(body: HtmlElement, markup: PostMarkup) -> None:
    """Remove from a body what the blog puts under each text: notices and its footer.

    In old posts an unclosed quote swallows them, so they are looked for at any depth.
    """
    for name in markup.footer:
        for element in _DIVISION(body, name=name) or _ANY(body, name=name):
            if element.getparent() is not None:
                element.drop_tree()
    for notice in markup.notices:
        _cut(body, notice)
    for element in every(body, *markup.hollow):
        if element is not body and not text_of(element) and len(element) == 0:
            element.drop_tree()


_DIVISION: Any = etree.XPath("descendant::div[@id=$name]")
_ANY: Any = etree.XPath("descendant::*[@id=$name]")
_TEXTS: Any = etree.XPath("descendant::text()[contains(., $notice)]")


def beside(markup: PostMarkup, page: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what is known not to be the text of a page: parts known by id or class, and notices at its end."""
    apart = markup.apart
    for element in page.iter(etree.Element):
        name = element.get("id", "")
        if (
            name.lower() in apart.ids
            or name.startswith(apart.prefixes)
            or not apart.classes.isdisjoint(element.get("class", "").lower().split())
            or (element.tag == "p" and str(element.text_content()).lstrip().startswith(markup.notices))
        ):
            yield element


def _cut(body: HtmlElement, notice: str) -> None:
    """Remove the last paragraph that begins with a notice; a post may well quote one earlier.

    Where the whole text is one paragraph, only what follows the notice goes.
    """
    starts = [
        found.getparent()
        for found in _TEXTS(body, notice=notice)
        if found.is_text and found.lstrip().startswith(notice)
    ]
    if not starts:
        return
    innermost = starts[-1]
    outermost = innermost
    for above in innermost.iterancestors():
        if above is body or not _begins(above, notice):
            break
        outermost = above
    for later in list(outermost.itersiblings()) if outermost.tag not in ("p", "div") else []:
        later.drop_tree()
    if outermost.tag not in ("p", "div"):
        outermost.tail = None
    outermost.drop_tree()


def _begins(element: HtmlElement, notice: str) -> bool:
    return str(element.text_content()).lstrip().startswith(notice)
