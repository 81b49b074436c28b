"""What one comment says and what is around it: name, homepage, date.

Known classes are believed first. Without them the header is whatever is between the comments' texts: the date, and the
words before it that are neither a floor nor a `says`; and where the text has no element of its own, it is the rest
of the comment, without its header.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree, html
from lxml.html import HtmlElement

from archiver.items import Comment
from archiver.pages import dates
from archiver.pages.dates import DateFormat
from archiver.pages.document import classes_within, sorted_links, text_of
from archiver.pages.marks import HEADER, Naming, Piece, Thread, answered, line, pieces, place
from archiver.profile import CommentMarkup
from archiver.text import engines, sources
from archiver.text.notation import HOUSE, Notation
from archiver.urls import Site

_TRACKBACK = re.compile(r"\[\.\.\.\].*\[\.\.\.\]", re.S)
_SAID = re.compile(r"\s*(?:发表于|写道|\bsays|\bsaid)?\s*[:：]?\s*$")
_NOISE = re.compile(
    r"[#№]?\s*\d*\s*[#楼樓层F]?|第\s*\d+\s*[层楼]|楼主|沙发|板凳|地板|发表于|写道|于|(?:(?:submitted|posted)\s+)?by|on|at"
    r"|says?|said|引用|[\W_]+",
    re.IGNORECASE,
)
"""Words around a name and a date that are neither."""

_FLOOR = re.compile(r"[#№]\s*\d*|第?\s*\d+\s*[#楼樓层F]")
"""The number of a comment on its page."""


@dataclass(frozen=True, slots=True)
class CommentPart:
    """The parts of a page that belong to one comment."""

    thread: Thread
    text: HtmlElement | None
    """The element of its text; None when it has none of its own."""
    header: list[Piece]
    """The texts around that; all texts of a comment whose text has no element."""
    item: HtmlElement
    shared: bool
    """Whether other comments are in the same item, side by side."""
    form: DateFormat | None
    markup: CommentMarkup
    naming: Naming

    @property
    def dated(self) -> tuple[int, tuple[str, int, int]] | None:
        """Which piece of the header has the date, and the date with its place in it."""
        for number, piece in enumerate(self.header):
            found = self.form(piece.text) if self.form and len(piece.text.strip()) <= HEADER else None
            if found:
                return number, found
        return None


def parts(
    item: HtmlElement,
    group: Sequence[Thread],
    form: DateFormat | None,
    markup: CommentMarkup,
    naming: Naming,
    *,
    box: HtmlElement,
) -> Iterator[CommentPart]:
    """Yield the parts of each comment in an item, which is cut out of the box of all comments or is that box."""
    _drop_answer_links(item, group)
    if len(group) == 1 and item is not box:
        text = _text(item, group[0], markup)
        yield CommentPart(group[0], text, list(pieces(item, _only(text))), item, False, form, markup, naming)
        return
    inside = set(item.iter())
    together = [thread for thread in group if thread.first in inside]
    for thread in group:
        if thread.first not in inside:  # its date is far from it, with another's item between them
            yield CommentPart(thread, thread.text, [], thread.first, True, form, markup, naming)
    for thread, header in zip(together, _headers(item, together, form) if together else (), strict=True):
        yield CommentPart(thread, thread.text, header, item, True, form, markup, naming)


def _headers(item: HtmlElement, group: Sequence[Thread], form: DateFormat | None) -> list[list[Piece]]:
    """Return for each of several comments side by side the texts around its own: those before it, or those after."""
    order = {element: number for number, element in enumerate(item.iter())}
    bounds = [order[thread.first if thread.text is None else thread.text] for thread in group]
    around = list(pieces(item, frozenset(thread.text for thread in group if thread.text is not None)))
    first_date = next((place(piece, order) for piece in around if form and form(piece.text)), None)
    before = first_date is not None and first_date < bounds[0]
    headers: list[list[Piece]] = [[] for _ in group]
    for piece in around:
        index = bisect_left(bounds, place(piece, order)) - (not before)
        if 0 <= index < len(group):
            headers[index].append(piece)
    return headers


def _only(element: HtmlElement | None) -> frozenset[HtmlElement]:
    return frozenset() if element is None else frozenset({element})


def _drop_answer_links(item: HtmlElement, group: Sequence[Thread]) -> None:
    """Remove the links for answering, except one that stands for a comment's id."""
    needed = {pointer for thread in group for pointer in thread.pointers}
    for link in [link for link in item.iter("a") if answered(link) or _is_tool(link)]:
        if link in needed:
            link.text = None
            for child in list(link):
                link.remove(child)
        elif link.getparent() is not None:
            link.drop_tree()


