"""An article page: the post, its metadata, and the page of comments shown with it.

Every field is found by meaning and anchor (ids, classes, forms of URLs) rather than by position, and where the page
says a thing twice both are read: what disagrees is reported, not guessed away.
"""

from __future__ import annotations

import hashlib
import json

import lxml.html
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Content, Post, Quality
from archiver.pages import comments
from archiver.pages.document import by_class, first, has_class, parse_with_flaws, text_of
from archiver.pages.ending import ending_of
from archiver.pages.metadata import Metadata, read_metadata
from archiver.text import engines, notation, quality, sources
from archiver.text.notation import Notation
from archiver.urls import Site, comment_page, post_id, post_url

HEADING = (*(f"{path}//h1//a[@href]" for path in by_class("div", "title-wrap")), "//h1//a[@href]")

FOOTER_IDS = ("content_tips", "pay", "how_to_cite")
"""What follows the text inside `#PostContent`: three siblings, on every page seen."""

NOTICES = ("转载到请包括本文地址", "更详细的转载事宜请参考")
"""How the two paragraphs before them begin."""


def parse_post(url: str, body: bytes, site: Site | None = None) -> Post:
    """Read an article page.

    `url` may be the post's own address or one of its comment pages. Raises PageNotRecognised when the page is not the
    article its address promises: no heading that links to it, or no text.
    """
    site = site or Site()
    canonical = site.canonical(url)
    place = comment_page(canonical)
    number = place[0] if place else post_id(canonical)
    if number is None:
        raise PageNotRecognised(url, "expected the address of a post")
    tree, flaws = parse_with_flaws(url, body)
    heading = _heading(tree, number, site, url)
    head = read_metadata(tree, heading, site, url)
    head.issues += flaws
    written = notation.of(tree)
    said = comments.read(tree, post_url(number), site, url, written, owner=head.author, claimed=head.comment_count)
    content, checked, digest = _body(tree, head, site, url, written)
    return Post(
        id=number,
        url=post_url(number),
        title=head.title,
        author=head.author,
        published_on=head.published_on,
        categories=head.categories,
        tags=tuple(head.tags),
        tag_urls=tuple(head.tags.values()),
        license=head.license,
        license_url=head.license_url,
        reader_count=head.reader_count,
        comment_count=head.comment_count,
        content=content,
        content_sha256=digest,
        quality=checked,
        comments=said.comments,
        comment_page=said.page,
        comment_pages=said.pages,
        comments_unread=said.unread,
        comment_issues=said.issues,
        ending=ending_of(body),
    )


def _heading(tree: HtmlElement, number: int, site: Site, url: str) -> HtmlElement:
    """Return the heading: the link in it that leads to the post, or where no heading is linked, as the title has it."""
    linked = [link for path in HEADING for link in tree.xpath(path)]
    for link in linked:
        if post_id(site.resolve(link.get("href"), url)) == number:
            return link
    if any(post_id(site.resolve(link.get("href"), url)) for link in linked):
        found = linked[0].get("href")
        raise PageNotRecognised(url, f"expected the heading to link to post {number}, found {found!r}")
    title = first(tree, "//title")
    said = text_of(title) if title is not None else ""
    bare = (heading for heading in tree.iter("h1", "h2") if (words := text_of(heading)) and said.startswith(words))
    heading = next(bare, None) if first(tree, *comments.BODY) is not None else None
    if heading is None:
        raise PageNotRecognised(url, "expected a linked h1 as articles have, found none")
    return heading


def _body(tree: HtmlElement, head: Metadata, site: Site, url: str, written: Notation) -> tuple[Content, Quality, str]:
    """Return the text, how far to trust it, and the digest that makes a revision."""
    body, engine = first(tree, *comments.BODY), "site"
    if body is None:
        found = engines.find_body(sources.settle(tree, written))
        if found is None:
            raise PageNotRecognised(url, "expected the text in `#PostContent`, found neither that nor any other text")
        body, engine = found
    structure = _structure(tree, body)
    prune(body)
    digest = _digest(body, head)
    body = sources.settle(body, written)
    content = engines.read(body, site.resolve)
    issues = (*head.issues, *structure, *quality.check(body, content, site.resolve))
    if engine != "site":
        issues = (*issues, f"no `#PostContent` on the page; {engine} found the text")
    checked = Quality(engine=engine, issues=issues, notes=(*head.notes, *quality.notes(content)))
    return content, checked, digest


def _structure(tree: HtmlElement, body: HtmlElement) -> list[str]:
    """Return what speaks against the body being all of the text and nothing else: where the blog's footer stands."""
    issues = ["there is a second `#PostContent` on the page"] if len(tree.xpath(comments.BODY[1])) > 1 else []
    inside = {name for name in FOOTER_IDS if body.xpath(f".//*[@id='{name}']")}
    outside = {name for name in FOOTER_IDS if name not in inside and tree.xpath(f"//*[@id='{name}']")}
    issues += [f"`#{name}` stands outside the text" for name in sorted(outside)]
    lost = sorted(set(FOOTER_IDS) - inside - outside)
    if lost and (inside or outside):
        names = ", ".join(f"`#{name}`" for name in lost)
        issues.append(f"the blog's footer has no {names}: its words may stand in the text")
    written = str(body.text_content())
    issues += [f"{notice!r} stands outside the text" for notice in NOTICES if _is_outside(tree, notice, written)]
    return issues


def _is_outside(tree: HtmlElement, notice: str, written: str) -> bool:
    return notice not in written and notice in str(tree.text_content())


def _digest(body: HtmlElement, head: Metadata) -> str:
    """Return the SHA-256 of what makes a revision, before any reading of ours: markup of the text, and metadata."""
    parts = [
        head.title,
        head.author,
        head.published_on,
        [known.slug for known in head.categories],
        list(head.tags),
        head.license_url,
        lxml.html.tostring(body, encoding="unicode", with_tail=False).strip(),
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def prune(body: HtmlElement) -> None:
    """Take the blog's footer out of a body: two notices, tips, payment and citation.

    In old posts an unclosed quote swallows them, so they are looked for at any depth.
    """
    for name in FOOTER_IDS:
        for element in body.xpath(f".//div[@id='{name}']") or body.xpath(f".//*[@id='{name}']"):
            if element.getparent() is not None:
                element.drop_tree()
    for notice in NOTICES:
        _cut(body, notice)
    for element in body.xpath(f".//div[{has_class('clear')}]"):
        if not text_of(element) and len(element) == 0:
            element.drop_tree()


def _cut(body: HtmlElement, notice: str) -> None:
    """Remove the last paragraph that begins with a notice; a post may well quote one earlier.

    Where the whole text is one paragraph, only what follows the notice goes.
    """
    starts = [
        found.getparent()
        for found in body.xpath(".//text()[contains(., $notice)]", notice=notice)
        if found.is_text and found.lstrip().startswith(notice)
    ]
    if not starts:
        return
    innermost = starts[-1]
    outermost = innermost
    for above in innermost.iterancestors():
        if above is body or not _begins(above, notice):
            break
        outermost = above
    for later in list(outermost.itersiblings()) if outermost.tag not in ("p", "div") else []:
        later.drop_tree()
    if outermost.tag not in ("p", "div"):
        outermost.tail = None
    outermost.drop_tree()


def _begins(element: HtmlElement, notice: str) -> bool:
    return str(element.text_content()).lstrip().startswith(notice)
