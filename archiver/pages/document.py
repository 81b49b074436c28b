"""A page as a tree, and the small questions every kind of page asks of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import lxml.html
from lxml import etree
from lxml.etree import ParserError, XMLSyntaxError
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Category, Content, PostLink
from archiver.pages import dates
from archiver.pages.charset import decode
from archiver.text import dom
from archiver.urls import Site

_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
LARGEST = 4 << 20
"""Bytes of a page that are read; the largest real one has 0.4 MiB, and reading takes a hundred times its size."""

DEEPEST = 256
"""How deep elements may be nested; the deepest real page has 40 levels, and libxml2 gives up at 2048."""

MOST_ATTRIBUTES = 500
"""Attributes of one tag; the most on a real page are 9."""

LONGEST_TAG = 5000
"""Characters up to which a tag is left alone, whatever its attributes."""

_LONG = re.compile(rf"<[^<>]{{{LONGEST_TAG}}}")
_LONG_TAG = re.compile(rf"<([A-Za-z][A-Za-z0-9]*)\s[^<>]{{{LONGEST_TAG},}}>")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)[^<>]*>")
_METADATA = frozenset(
    {"base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style", "template"}
)
_METADATA |= {"title"}
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_BODY_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_CROWDED = re.compile(
    r"(<pre\b[^<>]*>)\s*(<(?:dl|h[1-6]|hr|li|ol|p|table|ul)\b(?:(?!<pre\b)[\s\S])*?)(</pre\s*>)", re.IGNORECASE
)
"""A `<pre>` that begins with a tag at which libxml2 would end it."""

_OTHERS = {
    b"%PDF-": "a PDF document",
    b"%!PS-Adobe-": "a PostScript document",
    b"\x89PNG\r\n\x1a\n": "a PNG picture",
    b"GIF87a": "a GIF picture",
    b"GIF89a": "a GIF picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b\x08": "gzip data",
}
"""What the first bytes say that a file is (https://mimesniff.spec.whatwg.org/#sniffing-a-mislabeled-binary-resource)."""


def parse(url: str, body: bytes) -> HtmlElement:
    """Return the tree of a page.

    Raises PageNotRecognised when there is nothing to read.
    """
    return parse_with_flaws(url, body)[0]


def parse_with_flaws(url: str, body: bytes) -> tuple[HtmlElement, tuple[str, ...]]:
    """Return the tree of a page and the faults of its bytes, in plain sentences.

    Raises PageNotRecognised when there is nothing to read, or far too much.
    """
    if len(body) > LARGEST:
        raise PageNotRecognised(url, f"expected a page of at most {LARGEST >> 20} MiB, found {len(body) >> 20} MiB")
    if (other := next((name for sign, name in _OTHERS.items() if body.startswith(sign)), None)) is not None:
        raise PageNotRecognised(url, f"expected an HTML page, found {other}")
    text, flaws = decode(body)
    text = _as_browsers_read(_without_controls(text, body))
    # The pattern takes longer than to see that there can be no such tag.
    text, shortened = _LONG_TAG.subn(_shortened, text) if _LONG.search(text) else (text, 0)
    flaws += ("a tag with thousands of attributes was shortened",) if shortened else ()
    tree, whole = _tree(url, text)
    if not whole:
        tree, _ = _tree(url, flattened(text))
        flaws += (f"elements nested deeper than {DEEPEST} were taken out, their text kept",)
    return tree, flaws


def _tree(url: str, text: str) -> tuple[HtmlElement, bool]:
    """Return the tree of a text, and whether all of the text is in it: libxml2 ends at a depth of 2048."""
    parser = dom.parser()
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (ParserError, XMLSyntaxError) as error:
        raise PageNotRecognised(url, f"expected an HTML page, found nothing readable ({error})") from error
    dom.empty(tree)
    _begin_body(tree)
    return tree, not any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def _begin_body(tree: HtmlElement) -> None:
    """Move what is not metadata from the head to the body: without a `<body>` libxml2 takes `<main>` for metadata."""
    head = tree.find("head")
    begins = () if head is None else (part for part in head.iterchildren(etree.Element) if part.tag not in _METADATA)
    first_part = next(iter(begins), None)
    if first_part is None:
        return
    moved = [first_part, *first_part.itersiblings()]
    body = tree.find("body")
    if body is None:
        body = etree.SubElement(tree, "body")
    moved[-1].tail, body.text = (moved[-1].tail or "") + (body.text or ""), None
    body[0:0] = moved


def _without_controls(text: str, body: bytes) -> str:
    """Return HTML without control characters and references to them: lxml makes texts of them that it then refuses.

    A form feed is a blank in HTML. `body` is where the text comes from: in bytes they are looked for quickly.
    """
    if len(body.translate(None, _CONTROL_BYTES)) < len(body) or "\ufffe" in text or "\uffff" in text:
        text = _CONTROLS.sub("", text.replace("\f", " "))
    return _REFERENCES.sub(_not_a_control, text) if "&#" in text else text


def _not_a_control(found: re.Match[str]) -> str:
    number = int(found[1]) if found[1] else int(found[2], 16)
    if number == _FORM_FEED:
        return " "
    return "" if number and _CONTROLS.match(chr(number)) else found[0]


_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML may not hold (1.0, section 2.2), besides NUL and surrogates."""
_CONTROL_BYTES = bytes(number for number in range(1, 0x20) if _CONTROLS.match(chr(number)))
_REFERENCES = re.compile(
    "&#(?:0*([0-9]{1,2}|6553[45])(?![0-9])|[Xx]0*([0-9A-Fa-f]{1,2}|[Ff]{3}[EFef])(?![0-9A-Fa-f]));?"
)
_FORM_FEED = 0x0C


def _as_browsers_read(text: str) -> str:
    """Return HTML of which libxml2 makes the tree that browsers make: no text ends with a stray `</body>`."""
    return _CROWDED.sub(r"\1<span>\2</span>\3", _BODY_END.sub("", text))


def _shortened(tag: re.Match[str]) -> str:
    """Return a tag without attributes if it has so many that libxml2, which compares each with each, would hang."""
    return f"<{tag[1]}>" if tag[0].count("=") > MOST_ATTRIBUTES else tag[0]


def flattened(text: str) -> str:
    """Return HTML without the tags of elements that are nested too deeply; their text stays."""
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2].lower() in _VOID:
            return tag[0]
        depth += -1 if tag[1] else 1
        inside = depth < DEEPEST if tag[1] else depth <= DEEPEST
        return tag[0] if inside else " "

    return _TAG.sub(kept, text)


def has_class(name: str) -> str:
    """Return an XPath condition for elements with a class."""
    # The first condition, which is quick, is almost always the last.
    return f"(contains(@class, '{name}') and contains(concat(' ', normalize-space(@class), ' '), ' {name} '))"


def classes_within(element: HtmlElement) -> set[str]:
    """Return all classes of an element and of what is in it."""
    return {name for value in cast("list[str]", _CLASSES(element)) for name in value.split()}


_CLASSES = etree.XPath("descendant-or-self::*/@class", smart_strings=False)


_UNSAID = (
    f".//annotation | .//annotation-xml | .//*[@role='doc-noteref'] | .//*[{has_class('ltx_note')}]"
    f" | .//*[{has_class('katex-html')}][../*[{has_class('katex-mathml')}]]"
)


def own_text(element: HtmlElement) -> str:
    """Return the words of an element that are in no element of it."""
    return "".join([element.text or "", *(each.tail or "" for each in element)]).strip()


def text_of(element: HtmlElement) -> str:
    """Return an element's text with white space collapsed."""
    return " ".join(str(element.text_content()).split())


def title_of(heading: HtmlElement) -> str:
    """Return a heading's text without the symbol that links to the heading itself, notes, and sources of formulas."""
    if heading.xpath(_UNSAID):
        heading = copy.deepcopy(heading)
        for element in heading.xpath(_UNSAID):
            if element.getparent() is not None:
                element.drop_tree()
    words = text_of(heading)
    for link in filter(dom.is_anchor, heading.iter("a")):
        sign = text_of(link)
        words = words.removesuffix(sign).removeprefix(sign).strip()
    return words


def date_in(text: str) -> str | None:
    """Return the first ISO date in a text that exists."""
    return next(filter(None, (dates.iso(*map(int, found.groups())) for found in _DATE.finditer(text))), None)


def links(tree: HtmlElement, site: Site, url: str) -> Iterator[tuple[HtmlElement, str]]:
    """Yield every link element under `tree` with its canonical address."""
    for element in tree.iter("a"):
        target = site.resolve(element.get("href") or "", url)
        if target:
            yield element, target


def sorted_links(content: Content, site: Site) -> Content:
    """Return a content whose links say where in the blog they lead: to a post or to another page."""
    return replace(content, links=tuple(_sorted(link, site) for link in content.links)) if content.links else content


def _sorted(link: PostLink, site: Site) -> PostLink:
    if link.kind == "other" or not site.owns(link.url):
        return link
    number = site.post_id(link.url)
    return replace(link, kind="post" if number else "site", target_post_id=number)


def menu(tree: HtmlElement, site: Site, url: str) -> tuple[Category, ...]:
    """Return the categories a page's menus link, in their order.

    A post's own line of categories counts too: it names the same ones.
    """
    found: dict[str, str] = {}
    for element, target in links(tree, site, url):
        place = site.category(target)
        if place and place[1] == 1:
            slug = place[0]
            name = text_of(element).removesuffix(slug).strip()
            if name and slug not in found and not name.isdigit() and name not in "«»":
                found[slug] = name
    return tuple(Category(slug=slug, name=name) for slug, name in found.items())