def _is_tool(link: HtmlElement) -> bool:
    """Return whether a link leads nowhere and serves to answer, quote, like or edit a comment."""
    return (link.get("href") or "#").startswith(("#", "javascript:")) and bool(_TOOL.fullmatch(text_of(link)))


_TOOL = re.compile(
    r"[\[(]?\s*(?:reply|quote|edit|delete|permalink|回复|回覆|引用|返信|답글|(?:支持|反对)(?:\(\d+\))?)\s*[\])]?",
    re.IGNORECASE,
)


def _text(item: HtmlElement, thread: Thread, markup: CommentMarkup) -> HtmlElement | None:
    """Return the element of a comment's text: the one with its id, or of a known class."""
    return thread.text if thread.text is not None else _with_class(item, markup.texts)


def _with_class(item: HtmlElement, names: Sequence[str]) -> HtmlElement | None:
    for name in names:
        for element in item.iter(etree.Element):
            if element is not item and name in (element.get("class") or "").split():
                return element
    return None


def comment(part: CommentPart, site: Site, owner: str | None, notation: Notation = HOUSE) -> Comment:
    """Read a comment; this may change the item it is in, so read each part once."""
    author, author_url = _author(part, site)
    dated = part.dated
    element = part.text if part.text is not None else _rest(part)
    content = sorted_links(engines.read_fragment(sources.settle(element, notation), site.resolve), site)
    kind = part.thread.kind
    if kind == "comment" and _TRACKBACK.fullmatch(content.text.strip()):
        kind = "trackback"
    missing = (("name", author), ("date", dated), ("text", content.markdown.strip()))
    return Comment(
        id=part.thread.number,
        parent_id=part.thread.parent,
        kind=kind,
        author=author,
        author_url=author_url,
        is_owner=_is_owners(part)
        or (author == owner and (author_url is None or urlsplit(author_url).hostname in site.profile.hosts)),
        published_on=dated[1][0] if dated else None,
        content=content,
        content_sha256=_digest(author, author_url, element),
        quotes_id=_quoted(element, part),
        notes=tuple(f"no {name} found" for name, value in missing if not value),
    )


def _digest(author: str, author_url: str | None, element: HtmlElement) -> str:
    markup = etree.tostring(element, encoding="unicode", with_tail=False, method="html").strip()
    words = _JSON.encode([author, author_url, markup])
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


_JSON = json.JSONEncoder(ensure_ascii=False)


def _is_owners(part: CommentPart) -> bool:
    """Return whether a comment is marked as the blog's own."""
    return not part.shared and not classes_within(part.item).isdisjoint(part.markup.owners)


def _quoted(element: HtmlElement, part: CommentPart) -> int | None:
    """Return the first other comment that a text links."""
    for link in element.iter("a"):
        found = part.naming.at_end_of(link.get("href") or "")
        if found and found.number != part.thread.number:
            return found.number
    return None


def _author(part: CommentPart, site: Site) -> tuple[str, str | None]:
    """Return name and homepage."""
    named = _named(part)
    if named is not None:
        name = _without_date(text_of(named), part.form)
        link = next((link for link in (named, *named.iter("a")) if link.get("href")), None)
        if name:
            return name, _homepage(link, part, site)
    piece = _name_piece(part)
    if piece is None:
        link = next(part.item.iter("a"), None) if part.thread.kind != "comment" and not part.shared else None
        return (text_of(link), _homepage(link, part, site)) if link is not None else ("", None)
    link = next((above for above in line(piece.holder) if above.tag == "a" and above.get("href")), None)
    return _without_date(" ".join(piece.text.split()), part.form), _homepage(link, part, site)


