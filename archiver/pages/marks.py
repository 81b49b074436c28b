"""The marks of comments on a page: elements that bear their ids, links that name them, and the texts around these.

A comment is known by an id such as `comment-N`, `pingback-N` or `trackback-N` on any element: the item around it, the
element of its text alone, an empty anchor, or several of these. Where an id is lost, the link for answering
(`?replyTo=N`) or the one around the date (`#comment-N`) stands for it.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import dates
from archiver.pages.document import has_class

_NUMBER = re.compile(r"[1-9]\d{0,18}")
_MADE, _MADE_BYTES = 1 << 62, 7
_LARGEST = (1 << 63) - 1
"""Greatest number a database holds."""

KINDS = ("comment", "pingback", "trackback")

_UNSENT: Any = etree.XPath(f"descendant::*[{has_class('comment-awaiting-moderation')}]")
"""What Typecho and WordPress say of a comment that only its author sees."""

HEADER = 80
"""Longest piece of text, in characters, in which a date may be the one next to a comment."""

Place = tuple[str, str, str]
"""The kind of place of a text: tag and class of the element it is in, and the tag around that."""


class Name(NamedTuple):
    """What an id says about its comment."""

    kind: str
    number: int
    made: bool
    """Whether the number is not the blog's own, but derived from the id."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How the ids of comments look on a page."""

    mark: re.Pattern[str]
    """As in a profile, with a group `id` or `place`."""
    whose: str
    """Canonical address of what they are under."""

    def of(self, name: str) -> Name | None:
        """Return what an id says; None when it is not a comment's.

        An id that is not a number gives one: 2 to the 62nd plus seven bytes of its SHA-256, always the same.
        """
        found = self.mark.fullmatch(name)
        if found is None:
            return None
        groups = found.groupdict()
        kind = next((each for each in KINDS if each == groups.get("kind")), "comment")
        word = groups.get("id") or f"{self.whose}#{groups.get('place')}"
        if _NUMBER.fullmatch(word) and int(word) <= _LARGEST:
            return Name(kind, int(word), made=False)
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        return Name(kind, _MADE + int.from_bytes(digest[:_MADE_BYTES], "big"), made=True)

    def at_end_of(self, address: str) -> Name | None:
        """Return what the fragment of an address says."""
        return self.of(address.rpartition("#")[2])


class Piece(NamedTuple):
    """A piece of text: what is in an element before its first child, or after it."""

    element: HtmlElement
    is_tail: bool
    text: str

    @property
    def holder(self) -> HtmlElement:
        """The element the text is in."""
        return self.element.getparent() if self.is_tail else self.element


@dataclass(slots=True)
class Thread:
    """A comment: the one it answers, and where on the page it is."""

    number: int
    kind: str
    marks: list[HtmlElement] = field(default_factory=list)
    """Elements that bear its id and hold something of it, outermost first."""
    pointers: list[HtmlElement] = field(default_factory=list)
    """Elements that only name it: empty anchors, and links where no element has its id."""
    text: HtmlElement | None = None
    """The element of its text alone, if known from its id."""
    date: Piece | None = None
    item: HtmlElement | None = None
    """The smallest element around its mark and its date."""
    parent: int | None = None

    @property
    def first(self) -> HtmlElement:
        """The outermost element that names it."""
        return (self.marks or self.pointers)[0]


def pieces(root: HtmlElement, without: frozenset[HtmlElement] = frozenset()) -> Iterator[Piece]:
    """Yield the texts in an element in page order, without those in some elements; the texts after these count."""
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in walk:
        if event == "start" and (element in without or element.tag in ("script", "style", "textarea")):
            walk.skip_subtree()
        elif event == "start" and element.text and element.text.strip():
            yield Piece(element, False, element.text)
        if event != "start" and element is not root and element.tail and element.tail.strip():
            yield Piece(element, True, element.tail)


def answered(link: HtmlElement) -> int | None:
    """Return the comment that a link is meant to answer, as Typecho, WordPress and Blogger write it."""
    href = link.get("href") or ""
    found = _answering(href) if "reply" in href else None
    if found is None:
        found = link.get("data-commentid") or link.get("data-comment-id")
    return int(found) if found and _NUMBER.fullmatch(found) and int(found) <= _LARGEST else None


