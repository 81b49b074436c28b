"""An independent page: neither a post nor a list, such as one about the author, a guestbook or a tool.

It has the theme's frame and often comments, like a post, and neither date nor categories. The page of an attachment is
one, too. A page entirely outside the theme is read as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import lxml.html
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Content, File, Gap, Page, Quality
from archiver.pages import by_standards, comments, onward
from archiver.pages.document import parse_with_flaws, sorted_links, text_of
from archiver.pages.ending import ending_of
from archiver.pages.places import beside, prune
from archiver.pages.selectors import first
from archiver.profile import Profile
from archiver.text import engines, notation, quality, sources
from archiver.text.notation import Notation
from archiver.urls import Site

_PAGE_BEGINS = (b"<!doctype html", b"<html")


def parse_page(url: str, body: bytes, site: Site | None = None) -> Page:
    """Read an independent page, or the page of an attachment.

    `url` may be the page's own address or that of one page of its comments. Raises PageNotRecognised when there is
    neither a title nor a text, or the address is another kind of page's.
    """
    site = site or Site()
    canonical = site.canonical(url)
    if canonical is None or site.furniture_kind(canonical) != "page":
        raise PageNotRecognised(url, "expected the address of an independent page")
    place = site.discussion(canonical)
    whose = place[0] if place else canonical
    tree, flaws = parse_with_flaws(url, body)
    by_theme = site.profile.page.text
    if not by_theme:
        onward.check(tree, url, site)
    written = notation.of(tree)
    said = comments.read(tree, whose, site, url, written)
    read = _by_theme(tree, flaws, written, site) if by_theme else _by_standards(tree, flaws, written, url, site)
    if not read.title and not read.content.markdown:
        raise PageNotRecognised(url, "expected a page with a title or a text, found neither")
    return Page(
        url=whose,
        title=read.title,
        content=read.content,
        content_sha256=read.digest,
        quality=read.quality,
        comments=said.comments,
        comment_page=said.page,
        comments_unread=said.unread,
        comment_issues=said.issues,
        further=() if place else tuple(_further(whose, said, site)),
        ending=ending_of(body),
    )


class _PageContent(NamedTuple):
    """What an independent page says."""

    title: str
    content: Content
    digest: str
    quality: Quality


def _by_theme(tree: HtmlElement, flaws: tuple[str, ...], written: Notation, site: Site) -> _PageContent:
    title = _title(tree, site.profile)
    text, engine = _text(tree, written, site.profile)
    prune(text, site.profile.post)
    digest = _digest(title, lxml.html.tostring(text, encoding="unicode", with_tail=False))
    text = sources.settle(text, written)
    # Outside the theme nothing says which part of a page is its text: no engine is to choose.
    read = engines.read_fragment if engine == "none" else engines.read
    content = sorted_links(read(text, site.resolve), site)
    return _PageContent(title, content, digest, _quality(text, content, engine, flaws, site))


def _by_standards(tree: HtmlElement, flaws: tuple[str, ...], written: Notation, url: str, site: Site) -> _PageContent:
    article = by_standards.read(tree, url, flaws, site=site, written=written)
    digest = _digest(article.title, article.content.markdown)
    return _PageContent(article.title, sorted_links(article.content, site), digest, article.quality)


def _further(url: str, said: comments.Discussion, site: Site) -> Iterator[str]:
    """Yield the addresses of the pages of comments that a page does not show itself."""
    for number in range(1, said.pages + 1):
        if number != said.page:
            yield site.discussion_url(url, number)


def read_file(url: str, body: bytes, site: Site | None = None) -> File | Gap:
    """Return a linked file's size and digest, or a gap if a web page came in its place."""
    canonical = (site or Site()).canonical(url) or url
    if body[:1024].lstrip().lower().startswith(_PAGE_BEGINS):
        return Gap(reason="expected a file, found a web page")
    return File(url=canonical, size=len(body), sha256=hashlib.sha256(body).hexdigest())


def _title(tree: HtmlElement, profile: Profile) -> str:
    """Return the heading of the text, or else the title of the document."""
    heading, title = first(tree, *profile.page.heading), first(tree, "//title")
    named = text_of(title) if title is not None else ""
    return (text_of(heading) if heading is not None else "") or named


def _text(tree: HtmlElement, written: Notation, profile: Profile) -> tuple[HtmlElement, str]:
    """Return the element of the text, and what found it."""
    known = first(tree, *profile.page.text)
    if known is not None:
        return known, "site"
    found = engines.find_body(sources.settle(tree, written), partial(beside, profile.post))
    if found is not None:
        return found
    body = first(tree, "//body")
    return (tree if body is None else body), "none"


def _quality(text: HtmlElement, content: Content, engine: str, flaws: tuple[str, ...], site: Site) -> Quality:
    issues = (*flaws, *quality.check(text, content, site.resolve))
    return Quality(engine=engine, issues=issues, notes=quality.notes(content))


def _digest(title: str, text: str) -> str:
    """Return the SHA-256 of what makes another wording: title and markup, or what was read, as for posts."""
    return hashlib.sha256(f"{title}\n{text.strip()}".encode("utf-8", "surrogatepass")).hexdigest()