def _named(part: CommentPart) -> HtmlElement | None:
    """Return the element of a known class around the name."""
    for name in part.markup.authors:
        for piece in part.header:
            for above in line(piece.holder):
                if above is not part.item and name in (above.get("class") or "").split():
                    return above
    return None


def _name_piece(part: CommentPart) -> Piece | None:
    """Return the text that is the name: the first before the date, or the last after a text or after the date.

    There is none if the place for a name is empty.
    """
    if not part.shared and _named(part) is None and _with_class(part.item, part.markup.authors) is not None:
        return None
    dated = part.dated
    if dated is None:
        return next(filter(_is_word, part.header), None) if part.text is not None else None
    number, (_, begin, _) = dated
    header = [piece for piece in part.header[:number] if _is_word(piece)]
    if _SAID.sub("", part.header[number].text[:begin]).strip(" |·,，"):
        header.append(part.header[number])
    behind = [piece for piece in part.header[number + 1 :] if _is_word(piece)]
    if part.text is None and header and not behind:
        return header[-1]
    return next(iter(header or behind), None)


def _is_word(piece: Piece) -> bool:
    return not _NOISE.fullmatch(piece.text.strip())


def _without_date(text: str, form: DateFormat | None) -> str:
    found = form(text) if form else None
    return _SAID.sub("", text[: found[1]] if found and found[1] else text).strip()


def _homepage(link: HtmlElement | None, part: CommentPart, site: Site) -> str | None:
    href = link.get("href") or "" if link is not None else ""
    return site.resolve(href) if href and not part.naming.at_end_of(href) else None


def _rest(part: CommentPart) -> HtmlElement:
    """Return the text of a comment without an element for it: everything but its header."""
    begin, end = _header_span(part)
    taken = part.header[begin:end]
    behind = part.dated[1][2] if part.dated and taken and part.header[part.dated[0]] is taken[-1] else None
    kept = dates.without_time(taken[-1].text[behind:]).lstrip(" :：,，|") if behind is not None else ""
    if part.shared:
        return _paragraphs([kept, *(piece.text for piece in part.header if piece not in taken)])
    if taken and begin == 0:
        _drop_pictures_before(part.item, taken[-1].holder)
    for piece in taken:
        setattr(piece.element, "tail" if piece.is_tail else "text", kept if piece is taken[-1] else "")
    return part.item


def _header_span(part: CommentPart) -> tuple[int, int]:
    """Return which texts of a comment are its header, from and to: at the beginning, or after the text."""
    dated, named = part.dated, _name_piece(part)
    if dated is None:
        known = _named(part)
        inside = [known is not None and known in line(piece.holder) for piece in part.header]
        return (inside.index(True), inside.index(True) + sum(inside)) if any(inside) else (0, 0)
    at = part.header.index(named) if named else dated[0]
    behind = any(map(_is_word, part.header[dated[0] + 1 :]))
    if not behind and any(map(_is_word, part.header[:at])):
        return at, len(part.header)
    end = max(at, dated[0]) + 1
    while end < len(part.header) - 1 and _FLOOR.fullmatch(part.header[end].text.strip()):
        end += 1
    return 0, end


def _drop_pictures_before(item: HtmlElement, end: HtmlElement) -> None:
    """Remove the pictures of a header: avatars."""
    before = []
    for element in item.iter(etree.Element):
        if element is end:
            break
        before.append(element)
    for picture in before:
        if picture.tag == "img":
            picture.drop_tree()


def _paragraphs(texts: Sequence[str]) -> HtmlElement:
    root = html.Element("div")
    for text in texts:
        if text.strip():
            etree.SubElement(root, "p").text = text
    return root
