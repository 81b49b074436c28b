"""Whose texts these are, where they come from and what may be done with them: part of every export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archiver.profile import Profile
from archiver.store.values import Post

_COMMONS = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/([\d.]+)(?:/([a-z]{2})\b)?")

_CODE = re.compile(r"CC ([A-Z-]+)")
_ASKED = {
    "BY": "name author, blog and licence, as every page does",
    "NC": "take no money for them",
    "ND": "leave the texts unchanged",
    "SA": "pass them on under the same licence",
}
"""What the elements of a Creative Commons licence ask for (https://creativecommons.org/share-your-work/cclicenses/)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Author, source and licence of the posts of an export."""

    title: str
    """What the blog calls itself."""
    author: str
    license: str
    license_url: str
    source: str
    """Origin of its addresses."""
    archived_until: str
    """When the archive last saw one of the posts, ISO 8601 UTC; empty without posts."""

    @property
    def on_the_web(self) -> str:
        """What anybody who puts the texts on the web has to observe, in one line."""
        codes = _CODE.match(self.license)
        asked = [words for code, words in _ASKED.items() if codes and code in codes[1].split("-")]
        means = f"On the web, {'; '.join(asked)}" if asked else "See what it allows before you put them on the web"
        return f"Licence of the posts: {self.license}. {means}."

    def sentences(self, tongue: str = "en") -> tuple[str, ...]:
        """Return what has to be said, one sentence each, in Chinese or English."""
        address = self.license_url
        if tongue.startswith("zh"):
            return (
                f"{self.title}（{self.source}）的文章，作者：{self.author or '未署名'}。",
                f"许可：{self.license}" + (f"（{address}）。" if address else "。"),
                f"存档截至 {self.archived_until or '现在'}。",
            )
        licensed = f"Licence: {self.license}" + (f" ({address})" if address else "")
        return (
            f"Posts of the blog {self.title}, {self.source}, by {self.author or 'an unnamed author'}.",
            f"{licensed}.",
            f"As archived up to {self.archived_until or 'now'}.",
        )


def notice(posts: Iterable[Post], profile: Profile) -> Attribution:
    """Return the notice for posts of a blog: what most of them say about author and licence."""
    authors: Counter[str] = Counter()
    licenses: Counter[tuple[str, str]] = Counter()
    until = ""
    for post in posts:
        authors[post.author] += 1
        licenses[license_of(post)] += 1
        until = max(until, post.last_seen_at)
    name, url = _most(licenses) or ("not stated by the blog", "")
    return Attribution(
        title=profile.title,
        author=_most(authors) or "",
        license=name,
        license_url=url,
        source=profile.address,
        archived_until=until,
    )


def license_of(post: Post) -> tuple[str, str]:
    """Return the name and address of a post's licence: a Creative Commons one by its short name, others as worded."""
    url = post.license_url or ""
    if found := _COMMONS.search(url):
        return f"CC {' '.join(filter(None, found.groups())).upper()}", url
    return post.license or "not stated by the page", url


def commons(url: str) -> tuple[str, str] | None:
    """Return kind and version of a Creative Commons licence from its address, such as `by-nc-nd` and `2.5`, or None."""
    found = _COMMONS.search(url)
    return (found[1], found[2]) if found else None


def _most(counter: Counter[Any]) -> Any:
    return min(counter, key=lambda name: (-counter[name], name), default=None)
