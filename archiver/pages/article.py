"""An article page of any site, whoever made it.

A page of the blog is read by its own parser, `archiver.pages.post`, wherever it was found; any other by the standards
of the web.
"""

from __future__ import annotations

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised, UsageError
from archiver.items import Article, Post
from archiver.pages import by_standards, values
from archiver.pages.document import parse_with_flaws
from archiver.pages.post import parse_post
from archiver.pages.selectors import first
from archiver.text.notation import Scripts
from archiver.urls import Site, origin


def parse_article(url: str, body: bytes, scripts: Scripts | None = None) -> Article:
    """Read an article page of any site.

    `url` is where it comes from; empty where that is not known, and then the page is asked. `scripts` is asked for what
    the page loads, by addresses as written and absolute, where no script in it configures its mathematics. Raises
    PageNotRecognised when there is nothing to read, UsageError when `url` is no address.
    """
    try:
        site = Site(base=origin(url)) if url and Site().canonical(url) is None else Site()
    except ValueError as error:
        raise UsageError(f"expected the address of a page, found {url!r} ({error}); leave it out if unknown") from error
    tree, flaws = parse_with_flaws(url or "the page", body)
    if (own := _own(tree, url, site)) is not None:
        try:
            return of_post(parse_post(own, body, site))
        except PageNotRecognised:
            pass  # an address of the blog with something else at it
    return by_standards.read(tree, url, flaws, scripts)


def of_post(post: Post) -> Article:
    """Return a post of the blog as an article of any site."""
    names = tuple(category.name for category in post.categories)
    said = {"title": post.title, "authors": post.author, "published_at": post.published_on, "categories": names}
    said |= {"tags": post.tags, "license": post.license, "license_url": post.license_url, "canonical_url": post.url}
    return Article(
        url=post.url,
        title=post.title,
        authors=(post.author,) if post.author else (),
        published_at=post.published_on,
        modified_at=None,
        tags=post.tags,
        categories=names,
        license=post.license,
        license_url=post.license_url,
        language=values.language_of(post.content.text),
        canonical_url=post.url,
        description=None,
        site_name=None,
        witnesses={field: "site" for field, value in said.items() if value},
        content=post.content,
        quality=post.quality,
    )


def _own(tree: HtmlElement, url: str, site: Site) -> str | None:
    """Return the address of the blog's post that a page is: its own, or on a mirror or a disk the one in its markup."""
    own = Site().resolve(url)
    if site.post_id(own) is not None:
        return own
    if first(tree, *site.profile.post.text) is None:
        return None
    headings = (site.resolve(link.get("href"), url) for link in tree.xpath("//h1//a[@href]"))
    return next((heading for heading in headings if site.post_id(heading)), None)
