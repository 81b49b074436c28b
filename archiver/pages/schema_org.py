"""What a page says of its article in the words of schema.org: JSON-LD, microdata and RDFa, all three as nested values.

https://schema.org/Article names the properties, https://www.w3.org/TR/json-ld11/, https://www.w3.org/TR/microdata/ and
https://www.w3.org/TR/rdfa-lite/ say how they are written. Nothing is fetched: contexts are taken as schema.org's.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lxml.html import HtmlElement

from archiver.pages.claims import Claim
from archiver.pages.document import text_of

DEEPEST = 20
"""Depth of nested values; real ones reach six."""

_ARTICLE = re.compile(r"Article|Posting|Report|LearningResource", re.IGNORECASE)
_OTHER_WORKS = frozenset({"Question", "CreativeWork", "HowTo", "Review", "Book", "Chapter", "Thesis"})
_PAGES = re.compile(r"Page\Z")
_INWARD = ("@graph", "mainEntity", "mainEntityOfPage")
"""Where the article of a page may be; elsewhere are other articles, as in lists and comments."""

_WRAPPING = re.compile(
    r"\A\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?)\s*\Z"
)
_VOCABULARY = re.compile(r"\A(?:https?://(?:www\.)?schema\.org[/#]|schema:)")

_FIELDS = {
    "title": ("headline", "name"),
    "authors": ("author", "creator"),
    "published_at": ("datePublished", "dateCreated"),
    "modified_at": ("dateModified",),
    "tags": ("keywords",),
    "categories": ("articleSection", "genre"),
    "license_url": ("license",),
    "language": ("inLanguage",),
    "canonical_url": ("url",),
    "description": ("description", "abstract"),
    "site_name": ("publisher", "isPartOf"),
}
_LISTED = frozenset({"tags", "categories"})
_NAMES = ("name", "alternateName", "@value", "url", "@id")


@dataclass(slots=True)
class Node:
    """A thing and its properties, by the local names of schema.org."""

    types: list[str] = field(default_factory=list)
    properties: dict[str, list[str | Node]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name a reader would use for it."""
        return next((value for key in _NAMES for value in self.properties.get(key, ()) if isinstance(value, str)), "")


