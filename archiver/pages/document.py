"""A page as a tree, and the small questions every kind of page asks of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
from lxml.etree import ParserError, XMLSyntaxError
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Category
from archiver.urls import Site, category

_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_\-]+)""")


def parse(url: str, body: bytes) -> HtmlElement:
    """Return the tree of a page.

    Raises PageNotRecognised when there is nothing to read.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        return lxml.html.document_fromstring(decode(body).encode("utf-8"), parser=parser)
    except (ParserError, XMLSyntaxError) as error:
        raise PageNotRecognised(url, f"expected an HTML page, found nothing readable ({error})") from error


def decode(body: bytes) -> str:
    """Return the text of a page: UTF-8 as the blog sends, else what it declares, else GB18030, else with marks.

    NUL and lone surrogates, which no tree can hold, become U+FFFD.
    """
    declared = _CHARSET.search(body[:4096])
    names = ["utf-8-sig", declared[1].decode("ascii") if declared else "utf-8", "gb18030"]
    for name in names:
        try:
            text = body.decode(name)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        text = body.decode("utf-8", "replace")
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def has_class(name: str) -> str:
    """Return an XPath condition for elements with a class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def by_class(tag: str, name: str, below: str = "//") -> tuple[str, str]:
    """Return paths to elements with a class: of the tag they are known to be first, which is ten times as fast."""
    return f"{below}{tag}[{has_class(name)}]", f"{below}*[{has_class(name)}]"


def by_id(tag: str, name: str, below: str = "//") -> tuple[str, str]:
    """Return paths to an element with an id: of the tag it is known to be first."""
    return f"{below}{tag}[@id='{name}']", f"{below}*[@id='{name}']"


def first(tree: HtmlElement, *paths: str) -> HtmlElement | None:
    """Return the first element the first successful path finds."""
    return next((found[0] for path in paths if (found := tree.xpath(path))), None)


def text_of(element: HtmlElement) -> str:
    """Return an element's text with white space collapsed."""
    return " ".join(str(element.text_content()).split())


def date_in(text: str) -> str | None:
    """Return the first ISO date in a text."""
    found = _DATE.search(text)
    return found[1] if found else None


def links(tree: HtmlElement, site: Site, url: str) -> Iterator[tuple[HtmlElement, str]]:
    """Yield every link element under `tree` with its canonical address."""
    for element in tree.iter("a"):
        target = site.resolve(element.get("href") or "", url)
        if target:
            yield element, target


def menu(tree: HtmlElement, site: Site, url: str) -> tuple[Category, ...]:
    """Return the categories a page's menus link, in their order.

    A post's own line of categories counts too: it names the same ones.
    """
    found: dict[str, str] = {}
    for element, target in links(tree, site, url):
        place = category(target)
        if place and place[1] == 1:
            slug = place[0]
            name = text_of(element).removesuffix(slug).strip()
            if name and slug not in found and not name.isdigit() and name not in "«»":
                found[slug] = name
    return tuple(Category(slug=slug, name=name) for slug, name in found.items())