_ANSWER = re.compile(r"[^?#=\s]*\?(?:replyTo|replytocom)=(\d+)(?:#[^=\s]*)?", re.ASCII)
"""An address with nothing else in its query, as nearly all are."""


@lru_cache(maxsize=256)  # each link is asked when comments are looked for and again when they are read
def _answering(address: str) -> str | None:
    """Return what the query of an address says is answered, or None where it has no place for that."""
    if plain := _ANSWER.fullmatch(address):
        return plain[1]
    argument = next((name for name in ("replyTo", "replytocom") if f"{name}=" in address), None)
    query = address.partition("#")[0].partition("?")[2]  # `urlsplit` refuses what is no address: `http://[`
    return parse_qs(query).get(argument, [""])[0].strip() if argument else None


def find(box: HtmlElement, naming: Naming) -> dict[int, Thread]:
    """Return the comments that an element of a page names, by number."""
    threads: dict[int, Thread] = {}
    links: list[tuple[HtmlElement, int]] = []
    made = False
    for element in box.iter(etree.Element):
        if (own := element.get("id")) and (name := naming.of(own)):
            kind = next(filter(KINDS[1:].__contains__, (name.kind, *(element.get("class") or "").split())), name.kind)
            thread = threads.setdefault(name.number, Thread(name.number, kind))
            made = made or name.made
            thread.kind = kind if kind != "comment" else thread.kind
            _add_mark(thread, element)
        elif element.tag == "a" and (number := answered(element) or _dated(element, naming)):
            links.append((element, number))
    known = set(threads)
    for element, number in links:
        if number not in known and not (made and answered(element)):
            threads.setdefault(number, Thread(number, "comment")).pointers.append(element)
    return threads


def copied(box: HtmlElement, besides: HtmlElement | None, zone: str) -> HtmlElement:
    """Return a copy of an element without another one in it; dates marked up for programs become days.

    `zone` is that of the blog, as in its profile; empty where its days are as written, whatever offset they have.
    """
    if besides is not None and box not in besides.iterancestors():
        besides = None
    if besides is not None:
        besides.set("data-besides", "")
    taken = copy.deepcopy(box)
    taken.tail = None
    if besides is not None:
        del besides.attrib["data-besides"]
        for element in _BESIDES(taken):
            element.drop_tree()
    for element in _UNSENT(taken):
        element.drop_tree()
    for element in taken.iter("time", "abbr"):
        given = element.get("datetime") or (element.get("title") if element.tag == "abbr" else None)
        if given and (day := dates.day_at(given, zone)):
            element[:] = []
            element.text = day
            element.set(DAY, day)
    return taken


_BESIDES: Any = etree.XPath("descendant::*[@data-besides]")

DAY = "data-day"
"""Attribute of elements in a copy whose text is a day."""


def _add_mark(thread: Thread, element: HtmlElement) -> None:
    """Add a mark, unless it is a duplicate, which is outside the first one."""
    if element.tag == "a" or not (len(element) or (element.text or "").strip() or element.get("class")):
        thread.pointers.append(element)
    elif not thread.marks or thread.marks[-1] in element.iterancestors():
        thread.marks.append(element)


def _dated(link: HtmlElement, naming: Naming) -> int | None:
    """Return the comment that a link leads to, if the link is the date next to it."""
    name = naming.at_end_of(link.get("href") or "")
    text = str(link.text_content()) if name else ""
    return name.number if name and len(text.strip()) <= HEADER and dates.common([text]) else None


def line(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield an element and those around it, innermost first."""
    yield element
    yield from element.iterancestors()


def place(piece: Piece, order: Mapping[HtmlElement, int]) -> float:
    """Return where a text is among elements in page order; after an element means after all that is in it."""
    inside = piece.element
    while piece.is_tail and len(inside):
        inside = inside[-1]
    return order[inside] + 0.5 * piece.is_tail


def kind_of_place(piece: Piece) -> Place:
    """Return the kind of place a text is in."""
    holder = piece.holder
    return holder.tag, holder.get("class") or "", getattr(holder.getparent(), "tag", "")
