"""An article page: the post, its metadata, and the page of comments shown with it.

Every field is found by meaning and anchor (ids, classes, forms of URLs) rather than by position, and where the page
says a thing twice both are read: what disagrees is reported, not guessed away.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

import lxml.html
from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Category, Content, Post, Quality
from archiver.pages import comments
from archiver.pages.document import date_in, first, has_class, links, parse, text_of
from archiver.text import engines, quality
from archiver.urls import Site, category, comment_page, post_id, post_url

HEADING = (f"//*[{has_class('title-wrap')}]//h1//a[@href]", "//h1//a[@href]")
BODY = (f"//*[{has_class('Post')}]//*[@id='PostContent']", "//*[@id='PostContent']")
SUBMITTED = f"//*[{has_class('submitted')}]"
TAXONOMY = (f"//*[@id='tools']//*[{has_class('cat')}]", f"//*[{has_class('tools')}]//*[{has_class('cat')}]",
            f"//span[{has_class('cat')}]")  # fmt: skip
TOOLS = ("//*[@id='tools']", f"//*[{has_class('tools')}]")
BREADCRUMB = "//*[@id='breadcrumb']//a[@href]"
LICENSE = "//a[contains(@href, 'creativecommons.org/licenses/')]"
BIBTEX = f"//*[@id='how_to_cite']//pre[{has_class('cite_style')}]"

FOOTER_IDS = ("content_tips", "pay", "how_to_cite")
"""What follows the text inside `#PostContent`: three siblings, on every page seen."""

NOTICES = ("转载到请包括本文地址", "更详细的转载事宜请参考")
"""How the two paragraphs before them begin."""

_READERS = re.compile(r"(\d+)\s*位读者")
_COMMENTS = re.compile(r"(\d+)\s*评论")
_FIELD = re.compile(r"(title|author|year|month)\s*=\s*\{(.*)\}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True)
class _Head:
    """What the page says about the post, outside its text."""

    title: str
    author: str
    published_on: str | None
    categories: tuple[Category, ...]
    tags: tuple[str, ...]
    license: str | None
    license_url: str | None
    reader_count: int | None
    comment_count: int | None
    disagreements: tuple[str, ...]


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
    tree = parse(url, body)
    heading = _heading(tree, number, site, url)
    head = _head(tree, heading, site, url)
    shown, pages = comments.comment_pages(tree, number, site, url)
    said = comments.read_comments(tree, site, head.author)
    content, checked, digest = _body(tree, head, site, url)
    return Post(
        id=number,
        url=post_url(number),
        title=head.title,
        author=head.author,
        published_on=head.published_on,
        categories=head.categories,
        tags=head.tags,
        license=head.license,
        license_url=head.license_url,
        reader_count=head.reader_count,
        comment_count=head.comment_count,
        content=content,
        content_sha256=digest,
        quality=checked,
        comments=said,
        comment_page=shown,
        comment_pages=pages,
    )


def _heading(tree: HtmlElement, number: int, site: Site, url: str) -> HtmlElement:
    """Return the link in the heading, which must lead to the post that was asked for."""
    link = first(tree, *HEADING)
    if link is None:
        raise PageNotRecognised(url, "expected a linked h1 as articles have, found none")
    found = post_id(site.resolve(link.get("href"), url))
    if found != number:
        raise PageNotRecognised(url, f"expected the heading to link to post {number}, found {link.get('href')!r}")
    return link


def _head(tree: HtmlElement, heading: HtmlElement, site: Site, url: str) -> _Head:
    submitted = first(tree, SUBMITTED)
    byline = text_of(submitted) if submitted is not None else ""
    license_link = _license(tree)
    categories, tags = _taxonomy(tree, site, url)
    title, author, published_on = text_of(heading), comments.author_of(tree), date_in(byline)
    return _Head(
        title=title,
        author=author or "",
        published_on=published_on,
        categories=categories,
        tags=tags,
        license=text_of(license_link) or None if license_link is not None else None,
        license_url=license_link.get("href") if license_link is not None else None,
        reader_count=_count(_READERS, byline),
        comment_count=_count(_COMMENTS, _tools_text(tree)),
        disagreements=_witnesses(tree, title, author, published_on, categories, site, url),
    )


def _count(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1]) if found else None


def _tools_text(tree: HtmlElement) -> str:
    tools = first(tree, *TOOLS)
    return text_of(tools) if tools is not None else ""


def _license(tree: HtmlElement) -> HtmlElement | None:
    """Return the licence link that says something; the first may hold only a picture."""
    found: list[HtmlElement] = tree.xpath(LICENSE)
    return next((link for link in found if text_of(link)), found[0] if found else None)


def _taxonomy(tree: HtmlElement, site: Site, url: str) -> tuple[tuple[Category, ...], tuple[str, ...]]:
    """Return all categories and tags; the breadcrumb names only one category, the sidebar tags of others."""
    line = first(tree, *TAXONOMY)
    categories: dict[str, str] = {}
    tags: list[str] = []
    for element, target in links(line, site, url) if line is not None else ():
        place = category(target)
        if place:
            categories.setdefault(place[0], text_of(element))
        elif "/tag/" in target and text_of(element) not in tags:
            tags.append(text_of(element))
    return tuple(Category(slug=slug, name=name) for slug, name in categories.items()), tuple(tags)


def _witnesses(
    tree: HtmlElement,
    title: str,
    author: str | None,
    published_on: str | None,
    categories: tuple[Category, ...],
    site: Site,
    url: str,
) -> tuple[str, ...]:
    """Return where the page's own citation and breadcrumb say otherwise, or where a field was not found at all."""
    cited = _citation(tree)
    found = []
    if not author:
        found.append("no author beside the date")
    elif cited.get("author", author) != author:
        found.append(f"author is {author!r} beside the date but {cited['author']!r} in the citation")
    if _squashed(cited.get("title", title)) != _squashed(title):
        found.append(f"title is {title!r} in the heading but {cited['title']!r} in the citation")
    found += _date_witness(published_on, cited)
    if not categories:
        found.append("no category below the text")
    crumbs = {place[0] for link in tree.xpath(BREADCRUMB)
              if (place := category(site.resolve(link.get("href"), url)))}  # fmt: skip
    if crumbs and not crumbs <= {known.slug for known in categories}:
        found.append(f"category {', '.join(sorted(crumbs))} is in the breadcrumb but not below the text")
    return tuple(found)


