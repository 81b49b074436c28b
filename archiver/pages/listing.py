"""A page of a category."""

from __future__ import annotations

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Category, Listing, ListingEntry
from archiver.pages.document import date_in, links, menu, parse, text_of
from archiver.pages.ending import ending_of
from archiver.pages.selectors import every, first
from archiver.urls import Site


def parse_listing(url: str, body: bytes, site: Site | None = None) -> Listing:
    """Read a page of a category.

    Raises PageNotRecognised when the address is not a category's or the posts on the page are not recognised.
    """
    site = site or Site()
    place = site.category(site.canonical(url))
    if place is None:
        raise PageNotRecognised(url, "expected the address of a category page")
    slug, page = place
    tree = parse(url, body)
    entries = _entries(tree, site, url)
    if not entries and not (page == 1 and _is_empty(tree, site, url)):
        raise _nothing(url, site)
    categories = menu(tree, site, url)
    pages = [number for _, target in links(tree, site, url) if (number := _page_of(target, slug, site))]
    return Listing(
        category=next((known for known in categories if known.slug == slug), Category(slug=slug, name=slug)),
        page=page,
        entries=entries,
        next_page=page + 1 if page + 1 in pages else None,
        last_page=max([page, *pages]),
        categories=categories,
        ending=ending_of(body),
    )


def parse_front(url: str, body: bytes, site: Site | None = None) -> Listing:
    """Read the front page: a list of the newest posts, of no category.

    Raises PageNotRecognised when no post on it is recognised.
    """
    site = site or Site()
    tree = parse(url, body)
    entries = _entries(tree, site, url)
    if not entries:
        raise _nothing(url, site)
    return Listing(
        category=Category(slug="", name="front page"),
        page=1,
        entries=entries,
        next_page=None,
        last_page=1,
        categories=menu(tree, site, url),
    )


def _entries(tree: HtmlElement, site: Site, url: str) -> tuple[ListingEntry, ...]:
    blocks = every(tree, *site.profile.listing.posts)
    return tuple(entry for block in blocks if (entry := _entry(block, site, url)))


def _nothing(url: str, site: Site) -> PageNotRecognised:
    markup = site.profile.listing
    return PageNotRecognised(
        url, f"expected posts in `{markup.posts[0]}` with a linked {markup.title[0].split()[0]}, found none"
    )


def _entry(block: HtmlElement, site: Site, url: str) -> ListingEntry | None:
    """Return the post of a block: its first linked heading, as excerpts hold headings of their own."""
    markup = site.profile.listing
    for link in every(block, *markup.title):
        target = site.resolve(link.get("href"), url)
        number = site.post_id(target)
        if target and number:
            submitted = first(block, *markup.byline)
            published_on = date_in(text_of(submitted)) if submitted is not None else None
            return ListingEntry(post_id=number, url=target, title=text_of(link), published_on=published_on)
    return None


def _is_empty(tree: HtmlElement, site: Site, url: str) -> bool:
    """Whether this is the page of a category without posts: it says so in its title, and links none in its column."""
    markup = site.profile.listing
    title, column = first(tree, "//title"), first(tree, *markup.column)
    titled = title is not None and markup.empty in text_of(title)
    return titled and column is not None and not any(site.post_id(to) for _, to in links(column, site, url))


def _page_of(target: str, slug: str, site: Site) -> int | None:
    """Return the number of a page of this category."""
    place = site.category(target)
    return place[1] if place and place[0] == slug else None
