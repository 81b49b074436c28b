"""A post of a blog whose pages are read by web standards, and by the places that its profile names."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime

import lxml.html
from lxml.html import HtmlElement

from archiver.items import Article, Category, Post
from archiver.pages import by_standards, comments, dates, onward, values
from archiver.pages.document import links, parse_with_flaws, sorted_links, text_of
from archiver.pages.ending import ending_of
from archiver.pages.selectors import every, first
from archiver.profile import Profile
from archiver.text import notation
from archiver.urls import Site

_DAY = len("YYYY-MM-DD")
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)\Z")
_ZONED = re.compile(r"T.*(?:Z|[+-]\d\d:?\d\d)\Z")


def read(own: str, url: str, body: bytes, site: Site) -> Post:
    """Read the page of a post.

    `own` is the canonical address of the post, `url` that of the page: the same, or one of its pages of comments.
    Raises PageNotRecognised when there is nothing to read, PageLeadsOn when the text is elsewhere.
    """
    tree, flaws = parse_with_flaws(url, body)
    onward.check(tree, url, site)
    markup = site.profile.post
    written = notation.of(tree)
    article = by_standards.read(tree, url, flaws, site=site, written=written)
    author = ", ".join(article.authors)
    count = _number_in(first(tree, *markup.fields.comment_count))
    said = comments.read(tree, own, site, url, written, owner=author or None, claimed=count)
    tags = _linked(tree, article.tags, site, url)
    return Post(
        id=site.post_id(own) or 0,
        url=own,
        title=article.title,
        author=author,
        published_on=_day_shown(tree, article.published_at) or day(article.published_at, site.profile),
        categories=_categories(tree, article, site, url),
        tags=article.tags,
        tag_urls=tuple(target for target in tags.values() if site.kind(target) == "tag"),
        license=article.license,
        license_url=article.license_url,
        reader_count=None,
        comment_count=count,
        content=sorted_links(article.content, site),
        content_sha256=_digest(tree, article, site.profile),
        quality=article.quality,
        comments=said.comments,
        comment_page=said.page,
        comment_pages=said.pages,
        comments_unread=said.unread,
        comment_issues=said.issues,
        ending=ending_of(body),
    )


def _day_shown(tree: HtmlElement, moment: str | None) -> str | None:
    """Return the day shown to people if a page also has a time for programs, whose zone is often made up; or None."""
    if moment is None:
        return None
    for element in tree.iter("time"):
        written = dates.moment(element.get("datetime") or "")
        if written and _instant(written) == _instant(moment) and (shown := dates.moment(text_of(element))):
            return shown[:_DAY]
    return None


def _instant(moment: str) -> datetime | str:
    """Return a time without its zone; unchanged if it has none."""
    return datetime.fromisoformat(moment) if _ZONED.search(moment) else moment


def day(moment: str | None, profile: Profile) -> str | None:
    """Return the day of an ISO 8601 time by the blog's clock; without a zone, the day as written.

    A time at midnight is a day that somebody wrote, whatever zone a program added.
    """
    if moment is None or not profile.offsets or not _ZONED.search(moment) or _MIDNIGHT.search(moment):
        return moment[:_DAY] if moment else None
    return dates.day_at(moment, profile.zone)


def _categories(tree: HtmlElement, article: Article, site: Site, url: str) -> tuple[Category, ...]:
    """Return the categories by the names in their addresses; if those lead nowhere, by what they are called."""
    targets = _linked(tree, article.categories, site, url)
    places = {name: site.category(target) for name, target in targets.items()}
    named = ((name, places.get(name)) for name in article.categories)
    return tuple(Category(slug=place[0] if place else name, name=name) for name, place in named)


def _linked(tree: HtmlElement, names: tuple[str, ...], site: Site, url: str) -> dict[str, str]:
    """Return the addresses in the blog that the page links by these names."""
    wanted = {name.casefold(): name for name in names}
    found: dict[str, str] = {}
    for element, target in links(tree, site, url) if wanted else ():
        name = wanted.get(text_of(element).strip(" #,").casefold())
        if name and site.owns(target):
            found.setdefault(name, target)
    return found


def _number_in(element: HtmlElement | None) -> int | None:
    return values.count(text_of(element)) if element is not None else None


def _digest(tree: HtmlElement, article: Article, profile: Profile) -> str:
    """Return the SHA-256 of what makes a revision: metadata, and the markup of the text where its place is known.

    Where general rules found the text, the text they read counts, as nobody knows where its markup ends.
    """
    places = every(tree, *profile.post.text)
    text = lxml.html.tostring(places[0], encoding="unicode", with_tail=False) if len(places) == 1 else None
    parts = [article.title, article.authors, article.published_at, article.categories, article.tags]
    parts += [article.license_url, (text or article.content.markdown).strip()]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
