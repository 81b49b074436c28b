"""The spider of the category pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from spiders.base import BlogSpider


class CategorySpider(BlogSpider):
    """Walks categories to their last pages: those named, or all in the blog's menu and in earlier runs.

    The menu is read from the catalogue page, which other spiders ask for too; it may be what fails today.
    """

    name = "category"
    sources = frozenset({"category"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for each category named, or for those known and the page whose menu names them all."""
        if not self.slugs:
            yield self.ask(self.site.catalogue_url(), "catalogue")
        for slug in self.slugs or self.known:
            yield self.ask(self.site.category_url(slug), "category")
