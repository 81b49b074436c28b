"""How far the lists of a run are followed: which further pages are worth asking for, and when they are endless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archiver.items import PostList


class Pager:
    """The entries named by the pages of a run's lists.

    `most` is how many pages of lists of one form are read.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: defaultdict[str, set[str]] = defaultdict(set)
        """Pages that were read, or will be, by the form of the list."""
        self._named: defaultdict[str, set[str]] = defaultdict(set)
        """What pages have named, by the address that those of one list share."""
        self._longest: defaultdict[str, int] = defaultdict(int)
        """Most entries of a page, by the same."""
        self._total: int | None = None

    def further(self, page: PostList) -> Iterator[tuple[str, bool]]:
        """Yield the further pages to ask for after one: its address, and whether it exceeds the limit.

        Yields none if a page has nothing new: a server that ignores page numbers has no last page.
        """
        self._total = page.total if page.total is not None else self._total
        place = page.url.partition("?")[0]
        before = len(self._named[place])
        self._named[place] |= {entry.url for entry in page.entries}
        if (page.entries and len(self._named[place]) == before) or (page.supposed_after and self._is_last(page, place)):
            return
        asked = self._asked[page.reader]
        asked.add(page.url)
        for url in page.further:
            if url in asked:
                continue
            if len(asked) >= self._most:
                yield url, True
                return
            asked.add(url)
            yield url, False

    def _is_last(self, page: PostList, place: str) -> bool:
        """Return whether no page can be assumed after one: it is shorter than another, or all posts are named."""
        self._longest[place] = max(self._longest[place], page.supposed_after)
        is_all = self._total is not None and len(self._named[place]) >= self._total
        return is_all or page.supposed_after < self._longest[place]
