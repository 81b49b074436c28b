"""Reads a body with three engines that check one another.

Markdown comes from our own serializer, which keeps TeX byte for byte. The plain text comes from trafilatura, or where
it loses something from readability, or as a last resort from a plain walk. Formulas, code and tables are hidden from
the extractors behind opaque words; a result that does not give every word back, in order, is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

import trafilatura
from lxml import etree, html
from lxml.html import HtmlElement
from readability import Document as Readability
from trafilatura.settings import Document, Extractor

from archiver.items import Content
from archiver.text import dom, markdown, paragraphs, plain
from archiver.text.agreement import MINIMUM, agreement, letters
from archiver.text.dom import Resolve
from archiver.text.tokens import CopiedElement, Protector, Vault

Found = TypeVar("Found")

Beside = Callable[[HtmlElement], Iterator[HtmlElement]]
"""Yields the elements of a page that are known not to be its text."""

MAX_EXTRACTED = 1_000_000
"""Characters; the extractors are not asked about longer texts. The longest real post has 34,000."""


def read(body: HtmlElement, resolve: Resolve) -> Content:
    """Return the content of a post's body, which is not changed."""
    body = _as_browsers_read(body)
    with dom.held(body):
        return _content(body, resolve, _extracted(body, resolve))


def read_fragment(element: HtmlElement, resolve: Resolve) -> Content:
    """Return the content of a comment, which is not changed. Its text comes from the plain walk."""
    element = _as_browsers_read(element)
    return _content(element, resolve, plain.read(element, resolve))


def _as_browsers_read(body: HtmlElement) -> HtmlElement:
    """Return a body that `pages.document` parsed as it is, and that of another parser corrected."""
    if dom.is_overfull(body):
        body = copy.deepcopy(body)
        dom.empty(body)
    return body


def _content(body: HtmlElement, resolve: Resolve, text: str) -> Content:
    written, found = markdown.write(body, resolve)
    return Content(
        markdown=written,
        text=text,
        formulas=tuple(found.formulas),
        code_blocks=tuple(found.code_blocks),
        images=tuple(found.images),
        links=tuple(found.links),
        embedded=tuple(found.embedded.values()),
        unclosed=tuple(found.unclosed),
    )


def _extracted(body: HtmlElement, resolve: Resolve) -> str:
    """Return the text of the first extractor that keeps all of it, else that of the plain walk."""
    if len(dom.clean(str(body.text_content()))) > MAX_EXTRACTED:
        return plain.read(body, resolve)
    vault, article = Vault(), CopiedElement("article")
    Protector(vault, resolve).copy(body, article)
    text = paragraphs.read(article, vault.sources)
    if text is not None:
        return text
    page = vault.tree(CopiedElement("html", [CopiedElement("body", [article])]))
    wanted = "".join(str(page.text_content()).split())
    if not wanted:
        return ""
    for extract in (_trafilatura_text, _readability_text):
        found = _asked(extract, page) or ""
        if not vault.complete(found):
            continue
        text = vault.restore(found)
        # Most texts differ from the article's only in white space, which is quick to see.
        if "".join(found.split()) == wanted or agreement(text, plain.read(body, resolve)) >= MINIMUM:
            return text
    return plain.read(body, resolve)


def _asked(engine: Callable[[HtmlElement], Found], page: HtmlElement) -> Found | None:
    """Return what an engine finds. Whatever goes wrong inside an engine counts as a refusal and loses no post."""
    try:
        return engine(page)
    except Exception:
        return None


@cache
def _text_options() -> Extractor:
    options = Extractor(output_format="python", fast=True, comments=False, formatting=False, recall=True)
    options.min_extracted_size = 0  # a shorter text is no failure, and the rescue would run everything together
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

MIN_BODY = 20
"""Letters; a page of less text has no body worth the name."""
MAX_EXTRA = 0.1
"""Share of an element's letters that the engine may have left out if the element is to be the body. Headings and
captions of a post are a few per cent; on pages with more around the text, the engine's own selection counts."""
_COVERED = 0.97  # share of the engine's text that the body's element has to hold


def find_body(page: HtmlElement, beside: Beside = lambda _: iter(())) -> tuple[HtmlElement, str] | None:
    """Return the body of a page that the site rule does not fit, and the engine that found it, or None.

    The page is not changed. What is known not to be text, such as comments, menus and footers, is removed
    before any engine looks.
    """
    pruned = copy.deepcopy(page)
    for element in list(beside(pruned)):
        if element.getparent() is not None:
            element.drop_tree()
    for name, selected in selections(pruned):
        around = element_around(pruned, plain.read(selected, _nowhere))
        return selected if around is None else around, name
    return None


def selections(page: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    """Yield each scorer's name and a copy of what it takes for the text of a page, which is not changed.

    Nothing for a page too long to be asked about; scripts and styles, which a saved page may hold whole, do not count.
    """
    unseen = sum(len(element.text or "") for element in page.iter("script", "style"))
    if len(str(page.text_content())) - unseen > MAX_EXTRACTED:
        return
    for name, find in (("trafilatura", _trafilatura_body), ("readability", _readability_body)):
        selected = _asked(find, page)
        if selected is not None and len(_letters_of(selected)) >= MIN_BODY:
            yield name, selected


def element_around(page: HtmlElement, text: str, most_extra: float = MAX_EXTRA) -> HtmlElement | None:
    """Return the innermost element that holds the text an engine selected, if at most `most_extra` of it is other text.

    Engines drop pictures and flatten markup; in the page itself nothing is lost.
    """
    lines = [line for line in map(letters, text.split("\n")) if line]
    wanted = sum(map(len, lines))
    element, inside = page, _letters_of(page)
    for _ in range(plain.MAX_DEPTH):
        for child in element.iterchildren(etree.Element):
            within = _letters_of(child)
            if len(within) >= wanted * _COVERED <= sum(len(line) for line in lines if line in within):
                element, inside = child, within
                break
        else:
            break
    return element if wanted >= len(inside) * (1 - most_extra) else None


def _letters_of(element: HtmlElement) -> str:
    return letters(plain.read(element, _nowhere))


def _trafilatura_body(page: HtmlElement) -> HtmlElement | None:
    vault, hidden = Vault(), CopiedElement("html")
    Protector(vault, _nowhere, markup=True).copy(page, hidden)
    options = Extractor(output_format="html", fast=True, comments=False, formatting=True, links=True, images=True)
    found = trafilatura.extract(vault.tree(hidden), options=options)
    return _parsed(vault.restore(found)) if found and vault.unbroken(found) else None


def _readability_body(page: HtmlElement) -> HtmlElement | None:
    return _parsed(Readability(html.tostring(page, encoding="unicode")).summary(html_partial=True))


def _parsed(markup: str) -> HtmlElement | None:
    page = html.document_fromstring(markup)
    dom.empty(page)
    return page.find("body")
