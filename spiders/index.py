"""The spider of a curated index: somebody's choice of posts, by topic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.bundled import index_file
from archiver.errand import Errand
from archiver.errors import PageNotRecognised, UsageError
from archiver.items import Topics
from archiver.pages.topics import parse_topics
from spiders.base import BlogSpider, outcome


class IndexSpider(BlogSpider):
    """Asks for every post an index links.

    `index` is a file, a URL, or the topics of a file that was read before; by default the bundled index. Raises
     UsageError when there is no such file or URL, or when the file links no posts.
    """

    name = "index"
    sources = frozenset({"index"})

    def __init__(self, index: str | Topics = "", **options: Any) -> None:
        super().__init__(**options)
        self.index_url: str | None = None
        self.index_topics: Topics | None = None
        if isinstance(index, Topics):
            self.index_topics = index
        elif index.startswith(("http://", "https://")):
            self.index_url = self._web_address(index)
        elif index or "index" in self.sources:
            self.index_topics = self._load(index)

    def _web_address(self, url: str) -> str:
        with suppress(ValueError):
            urlsplit(url).port  # noqa: B018  # raises for one that is no number
            if self.site.resolve(url) is not None:
                return url
        raise UsageError(f"--index: expected a file or the URL of a page, found {url!r}")

    def _load(self, path: str) -> Topics:
        source = Path(path) if path else index_file()
        try:
            body = source.read_bytes()
            return replace(parse_topics(source.name, body, self.site), body=body)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"--index: expected an index to read at {path!r}, found: {reason}") from error
        except PageNotRecognised as error:
            raise UsageError(f"--index: {error}") from error

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for an index on the web, or the posts of a local one."""
        if self.index_url:
            yield self.ask(self.index_url, "index")
        elif self.index_topics:
            for found in self.topics(self.index_topics):
                yield outcome(Errand(kind="index"), found) if isinstance(found, Topics) else found
