"""The spider of a curated index: somebody's choice of posts, by topic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from archiver.bundled import index_file
from archiver.errors import UsageError
from archiver.items import Topics
from archiver.pages.topics import parse_topics
from spiders.base import BlogSpider, outcome


class IndexSpider(BlogSpider):
    """Asks for every post an index links; `index` is a file or URL, by default the index that comes with the program.

    Raises UsageError when the file cannot be read, ArchiverError when it links no posts.
    """

    name = "index"
    sources = frozenset({"index"})

    def __init__(self, index: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.index_url = index if index.startswith(("http://", "https://")) else None
        self.index_topics = None if self.index_url else self._load(index)

    def _load(self, path: str) -> Topics:
        source = Path(path) if path else index_file()
        try:
            body = source.read_bytes()
            return replace(parse_topics(source.name, body, self.site), body=body)
        except OSError as error:
            raise UsageError(f"expected an index to read at {path}: {error.strerror}") from error

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for an index on the web, or the posts of a local one."""
        if self.index_url:
            yield self.ask(self.index_url, "index")
        elif self.index_topics:
            for found in self.topics(self.index_topics):
                yield outcome({}, found) if isinstance(found, Topics) else found
