"""The spider that does what several do, in one crawl: a post found three ways is fetched once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from archiver.urls import Site
from spiders.catalogue import CatalogueSpider
from spiders.category import CategorySpider
from spiders.furniture import FurnitureSpider
from spiders.index import IndexSpider
from spiders.lists import ListsSpider

SPIDERS = (CatalogueSpider, ListsSpider, CategorySpider, IndexSpider, FurnitureSpider)


class EverythingSpider(CatalogueSpider, ListsSpider, CategorySpider, IndexSpider, FurnitureSpider):
    """Starts from every source named in `sources`, by default from all that the blog has."""

    name = "everything"

    def __init__(self, sources: tuple[str, ...] = (), site: Site | None = None, **options: Any) -> None:
        site = site or Site()
        self.sources = frozenset(sources or site.profile.lists)
        super().__init__(site=site, **options)

    async def start(self) -> AsyncIterator[Any]:
        """Yield what the spiders of the sources start from."""
        for spider in SPIDERS:
            if spider.name in self.sources:
                async for found in spider.start(self):
                    yield found
