"""The spider of the blog's own list of everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from archiver import urls
from spiders.base import BlogSpider


class CatalogueSpider(BlogSpider):
    """Asks for every post in `/content.html`: one request tells all."""

    name = "catalogue"
    sources = frozenset({"catalogue"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for the catalogue."""
        yield self.ask(urls.catalogue_url(), "catalogue")
