"""The spider of the blog's own list of everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from spiders.base import BlogSpider


class CatalogueSpider(BlogSpider):
    """Asks for every post in `/content.html`, which a single request lists."""

    name = "catalogue"
    sources = frozenset({"catalogue"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for the catalogue."""
        yield self.ask(self.site.catalogue_url(), "catalogue")
