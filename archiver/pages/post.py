"""An article page: the post, its metadata, and the page of comments shown with it.

On the pages of a theme that is fully known every field is found by meaning and anchor (ids, classes, forms of
URLs) rather than by position, and where the page says something twice both are read: disagreement is reported, not
guessed away. Other pages are read by `archiver.pages.entry`.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial

import lxml.html
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Content, Post, Quality
from archiver.pages import comments, entry
from archiver.pages.document import parse_with_flaws, sorted_links, text_of
from archiver.pages.ending import ending_of
from archiver.pages.metadata import Metadata, read_metadata
from archiver.pages.places import beside, prune
from archiver.pages.selectors import every, first, ids_within, unchanged
from archiver.profile import PostMarkup
from archiver.text import engines, notation, quality, sources
from archiver.text.notation import Notation
from archiver.urls import Site


def parse_post(url: str, body: bytes, site: Site | None = None) -> Post:
    """Read an article page.

    `url` may be the post's own address or one of its comment pages. Raises PageNotRecognised when the page is not the
    article its address promises: no heading that links to it, or no text.
    """
    site = site or Site()
    canonical = site.canonical(url)
    place = site.discussion(canonical)
    own = place[0] if place else canonical
    number = site.post_id(own)
    if own is None or number is None:
        raise PageNotRecognised(url, "expected the address of a post")
    if not site.profile.post.heading:
        return entry.read(own, url, body, site)
    tree, flaws = parse_with_flaws(url, body)
    with unchanged(tree):
        heading = _heading(tree, number, site, url)
        head = read_metadata(tree, heading, site, url)
        head.issues += flaws
        written = notation.of(tree)
        said = comments.read(tree, own, site, url, written, owner=head.author, claimed=head.comment_count)
        text, engine = _text(tree, site, url, written)
        head.issues += _structure(tree, text, site.profile.post)
    content, checked, digest = _read(text, engine, head, site, written)
    return Post(
        id=number,
        url=own,
        title=head.title,
        author=head.author,
        published_on=head.published_on,
        categories=head.categories,
        tags=tuple(head.tags),
        tag_urls=tuple(head.tags.values()),
        license=head.license,
        license_url=head.license_url,
        reader_count=head.reader_count,
        comment_count=0 if head.comment_count is None and said.none else head.comment_count,
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
    """Return the heading: the link in it that leads to the post or, if no heading is linked, the one in the title."""
    linked: list[HtmlElement] = []
    for link in (link for selector in site.profile.post.heading for link in every(tree, selector)):
        if site.post_id(site.resolve(link.get("href"), url)) == number:
            return link
        linked.append(link)
    if any(site.post_id(site.resolve(link.get("href"), url)) for link in linked):
        found = linked[0].get("href")
        raise PageNotRecognised(url, f"expected the heading to link to post {number}, found {found!r}")
    title = first(tree, "//title")
    said = text_of(title) if title is not None else ""
    bare = (heading for heading in tree.iter("h1", "h2") if (words := text_of(heading)) and said.startswith(words))
    heading = next(bare, None) if first(tree, *site.profile.post.text) is not None else None
    if heading is None:
        raise PageNotRecognised(url, "expected a linked h1 as articles have, found none")
    return heading


def _text(tree: HtmlElement, site: Site, url: str, written: Notation) -> tuple[HtmlElement, str]:
    """Return the element of the text, and what found it."""
    markup = site.profile.post
    body = first(tree, *markup.text)
    if body is not None:
        return body, "site"
    found = engines.find_body(sources.settle(tree, written), partial(beside, markup))
    if found is None:
        raise PageNotRecognised(url, f"expected the text in {_place(markup)}, found neither that nor any other text")
    return found


def _read(
    body: HtmlElement, engine: str, head: Metadata, site: Site, written: Notation
) -> tuple[Content, Quality, str]:
    """Return the text, how far to trust it, and the digest that identifies a revision."""
    markup = site.profile.post
    prune(body, markup)
    digest = _digest(body, head)
    body = sources.settle(body, written)
    content = sorted_links(engines.read(body, site.resolve), site)
    issues = (*head.issues, *quality.check(body, content, site.resolve))
    if engine != "site":
        issues = (*issues, f"no {_place(markup)} on the page; {engine} found the text")
    checked = Quality(engine=engine, issues=issues, notes=(*head.notes, *quality.notes(content)))
    return content, checked, digest


def _place(markup: PostMarkup) -> str:
    """Return where the text is, in words: by the selector that asks least."""
    return f"`{markup.text[-1]}`"


def _structure(tree: HtmlElement, body: HtmlElement, markup: PostMarkup) -> list[str]:
    """Return what suggests that the body is not exactly the text, by where the blog's footer is."""
    twice = len(every(tree, markup.text[-1])) > 1
    issues = [f"there is a second {_place(markup)} on the page"] if twice else []
    footer = set(markup.footer)
    inside = footer.intersection(ids_within(body))
    outside = (footer - inside).intersection(ids_within(tree)) if footer - inside else set()
    issues += [f"`#{name}` stands outside the text" for name in sorted(outside)]
    lost = sorted(footer - inside - outside)
    if lost and (inside or outside):
        names = ", ".join(f"`#{name}`" for name in lost)
        issues.append(f"the blog's footer has no {names}: its words may stand in the text")
    written = str(body.text_content())
    issues += [f"{notice!r} stands outside the text" for notice in markup.notices if _is_outside(tree, notice, written)]
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
