"""The comments on an article page: threads, and the pager above and below them.

The markup inside a comment has not been seen; two kinds are known from related themes and from Typecho itself. So a
comment is found by its id, its parts by class where one is known, and else by what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Comment, CommentPage
from archiver.pages.document import by_id, first, links, parse, text_of
from archiver.pages.metadata import author_of
from archiver.text import engines
from archiver.urls import HOSTS, Site, comment_page

_ID = re.compile(r"comment-(\d+)")
_DATE = re.compile(r"\b((?:January|February|March|April|May|June|July|August|September|October|November|December))"
                   r" (\d{1,2})(?:st|nd|rd|th), (\d{4})\b")  # fmt: skip
_TRACKBACK = re.compile(r"\[\.\.\.\].*\[\.\.\.\]", re.S)
_SAID = re.compile(r"\s*发表于\s*$")
BOX = (*by_id("div", "comments"), *by_id("div", "PostComment"))
AUTHOR_CLASSES = ("ListUser", "comment-author", "fn")
CONTENT_CLASSES = ("ListContent", "comment-content")
_PAGER_FRAGMENT = "comments"
_NO_COMMENTS: tuple[Comment, ...] = ()


def parse_comment_page(url: str, body: bytes, site: Site | None = None) -> CommentPage:
    """Read one page of a post's comments.

    Raises PageNotRecognised when the address is no comment page's, or no comment is on the page.
    """
    site = site or Site()
    place = comment_page(site.canonical(url))
    if place is None:
        raise PageNotRecognised(url, "expected the address of a comment page")
    comments = read_comments(parse(url, body), site)
    if not comments:
        raise PageNotRecognised(url, "expected comments with ids `comment-N`, found none")
    return CommentPage(post_id=place[0], page=place[1], comments=comments)


def read_comments(tree: HtmlElement, site: Site, owner: str | None = None) -> tuple[Comment, ...]:
    """Return every comment of a page, parents before their answers.

    `owner` is the name of the blog's author; by default the author that the page itself names.
    """
    box = first(tree, *BOX)
    if box is None:
        return _NO_COMMENTS
    owner = owner or author_of(tree)
    found = [(element, number) for element in box.iter("li", "div") if (number := _number(element))]
    elements = {element: number for element, number in found if element.tag == "li"} or dict(found)
    return tuple(_comment(element, number, elements, owner, site) for element, number in elements.items())


def comment_pages(tree: HtmlElement, post_id: int, site: Site, url: str) -> tuple[int, int]:
    """Return the number of the comment page shown and of all there are; a post without a pager has one.

    The pager's links end in `#comments`; permalinks and answer links lead to comment pages too, and are no pager.
    """
    box = first(tree, *BOX)
    shown, last = comment_page(site.canonical(url)), 1
    if box is None:
        return (shown[1] if shown else 1), (shown[1] if shown else 1)
    current = None
    for element, target in links(box, site, url):
        place = comment_page(target)
        if place and place[0] == post_id and urlsplit(element.get("href") or "").fragment == _PAGER_FRAGMENT:
            last = max(last, place[1])
            if "current" in (element.getparent().get("class") or "").split():
                current = place[1]
    return (shown[1] if shown else current or last), max(last, shown[1] if shown else 1)


def _number(element: HtmlElement) -> int | None:
    found = _ID.fullmatch(element.get("id") or "")
    return int(found[1]) if found else None


def _comment(
    element: HtmlElement, number: int, known: dict[HtmlElement, int], owner: str | None, site: Site
) -> Comment:
    parts = list(_own(element, known))
    author, author_url = _author(parts, site)
    is_owner = author == owner and (author_url is None or urlsplit(author_url).hostname in HOSTS)
    content = engines.read_fragment(_content(element, parts), site.resolve)
    return Comment(
        id=number,
        parent_id=next((known[above] for above in element.iterancestors() if above in known), None),
        author=author,
        author_url=author_url,
        is_owner=is_owner,
        published_on=_date(parts),
        content=content,
        is_trackback=bool(_TRACKBACK.fullmatch(content.text.strip())),
    )


def _own(element: HtmlElement, known: dict[HtmlElement, int]) -> Iterator[HtmlElement]:
    """Yield the elements of a comment, outermost first, without those of the answers below it."""
    stack = [child for child in reversed(element) if isinstance(child.tag, str)]
    while stack:
        child = stack.pop()
        if child in known:
            continue
        yield child
        stack.extend(below for below in reversed(child) if isinstance(below.tag, str))


def _with_class(parts: list[HtmlElement], classes: tuple[str, ...]) -> HtmlElement | None:
    for name in classes:
        for part in parts:
            if name in (part.get("class") or "").split():
                return part
    return None


def _author(parts: list[HtmlElement], site: Site) -> tuple[str, str | None]:
    """Return name and homepage."""
    named = _with_class(parts, AUTHOR_CLASSES)
    if named is None:
        named = next((part for part in parts if part.tag in ("cite", "a", "b", "strong") and text_of(part)), None)
    if named is None:
        return "", None
    link = named if named.tag == "a" else first(named, ".//a[@href]")
    return _SAID.sub("", text_of(named)), site.resolve(link.get("href") or "") if link is not None else None


def _date(parts: list[HtmlElement]) -> str | None:
    """Return the first long date outside the comment's text, as `YYYY-MM-DD`."""
    content = _with_class(parts, CONTENT_CLASSES)
    inside = set(content.iter()) if content is not None else set()
    for part in parts:
        if part not in inside and (found := _DATE.search(part.text or "")):
            return datetime.strptime(" ".join(found.groups()), "%B %d %Y").date().isoformat()
    return None


def _content(element: HtmlElement, parts: list[HtmlElement]) -> HtmlElement:
    """Return the element with the comment's text: the one of a known class, else the largest block without a date."""
    content = _with_class(parts, CONTENT_CLASSES)
    if content is not None:
        return content
    blocks = [part for part in parts if part.tag in ("div", "p", "section") and not _DATE.search(text_of(part))]
    return max(blocks, key=lambda part: len(text_of(part)), default=element)
