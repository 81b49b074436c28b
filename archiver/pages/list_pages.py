"""A page that links posts, of any theme: the front page, an archive, the posts of a year or a tag.

The profile's addresses say what is a post; the markup says which words next to a link are its title and date: a
heading, a `<time>`, a class named after it. The block of a post is the largest element that links no other post.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, takewhile

from lxml import etree
from lxml.html import HtmlElement

from archiver.pages import dates, years
from archiver.pages.document import links, parse, text_of, title_of
from archiver.pages.listed import MOST, ListEntry, ListPage
from archiver.pages.surroundings import is_aside
from archiver.text import dom
from archiver.urls import Site, first_page

_LISTS = frozenset({"front", "catalogue", "category", "tag", "list"})
_UNTOLD = 3
"""Rank of a title that no link gives."""
_MANY = ""
"""Stands for the address of a post where an element links several."""
_LITTLE = 400
"""Characters of a block that is one line about a post; a longer one has an excerpt, which may mention other days."""
_MORE = re.compile(
    r"\W*(?:(?:read|show|view|see)\s+(?:more|full|all|the\s+rest)\b|(?:read\s+)?more\W*\Z|continue\s+reading|full\s+(?:text|post)"
    r"|(?:阅读|閱讀|查看|展开|繼續|继续)(?:全文|更多|原文|剩余|閱讀|阅读)|more\s*\W+\Z|\W*\Z)",
    re.IGNORECASE,
)
_COMMENTS = frozenset({"comments", "comment"})
_NUMBER = re.compile(r"\d{1,7}")
_DATED = re.compile(r"date|time|publish|meta|day", re.IGNORECASE)
_CHANGED = re.compile(r"modif|updat", re.IGNORECASE)
_TURN = re.compile(
    r"(?:^|[\s_-])(?:next|prev|previous|older|newer|pager|pagination|page-?numbers?|page-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
"""Class of a link to another page of a list, or of an element around it."""


def read_page(url: str, body: bytes, site: Site) -> ListPage | None:
    """Read a page that links posts, those outside its main part last; None where it links none.

    Raises PageNotRecognised for anything that is not a page.
    """
    tree = parse(url, body)
    own = site.resolve(url)
    posts = [(link, to) for link, to in links(tree, site, url) if to != own and site.kind(to) == "post"]
    posts = _listed(posts)
    if not posts:
        return None
    linked: dict[str, list[HtmlElement]] = {}
    aside: dict[HtmlElement | None, bool] = {}  # by what is around a link, which most share
    for link, _ in posts:
        if link.getparent() not in aside:
            aside[link.getparent()] = is_aside(link)
    for link, to in sorted(posts, key=lambda each: aside[each[0].getparent()]):
        linked.setdefault(to, []).append(link)
    holders = _holders(posts)
    entries = [_entry(to, each, holders) for to, each in list(linked.items())[:MOST]]
    if not all(entry.published for entry in entries):
        above = years.above(tree)
        entries = [_dated(entry, linked[entry.hrefs[0]], holders, above) for entry in entries]
    turns = list(_turns(tree, url, site))
    further = [to for to, is_same, _ in turns if is_same]
    is_left = any(is_next and not is_same and site.kind(to) != "post" for to, is_same, is_next in turns)
    return ListPage("html", entries, further, whole=len(linked) <= MOST and not is_left)


def _listed(posts: list[tuple[HtmlElement, str]]) -> list[tuple[HtmlElement, str]]:
    """Return links to posts without mere mentions: those within the block of another post with a heading.

    A post that is gone is still mentioned. Where only one heading leads to a post, all below it may be the list.
    """
    headed = [(link, to) for link, to in posts if _is_heading(link)]
    if len({to for _, to in headed}) < 2:
        return posts
    holders = _holders(headed)

    def about(link: HtmlElement) -> str:
        return next((holders[above] for above in link.iterancestors() if above in holders), _MANY)

    return [(link, to) for link, to in posts if about(link) in (to, _MANY)]


def _is_heading(link: HtmlElement) -> bool:
    """Return whether a link is all of a heading, or around one."""
    return next(chain(link.iterancestors(*dom.HEADINGS), link.iterdescendants(*dom.HEADINGS)), None) is not None


def _entry(to: str, found: list[HtmlElement], holders: dict[HtmlElement, str]) -> ListEntry:
    """Return what is said next to all links to one post: the block of the first with a date counts."""
    blocks = list(dict.fromkeys(_block(link, to, holders) for link in found))
    rank, title = min((_title(link) for link in found), key=lambda each: each[0])
    if rank == _UNTOLD:  # the link lies over the block, or is a picture in it
        title = next(filter(None, (_heading_beside(link, to, holders) for link in found)), title)
    published, modified = (
        next((when for block in blocks for when in _written(block, changed=changed)), "") for changed in (False, True)
    )
    return ListEntry((to,), "", title, published, modified, next(filter(None, map(_count, found)), ""))


def _dated(
    entry: ListEntry, found: list[HtmlElement], holders: dict[HtmlElement, str], above: dict[HtmlElement, str]
) -> ListEntry:
    """Return an entry with the day next to it, whose year is in a heading above."""
    for link in found if not entry.published else ():
        beside = text_of(_block(link, entry.hrefs[0], holders)).replace(text_of(link), " ")
        if link in above and len(beside) <= _LITTLE and (day := years.day(beside, above[link])):
            return entry._replace(published=day)
    return entry


def _title(link: HtmlElement) -> tuple[int, str]:
    """Return what a link says about a post's title, and how far to trust it, 0 being most."""
    words = text_of(link)
    for moment in link.iter("time"):
        words = words.removeprefix(text_of(moment)).removesuffix(text_of(moment)).strip()
    if _fragment(link) or _MORE.match(words[:_LITTLE]):
        return _UNTOLD, link.get("title", "")
    if next(link.iterancestors(*dom.HEADINGS), None) is not None:
        return 0, words
    if heading := _heading(link):
        return 0, heading
    return (1 if "title" in link.get("class", "") else 2), words


