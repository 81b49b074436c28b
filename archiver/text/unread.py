"""What a body holds and its reading left out: mathematics set before it was served, pictures, and text out of place."""

from __future__ import annotations

from functools import partial

from lxml import etree
from lxml.html import HtmlElement

from archiver.items import Content
from archiver.text import dom, drawings, pictures
from archiver.text.dom import Resolve
from archiver.text.pictures import Follow

_SET = {
    "`script type=math/..`": ".//script[starts-with(@type, 'math/')]",
    "`.katex`": ".//*[contains(concat(' ', normalize-space(@class), ' '), ' katex ')]",
    "`.MathJax`": ".//*[starts-with(@class, 'MathJax')]",
    "`mjx-container`": ".//mjx-container",
    "`<math>`": ".//math",
}
_CLASSED = etree.XPath("boolean(descendant::*[@class[contains(., 'katex') or contains(., 'MathJax')]])")
_LOST = {
    "delimiters": "formulas that no delimiters can hold, kept as text",
    "asciimath": "formulas in AsciiMath that are too long to be read, kept as text",
}
"""What `archiver.text.sources` could not make formulas of."""
_LIVE = ("canvas", "input")
_FIELDS = frozenset({"color", "date", "email", "number", "range", "tel", "text", "time", "url"})
"""Types of input fields that are part of an article; check boxes and buttons serve menus and code blocks."""
_SILENT = ("button", "select", "svg")
"""Elements whose content is not read because no paragraph is in them; one that is not closed swallows the rest."""


def check(body: HtmlElement, content: Content, resolve: Resolve) -> list[str]:
    """Return, in plain sentences, what of a body is not in its content."""
    pictures_lost = _pictures(body, content, partial(dom.target, resolve=resolve))
    return [*_mathematics(body), *pictures_lost, *_players(body, content, resolve), *_live(body), *_text(body)]


def _mathematics(body: HtmlElement) -> list[str]:
    if next(body.iterdescendants("math", "mjx-container", "script", dom.PROSE), None) is None and not _CLASSED(body):
        return []
    found = {name: set(body.xpath(path)) for name, path in _SET.items()}
    every = set().union(*found.values())
    lost = sum(1 for element in every if every.isdisjoint(element.iterancestors()))
    named = ", ".join(name for name, elements in found.items() if elements)
    issues = [f"formulas that are not read, whose source the page does not hold: {lost} ({named})"] if lost else []
    for reason, sentence in _LOST.items():
        if lost := len(body.xpath(f".//{dom.PROSE}[@lost = $reason]", reason=reason)):
            issues.append(f"{sentence}: {lost}")
    return issues


def _pictures(body: HtmlElement, content: Content, follow: Follow) -> list[str]:
    known = {image.url for image in content.images}
    lost = sum(_is_lost(element, known, follow) for element in body.iter("img", "picture", "svg"))
    return [f"pictures of the page that are not read: {lost}"] if lost else []


def _is_lost(element: HtmlElement, known: set[str], follow: Follow) -> bool:
    if element.tag == "svg":
        return drawings.is_shown(element)
    if element.tag == "picture":
        return next(element.iter("img"), None) is None and next(element.iter("source"), None) is not None
    if any(box.tag in ("noscript", "template") for box in element.iterancestors()):
        return False
    if urls := list(pictures.addresses(element, follow)):
        return known.isdisjoint(urls)
    return pictures.is_promised(element) and pictures.spare(element, follow) not in known


def _players(body: HtmlElement, content: Content, resolve: Resolve) -> list[str]:
    known = {link.url for link in content.links}
    hidden = (*dom.EMBEDS, "noscript", "template")
    shown = (element for element in body.iter(*dom.EMBEDS) if next(element.iterancestors(*hidden), None) is None)
    lost = 0
    for element in shown:
        urls = dom.embedded(element, resolve)
        lost += element.get("srcdoc") is not None or not urls or not known.issuperset(urls)
    return [f"players or frames of the page whose address is not read: {lost}"] if lost else []


def _live(body: HtmlElement) -> list[str]:
    """Return what only a running page shows: drawings by a script, and fields for readers to fill in."""
    unseen = ("noscript", "template")
    seen = [each for each in body.iter(*_LIVE) if next(each.iterancestors(*unseen), None) is None]
    drawn = sum(each.tag == "canvas" for each in seen) + sum(map(drawings.awaits_script, body.iter("svg")))
    fields = sum(each.tag != "canvas" and each.get("type", "text").lower() in _FIELDS for each in seen)
    issues = [f"drawings by scripts of the page that are not read: {drawn}"] if drawn else []
    return [*issues, f"fields of forms that are not read: {fields}"] if fields else issues


def _text(body: HtmlElement) -> list[str]:
    outermost = (element for element in body.iter(*_SILENT) if next(element.iterancestors(*_SILENT), None) is None)
    found = {element.tag for element in outermost if _holds_paragraphs(element)}
    found |= {root.tag for root in body.iter("template") if root.get("shadowrootmode") and _holds_paragraphs(root)}
    return [f"text inside `<{tag}>` is not read" for tag in sorted(map(str, found))]


def _holds_paragraphs(element: etree._Element) -> bool:
    blocks = element.iter("p", "pre", "code", "table", dom.FORMULA, *dom.HEADINGS)
    return any("".join(dom.texts(block)).strip() for block in blocks)
