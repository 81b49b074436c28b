"""Reads a body with three engines that check one another.

Markdown comes from our own serializer, which keeps TeX byte for byte. The plain text comes from trafilatura, or where
it loses something from readability, or as a last resort from a plain walk. Formulas, code and tables are hidden from
the extractors behind opaque words; a result that does not give every word back, in order, is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache

import trafilatura
from lxml import etree, html
from lxml.html import HtmlElement
from readability import Document as Readability
from readability.readability import Unparseable
from trafilatura.settings import Document, Extractor

from archiver.items import Content
from archiver.text import dom, markdown, plain
from archiver.text.agreement import MINIMUM, agreement, letters
from archiver.text.dom import Resolve
from archiver.text.tokens import Protector, Vault

MAX_EXTRACTED = 1_000_000
"""Characters; the extractors are not asked about longer texts. The longest real post has 34,000."""


def read(body: HtmlElement, resolve: Resolve) -> Content:
    """Return the content of a post's body, which is not changed."""
    with dom.held(body):
        return _content(body, resolve, _extracted(body, resolve))


def read_fragment(element: HtmlElement, resolve: Resolve) -> Content:
    """Return the content of a comment, which is not changed. Its text comes from the plain walk."""
    return _content(element, resolve, plain.read(element, resolve))


def _content(body: HtmlElement, resolve: Resolve, text: str) -> Content:
    written, found = markdown.write(body, resolve)
    return Content(
        markdown=written,
        text=text,
        formulas=tuple(found.formulas),
        code_blocks=tuple(found.code_blocks),
        images=tuple(found.images),
        links=tuple(found.links),
        unclosed=tuple(found.unclosed),
    )


def _extracted(body: HtmlElement, resolve: Resolve) -> str:
    """Return the text of the first extractor that keeps all of it, else that of the plain walk."""
    text = plain.read(body, resolve)
    if not text or len(text) > MAX_EXTRACTED:
        return text
    vault = Vault(text)
    page = html.Element("html")
    article = etree.SubElement(etree.SubElement(page, "body"), "article")
    Protector(vault, resolve).copy(body, article)
    for extract in (_trafilatura_text, _readability_text):
        found = extract(page)
        if vault.complete(found) and agreement(restored := vault.restore(found), text) >= MINIMUM:
            return restored
    return text


@cache
def _text_options() -> Extractor:
    options = Extractor(output_format="python", fast=True, comments=False, formatting=False, recall=True)
    options.min_extracted_size = 0  # a shorter text is no sign of failure, and the rescue would run it all together
    return options


def _trafilatura_text(page: HtmlElement) -> str:
    found = trafilatura.bare_extraction(page, options=_text_options())
    return found.text or "" if isinstance(found, Document) else ""


def _readability_text(page: HtmlElement) -> str:
    summary = _readability_body(page)
    return plain.read(summary, _nowhere) if summary is not None else ""


def _nowhere(href: str) -> None:
    """Resolve nothing: no address is asked for."""


# Pages on which the site rule finds no body

_BOILERPLATE_IDS = frozenset(
    {"breadcrumb", "comment_form", "comments", "content_tips", "entrynavigation", "footer", "header", "how_to_cite"}
    | {"mobilesidebar", "nav", "pay", "postcomment", "share_position", "sidebar", "similar", "tools", "topmenu"}
)
_BOILERPLATE_CLASSES = frozenset(
    {"allcomments", "comment-list", "comlistli", "posthead", "respond", "tools", "pagenavi"}
)
_NOTICES = ("转载到请包括本文地址", "更详细的转载事宜请参考")
MIN_BODY = 20
"""Letters; a page of less text has no body worth the name."""


def find_body(page: HtmlElement) -> tuple[HtmlElement, str] | None:
    """Return the body of a page that the site rule does not fit, and the engine that found it, or None.

    The page is not changed. Comments, menus and the blog's footer are taken out before any engine looks.
    """
    pruned = copy.deepcopy(page)
    for element in list(_boilerplate(pruned)):
        element.drop_tree()
    for name, find in (("trafilatura", _trafilatura_body), ("readability", _readability_body)):
        body = find(pruned)
        if body is not None and len(letters(plain.read(body, _nowhere))) >= MIN_BODY:
            return body, name
    return None


def _boilerplate(page: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what is not the post: parts known by id or class, and the notices at its end."""
    for element in page.iter(etree.Element):
        if (
            element.get("id", "").lower() in _BOILERPLATE_IDS
            or element.get("id", "").startswith(("comment-", "respond-"))
            or not _BOILERPLATE_CLASSES.isdisjoint(element.get("class", "").lower().split())
            or (element.tag == "p" and str(element.text_content()).lstrip().startswith(_NOTICES))
        ):
            yield element


def _trafilatura_body(page: HtmlElement) -> HtmlElement | None:
    vault = Vault(str(page.text_content()))
    hidden = html.Element("html")
    Protector(vault, _nowhere, markup=True).copy(page, hidden)
    options = Extractor(output_format="html", fast=True, comments=False, formatting=True, links=True, images=True)
    found = trafilatura.extract(hidden, options=options)
    if not found or not vault.unbroken(found):
        return None
    return _parsed(vault.restore(found))


def _readability_body(page: HtmlElement) -> HtmlElement | None:
    try:
        return _parsed(Readability(html.tostring(page, encoding="unicode")).summary(html_partial=True))
    except Unparseable:
        return None


def _parsed(markup: str) -> HtmlElement | None:
    try:
        body = html.document_fromstring(markup).find("body")
    except etree.ParserError:  # nothing in it
        return None
    return body
