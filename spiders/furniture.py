"""The spider of the blog besides its posts: front page, tags, independent pages, feeds, files that are linked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from spiders.base import BlogSpider


class FurnitureSpider(BlogSpider):
    """Asks for the front page, and for what it and every other page name that is not a post and no list of posts.

    No list tells of these, so each page that is read is looked through for them; posts come first.
    """

    name = "furniture"
    sources = frozenset({"furniture"})

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for the front page and for the icon that browsers ask for by themselves."""
        yield self.ask(self.site.front_url(), "front")
        if self.with_images:
            yield self.ask(self.site.icon_url(), "requisite")
