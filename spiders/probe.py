"""The spider of first contact: one or two pages of each kind, to see what is recognised in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from scrapy import Request
from scrapy.http import Response

from archiver.items import Catalogue, Listing, Post
from archiver.pages.listing import parse_front
from spiders.base import BlogSpider, Found, Output


class ProbeSpider(BlogSpider):
    """Asks for the catalogue, the front page, a category's first and last page, two posts and a page of comments."""

    name = "probe"
    category_asked = False

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for the pages that lead to the others."""
        yield self.ask(self.site.catalogue_url(), "catalogue")
        yield self.ask(self.site.front_url(), "front")

    def parse_front(self, response: Response) -> Output:
        """Read the front page."""
        return self._read(response, self._front)

    def _front(self, response: Response) -> Found:
        yield parse_front(response.url, response.body, self.site)

    def _checked(self, response: Response, page: Callable[[Response], Found]) -> Found:
        """Yield the few requests a page leads to, and what it is; not what a crawl would continue with."""
        for found in super()._checked(response, page):
            if not isinstance(found, Request):
                yield from self._onward(found)
                yield found

    def _onward(self, item: object) -> list[Request]:
        match item:
            case Catalogue(entries=entries):
                busiest = max(entries, key=lambda entry: entry.comment_count)
                posts = dict.fromkeys((busiest.url, entries[0].url, entries[-1].url))
                return [self.ask(url, "post") for url in list(posts)[:2]]
            case Post():
                return self._beside(item)
            case Listing(page=1, last_page=last, category=category) if last > 1 and category.slug:
                return [self.ask(self.site.category_url(category.slug, last), "category")]
        return []

    def _beside(self, post: Post) -> list[Request]:
        """Return the requests for a page of a post's comments and, once, for its category."""
        found = []
        if post.comment_pages > 1:
            page = 1 if post.comment_page > 1 else 2
            found.append(self.ask(self.site.discussion_url(post.url, page), "comments"))
        if post.categories and not self.category_asked:
            self.category_asked = True
            found.append(self.ask(self.site.category_url(post.categories[0].slug), "category"))
        return found