def _heading(part: HtmlElement) -> str:
    """Return the first heading in a part of the page, or the element whose class calls it a title."""
    named = (
        each
        for each in part.iterdescendants(etree.Element)
        if each.tag in dom.HEADINGS or "title" in each.get("class", "")
    )
    return next(filter(None, map(title_of, named)), "")


def _heading_beside(link: HtmlElement, to: str, holders: dict[HtmlElement, str]) -> str:
    """Return the heading nearest to a link within its block, which may be a whole month."""
    around = takewhile(lambda above: holders[above] == to, link.iterancestors())
    return next(filter(None, map(_heading, around)), "")


def _count(link: HtmlElement) -> str:
    """Return the number of comments if a link to them says it."""
    number = _NUMBER.search(text_of(link)) if _fragment(link) in _COMMENTS else None
    return number[0] if number else ""


def _fragment(link: HtmlElement) -> str:
    return (link.get("href") or "").partition("#")[2]


def _holders(posts: list[tuple[HtmlElement, str]]) -> dict[HtmlElement, str]:
    """Return which post an element is about: the only one it links, or `_MANY`."""
    holders: dict[HtmlElement, str] = {}
    for link, to in posts:
        for above in (link, *link.iterancestors()):
            known = holders.setdefault(above, to)
            if known == _MANY:
                break  # and so is all that is around it
            if known != to:
                holders[above] = _MANY
    return holders


def _block(link: HtmlElement, to: str, holders: dict[HtmlElement, str]) -> HtmlElement:
    """Return the largest element around a link that is about the same post, within the body."""
    block = link
    for above in link.iterancestors():
        if holders[above] != to or above.tag in ("body", "html", "main"):
            break
        block = above
    before = block.getprevious()
    is_defined = block.tag == "dd" and before is not None and before.tag == "dt"  # Pelican's archive
    return before if is_defined and before not in holders else block


def _written(block: HtmlElement, *, changed: bool) -> Iterator[str]:
    """Yield the times in a block at which its post was published or changed.

    The day shown to people comes first: one written for programs is often in UTC, and so of another day.
    """
    parts = [each for each in block.iter(etree.Element) if _is_of_change(each) is changed]
    dated = [each for each in parts if each.tag in ("time", "footer") or _DATED.search(_names(each))]
    yield from _moments(*chain.from_iterable(map(_lines, dated)))
    for part in parts:
        if part.tag != "a":
            yield from _moments(part.get("datetime", ""), part.get("content", ""), part.get("title", ""))
    if not changed:
        yield from _moments(*_lines(block))


def _lines(part: HtmlElement) -> tuple[str, ...]:
    """Return the text of a part, with nothing and with a space between its elements; none where it is not a line."""
    text = text_of(part)
    return (text, " ".join(dom.texts(part))) if len(text) <= _LITTLE else ()


def _moments(*texts: str) -> Iterator[str]:
    return filter(None, map(dates.moment, texts))


def _names(element: HtmlElement) -> str:
    return f"{element.get('class', '')} {element.get('itemprop', '')}"


def _is_of_change(element: HtmlElement) -> bool:
    return bool(_CHANGED.search(_names(element)))


def _turns(tree: HtmlElement, url: str, site: Site) -> Iterator[tuple[str, bool, bool]]:
    """Yield the addresses of other pages: whether one is of the same list, and whether the page calls it its next."""
    own = site.resolve(url) or url
    base = first_page(own)
    for link in tree.iter("a", "link"):
        to = site.resolve(link.get("href") or "", url)
        if not to or to == own or not site.owns(to) or site.is_never_asked(to):
            continue
        relations = set((link.get("rel") or "").lower().split())
        names = _names(link) + " " + _names(link.getparent())
        is_turn = not {"next", "prev"}.isdisjoint(relations) or bool(link.tag == "a" and _TURN.search(names))
        is_same = first_page(to) == base and site.kind(to) in _LISTS
        if is_turn or is_same:
            yield to, is_same, "next" in relations or (is_turn and "next" in names)