def json_ld(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what the scripts of type `application/ld+json` say; one that is not JSON says nothing."""
    outermost = roots(tree)
    things = [each for root in outermost for each in _inside(root) if len(each.properties) > 1]
    yield from _claims(outermost, "json-ld", {name: each for each in things for name in _ids(each)})


def roots(tree: HtmlElement) -> list[Node]:
    """Return the outermost things of the scripts of type `application/ld+json`; one that is not JSON holds none."""
    scripts = (script for script in tree.iter("script") if "ld+json" in script.get("type", "").lower())
    return [node for script in scripts for node in _parsed(script.text or "")]


def microdata(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what the attributes `itemprop` say, including those that Hugo writes in the head without an item."""
    yield from _claims(_scoped(tree, MICRODATA), "microdata", {})


def rdfa(tree: HtmlElement) -> Iterator[Claim]:
    """Yield what the attributes `typeof` and `property` say."""
    yield from _claims(_scoped(tree, RDFA), "rdfa", {})


def _ids(node: Node) -> Iterator[str]:
    return (value for value in node.properties.get("@id", ()) if isinstance(value, str))


def _parsed(text: str) -> list[Node]:
    """Return the things in a script; those in an outermost list, or in a graph, one by one."""
    text = _WRAPPING.sub("", text)
    try:
        said: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return []
    return [value for value in _values(said, 0) if isinstance(value, Node)]


def _values(said: Any, depth: int) -> list[str | Node]:
    if depth > DEEPEST or said is None:
        return []
    if isinstance(said, list):
        return [value for each in said for value in _values(each, depth + 1)]
    if not isinstance(said, dict):
        return [html.unescape(str(said))]
    node = Node()
    for key, value in said.items():
        name = _local(key)
        if name == "@type":
            node.types += [_local(str(each)) for each in (value if isinstance(value, list) else [value])]
        else:
            node.properties.setdefault(name, []).extend(_values(value, depth + 1))
    return [node]


def _local(name: str) -> str:
    return _VOCABULARY.sub("", name)


def _inside(node: Node, depth: int = 0) -> Iterator[Node]:
    """Yield a thing and all things in it."""
    yield node
    if depth < DEEPEST:
        for values in node.properties.values():
            for value in values:
                if isinstance(value, Node):
                    yield from _inside(value, depth + 1)


class Syntax(NamedTuple):
    """How a syntax writes things into markup."""

    scope: str
    type: str
    property: str


MICRODATA = Syntax("itemscope", "itemtype", "itemprop")
RDFA = Syntax("typeof", "typeof", "property")
_WHOLE = frozenset({"articleBody", "text", "comment", "review"})  # as long as the page: not metadata
_SEVERAL = frozenset({"keywords", "articleSection"})  # values that a theme may write as one list of links
_SAID_BY_LINK = frozenset({"url", "mainEntityOfPage", "license", "sameAs", "image", "discussionUrl", "logo"})


def _scoped(tree: HtmlElement, names: Syntax) -> list[Node]:
    """Return the outermost things of a page's markup, in page order."""
    nodes: dict[HtmlElement, Node] = {}
    roots: list[Node] = []
    loose = Node(types=["WebPage"])
    for element in tree.xpath(f"//*[@{names.scope} or @{names.property}]"):
        holder = next((nodes[above] for above in element.iterancestors() if above in nodes), None)
        value: str | Node | None = None
        if names.scope in element.attrib:
            value = nodes[element] = Node(types=[local_name(each) for each in element.get(names.type, "").split()])
        if names.property not in element.attrib:
            roots += [value] if isinstance(value, Node) else []
            continue
        properties = [_local(each) for each in element.get(names.property, "").split()]
        if holder is None and isinstance(value, Node):
            roots.append(value)
        elif holder is None and not (names is MICRODATA and element.tag in ("meta", "link")):
            continue
        for name in properties:
            if name not in _WHOLE:
                target = (holder or loose).properties.setdefault(name, [])
                target.append(value if value is not None else said(element, name))
    return [*roots, loose] if loose.properties else roots


def local_name(name: str) -> str:
    """Return the name of a type or property without the address of its vocabulary."""
    return re.split(r"[/#:]", name)[-1]


def said(element: HtmlElement, name: str) -> str:
    """Return the value of a property: a link's words, unless the property is an address."""
    given = element.get("content") or element.get("datetime") or (element.tag == "data" and element.get("value"))
    if given:
        return str(given)
    if name in _SAID_BY_LINK or element.tag == "link":
        return element.get("href") or element.get("src") or text_of(element)
    parts = [words for link in element.iter("a") if (words := text_of(link))] if name in _SEVERAL else []
    return ", ".join(parts) or text_of(element)


def _claims(roots: list[Node], witness: str, named: dict[str, Node]) -> Iterator[Claim]:
    """Yield what the article among some things says, then what the page says where the article says nothing."""
    entries = [entry for root in roots for entry in _entries(root, 0)]
    ranked = sorted((rank, index) for index, entry in enumerate(entries) if (rank := _rank(entry)) is not None)
    if not ranked:
        return
    best = ranked[0][0]
    chosen = [entries[index] for rank, index in ranked if rank == best][:1]
    chosen += [entries[index] for rank, index in ranked if rank > best and rank == _PAGE][:1]
    for node in chosen:
        is_page = _rank(node) == _PAGE
        for name, properties in _FIELDS.items():
            if is_page and name == "title" and len(chosen) > 1:
                continue
            for value in _first(node, properties, named) if name != "title" else _all(node, properties, named):
                for each in re.split(r"[,，;；]", value) if name in _LISTED else [value]:
                    yield Claim(name, each, witness)


_WORK, _OTHER, _PAGE = range(3)


def _rank(node: Node) -> int | None:
    if any(_ARTICLE.search(name) for name in node.types):
        return _WORK
    if not _OTHER_WORKS.isdisjoint(node.types) or (not node.types and "author" in node.properties):
        return _OTHER
    return _PAGE if any(_PAGES.search(name) for name in node.types) else None


def _entries(node: Node, depth: int) -> Iterator[Node]:
    """Yield a thing and those in it that may be the page's article."""
    yield node
    if depth < DEEPEST:
        for key in _INWARD:
            for value in node.properties.get(key, ()):
                if isinstance(value, Node):
                    yield from _entries(value, depth + 1)


def _all(node: Node, properties: tuple[str, ...], named: dict[str, Node]) -> list[str]:
    """Return the values of all properties: a title has two, one of which may be something else's."""
    return [_text(value, named) for key in properties for value in node.properties.get(key, ())]


def _first(node: Node, properties: tuple[str, ...], named: dict[str, Node]) -> list[str]:
    """Return the values of the first property that has any, things by their names."""
    for key in properties:
        values = [_text(value, named) for value in node.properties.get(key, ())]
        if found := [value for value in values if value]:
            return found
    return []


def _text(value: str | Node, named: dict[str, Node]) -> str:
    if isinstance(value, str):
        return value
    known = next((named[each] for each in _ids(value) if each in named), None) if len(value.properties) == 1 else None
    return (known or value).name