def _date_witness(published_on: str | None, cited: dict[str, str]) -> list[str]:
    if published_on is None:
        return ["no date beside the author"]
    year, month = published_on[:4], _MONTHS[int(published_on[5:7]) - 1] if 1 <= int(published_on[5:7]) <= 12 else ""
    there = (cited.get("year", year), cited.get("month", month)[:3])
    if there != (year, month):
        return [f"date is {published_on} beside the author but {' '.join(there)} in the citation"]
    return []


def _squashed(text: str) -> str:
    return "".join(text.split())


def _citation(tree: HtmlElement) -> dict[str, str]:
    """Return the fields of the BibTeX entry at the end of the page."""
    block = first(tree, BIBTEX)
    text = str(block.text_content()) if block is not None else ""
    return {found[1]: found[2].strip() for found in _FIELD.finditer(text)}


def _body(tree: HtmlElement, head: _Head, site: Site, url: str) -> tuple[Content, Quality, str]:
    """Return the text, how far to trust it, and the digest that makes a revision."""
    body, engine = first(tree, *BODY), "site"
    if body is None:
        found = engines.find_body(tree)
        if found is None:
            raise PageNotRecognised(url, "expected the text in `#PostContent`, found neither that nor any other text")
        body, engine = found
    prune(body)
    content = engines.read(body, site.resolve)
    issues = [*head.disagreements, *quality.check(body, content, site.resolve)]
    if engine != "site":
        issues.append(f"no `#PostContent` on the page; {engine} found the text")
    return content, Quality(engine=engine, issues=tuple(issues)), _digest(body, head)


def _digest(body: HtmlElement, head: _Head) -> str:
    """Return the SHA-256 of what makes a revision, before any reading of ours: markup of the text, and metadata."""
    parts = [
        head.title,
        head.author,
        head.published_on,
        [known.slug for known in head.categories],
        head.tags,
        head.license_url,
        lxml.html.tostring(body, encoding="unicode", with_tail=False).strip(),
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def prune(body: HtmlElement) -> None:
    """Take the blog's footer out of a body: two notices, tips, payment and citation.

    In old posts an unclosed quote swallows them, so they are looked for at any depth.
    """
    for name in FOOTER_IDS:
        for element in body.xpath(f".//*[@id='{name}']"):
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
