"""The spider of the rest of the blog: front page, tags, independent pages, feeds, linked files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from spiders.base import BlogSpider


class FurnitureSpider(BlogSpider):
    """Asks for the front page, and for everything it and other pages name that is neither a post nor a list of posts.

    No list names these, so each page that is read is searched for them; posts come first.
    """

    name = "furniture"
    sources = frozenset({"furniture"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for the front page and for the icon that browsers ask for by themselves."""
        yield self.ask(self.site.front_url(), "front")
        if self.with_images:
            icon = self.site.icon_url()
            yield self.ask(icon, self.site.frontier_kind(icon))
