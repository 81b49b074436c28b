"""The spider of lists for programs: sitemaps, feeds, indexes, and pages that list all posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from spiders.base import BlogSpider


class ListsSpider(BlogSpider):
    """Asks for every post in the lists that the profile of the blog names."""

    name = "lists"
    sources = frozenset({"lists"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for the first pages of the lists."""
        for url in self.site.list_urls():
            yield self.ask(url, "list")
