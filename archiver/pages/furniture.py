"""The addresses on a page or in a style sheet: what it links, what it needs to be shown, which feeds it names.

For the rest of the blog (front page, tags, independent pages, feeds, files): no list names these, but links do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from lxml import etree
from lxml.html import HtmlElement
from lxml.html.defs import link_attrs

from archiver.errors import PageNotRecognised
from archiver.pages.document import parse
from archiver.urls import Site, is_picture

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# An address without quotes has no bracket in it (CSS Syntax, section 4.3.6). Nothing is read twice: pages may be huge.
_CSS = re.compile(
    r"""url\(\s*+(?:"([^"\n]*)"|'([^'\n]*)'|([^()"'\s]*+))\s*+\)|@import\s++(?:"([^"\n]*)"|'([^'\n]*)')""",
    re.IGNORECASE,
)
_SHOWN = frozenset({"stylesheet", "icon", "apple-touch-icon", "preload"})
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)[^,]*")
_VERSION = re.compile(r"v(?:er(?:sion)?)?=[\w.-]*")
"""A query that only keeps browsers from showing an old picture, as Hexo's and WordPress's themes write it."""
_ATTRIBUTES = link_attrs - {"archive", "classid", "codebase"}
"""Those that hold an address, without those of applets and plug-ins, which browsers no longer follow."""
_UNFOLLOWED = frozenset({"base", "form", "head", "button", "input", "blockquote", "q", "ins", "del"})


class Role(Enum):
    """What a browser does with an address."""

    LINKED = auto()
    """Goes there when the user asks it to."""
    SHOWN = auto()
    """Loads it to show the page."""
    NAMED = auto()
    """Offers it, as a feed."""


Address = tuple[str, Role]


def addresses(url: str, body: bytes, site: Site) -> tuple[Address, ...]:
    """Return the blog's own canonical addresses on the page at `url`, each once; none if it is not a page."""
    try:
        tree = parse(url, body)
    except PageNotRecognised:
        return ()
    links = dict.fromkeys((link.partition("#")[0], role) for link, role in _links(tree))
    found = ((site.resolve(link, url), role) for link, role in links)
    return tuple(dict.fromkeys((to, role) for to, role in found if to and site.owns(to)))


def _links(tree: HtmlElement) -> Iterator[Address]:
    """Yield every address on a page as written, with what a browser does with it.

    Unlike lxml's own walk, which takes longer than parsing, this looks only at attributes that are there.
    """
    for element in tree.iter(etree.Element):
        for name, value in element.items():
            if name in _ATTRIBUTES:
                role = _role(element, name)
                if role and not value.startswith("#"):
                    yield value, role
            elif name == "style":
                yield from ((link, Role.SHOWN) for link in _loaded(value))
            elif name == "http-equiv" and element.tag == "meta":
                yield from ((link, Role.SHOWN) for _, _, link, _ in element.iterlinks())
        if element.tag == "style":
            yield from ((link, Role.SHOWN) for link in _loaded(element.text or ""))
    for element in tree.iter("img", "source"):
        for found in _CANDIDATE.finditer(element.get("srcset") or ""):
            yield found[1], Role.SHOWN


def _role(element: HtmlElement, attribute: str | None) -> Role | None:
    if element.tag in ("a", "area") and attribute == "href":
        return Role.LINKED
    if element.tag == "link":
        relations = frozenset((element.get("rel") or "").lower().split())
        feed = "alternate" in relations and "xml" in (element.get("type") or "")
        return Role.NAMED if feed else Role.SHOWN if relations & _SHOWN else None
    return None if element.tag in _UNFOLLOWED else Role.SHOWN


def style_addresses(url: str, sheet: bytes, site: Site) -> tuple[str, ...]:
    """Return the blog's own canonical addresses that the style sheet at `url` loads, each once."""
    found = (site.resolve(link, url) for link in _loaded(sheet.decode("utf-8", "replace")))
    return tuple(dict.fromkeys(each for each in found if each and site.owns(each)))


def _loaded(sheet: str) -> Iterator[str]:
    """Yield the addresses that a style sheet or a style attribute loads, as written."""
    for found in _CSS.finditer(_COMMENT.sub("", sheet)):
        yield from filter(None, found.groups())


def kind_to_ask(url: str, role: Role, site: Site) -> str | None:
    """Return the kind of an address worth asking for, as in the frontier; None for lists of posts and traps."""
    if site.is_never_asked(url):
        return None
    kind = site.frontier_kind(url)
    if role is Role.LINKED and kind == "post":
        return kind
    if site.discussion(url):
        return None  # what they are under asks for its pages of comments, except the one it shows itself
    if role is Role.NAMED and not site.is_feed_of_all(url):
        return None  # every page names a feed of its own
    if role is Role.SHOWN and kind == "requisite":
        return kind
    if is_picture(url):
        return kind if (_is_one_file(url) if role is Role.SHOWN else "?" not in url) else None
    return kind if site.furniture_kind(url) else None


def _is_one_file(url: str) -> bool:
    """Return whether an address has no query that could generate others endlessly."""
    query = url.partition("?")[2]
    return not query or _VERSION.fullmatch(query) is not None
