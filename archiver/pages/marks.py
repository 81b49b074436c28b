"""The marks of comments on a page: elements that bear their ids, and links that name them; and the texts around.

A comment is known by an id `comment-N`, `pingback-N` or `trackback-N` on any element: the item around it, the element
of its text alone, an empty anchor, or several of these. Where an id is lost, the link for answering (`?replyTo=N`) or
the one around the date (`#comment-N`) stands for it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import dates

ID = re.compile(r"(comment|pingback|trackback)-([1-9]\d{0,17})")
"""What the id of a comment looks like: kind and number, as Typecho's `theId` writes them."""

HEADER = 80
"""Characters of a piece of text up to which a date in it may be the one beside a comment."""

Place = tuple[str, str, str]
"""The kind of place of a text: tag and class of the element it stands in, and the tag around that."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text: what stands in an element before its first child, or behind it."""

    element: HtmlElement
    is_tail: bool
    text: str

    @property
    def holder(self) -> HtmlElement:
        """The element the text stands in."""
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
    """The element of its text alone, where that is known from its id."""
    date: Piece | None = None
    item: HtmlElement | None = None
    """The smallest element around its mark and its date."""
    parent: int | None = None

    @property
    def first(self) -> HtmlElement:
        """The outermost element that names it."""
        return (self.marks or self.pointers)[0]


def pieces(root: HtmlElement, without: frozenset[HtmlElement] = frozenset()) -> Iterator[Piece]:
    """Yield the texts in an element in page order, without those in some elements; the texts behind these count."""
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in walk:
        if event == "start" and (element in without or element.tag in ("script", "style", "textarea")):
            walk.skip_subtree()
        elif event == "start" and element.text and element.text.strip():
            yield Piece(element, False, element.text)
        if event != "start" and element is not root and element.tail and element.tail.strip():
            yield Piece(element, True, element.tail)


def answered(link: HtmlElement) -> int | None:
    """Return the comment that a link is for answering."""
    href = link.get("href") or ""
    found = parse_qs(urlsplit(href).query).get("replyTo", [""])[0] if "replyTo=" in href else ""
    return int(found) if re.fullmatch(r"[1-9]\d{0,17}", found) else None


def find(box: HtmlElement) -> dict[int, Thread]:
    """Return the comments that an element of a page names, by number."""
    threads: dict[int, Thread] = {}
    links: list[tuple[HtmlElement, int]] = []
    for element in box.iter(etree.Element):
        if name := ID.fullmatch(element.get("id") or ""):
            thread = threads.setdefault(int(name[2]), Thread(int(name[2]), name[1]))
            thread.kind = name[1] if name[1] != "comment" else thread.kind
            _add_mark(thread, element)
        elif element.tag == "a" and (number := answered(element) or _dated(element)):
            links.append((element, number))
    known = set(threads)
    for element, number in links:
        if number not in known:
            threads.setdefault(number, Thread(number, "comment")).pointers.append(element)
    return threads


def copied(box: HtmlElement, besides: HtmlElement | None) -> HtmlElement:
    """Return a copy of an element without another one in it."""
    if besides is not None:
        besides.set("data-besides", "")
    taken = copy.deepcopy(box)
    taken.tail = None
    if besides is not None:
        del besides.attrib["data-besides"]
        for element in taken.xpath(".//*[@data-besides]"):
            element.drop_tree()
    return taken


def _add_mark(thread: Thread, element: HtmlElement) -> None:
    """Take a mark in, unless it is a copy: one that stands elsewhere than within the first."""
    if element.tag == "a" or not (len(element) or (element.text or "").strip() or element.get("class")):
        thread.pointers.append(element)
    elif not thread.marks or thread.marks[-1] in element.iterancestors():
        thread.marks.append(element)


def _dated(link: HtmlElement) -> int | None:
    """Return the comment a link leads to that is the date beside it."""
    name = ID.fullmatch((link.get("href") or "").rpartition("#")[2])
    text = str(link.text_content()) if name else ""
    return int(name[2]) if name and len(text.strip()) <= HEADER and dates.common([text]) else None


def line(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield an element and those around it, innermost first."""
    yield element
    yield from element.iterancestors()


def place(piece: Piece, order: Mapping[HtmlElement, int]) -> float:
    """Return where a text stands among elements in page order; behind an element means behind all that is in it."""
    inside = piece.element
    while piece.is_tail and len(inside):
        inside = inside[-1]
    return order[inside] + 0.5 * piece.is_tail


def kind_of_place(piece: Piece) -> Place:
    """Return the kind of place a text stands in."""
    holder = piece.holder
    return holder.tag, holder.get("class") or "", getattr(holder.getparent(), "tag", "")
