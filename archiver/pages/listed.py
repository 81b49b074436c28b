"""What a reader of lists finds on one page of a list, in the list's own words, and how much of one is read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from archiver.text import dom

LARGEST = 50 << 20
"""Bytes of a list that are read, and the most a sitemap may have (https://www.sitemaps.org/protocol.html)."""

MOST = 50_000
"""Entries, and further pages, of a list that are read; as many as a sitemap may have."""

LONGEST = 2048
"""Characters of the longest text taken for an address; a sitemap's are shorter."""

_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|del|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u"
    r"|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
"""Tags that titles are written with; other things in angle brackets are what the title is about: `List<int>`."""


_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


class ListEntry(NamedTuple):
    """One entry of a list, as written there; empty where it says nothing."""

    hrefs: tuple[str, ...]
    """Addresses it gives for itself, first the one that people follow; the first of the blog counts."""
    base: str
    """The base address of these."""
    title: str = ""
    published: str = ""
    modified: str = ""
    comment_count: str = ""


@dataclass(slots=True)
class ListPage:
    """One page of a list."""

    reader: str
    entries: list[ListEntry] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    """Addresses of other pages of the list, absolute or as on its own address."""
    whole: bool = True
    supposed_after: int = 0
    """Entries of this page if a further page is only assumed, as nothing names it; else 0."""
    total: int | None = None
    """How many posts there are, where the list says so."""


def one_line(text: str) -> str:
    """Return a text on one line, without characters that no database or page can hold."""
    return " ".join(dom.clean(text).encode("utf-8", "replace").decode().split())


def plain(markup: str) -> str:
    """Return what a title written in HTML says.

    >>> plain("Q&amp;A on <em>List&lt;T&gt;</em> &#8211; part 1")
    'Q&A on List<T> – part 1'
    """
    return html.unescape(_TAG.sub("", markup))


def with_parameter(url: str, name: str, value: str) -> str:
    """Return an address with a parameter in its query: in the place where it has one, or at the end.

    >>> with_parameter("https://chalk.example/feed/?paged=2", "paged", "3")
    'https://chalk.example/feed/?paged=3'
    """
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), name: value}
    return urlunsplit(parts._replace(query=urlencode(query, safe="/:,"), fragment=""))


def page_of(url: str, name: str) -> int:
    """Return the number of a page in a parameter of an address, 1 where it has none."""
    value = dict(parse_qsl(urlsplit(url).query)).get(name, "1")
    return int(value) if _NUMBER.fullmatch(value) else 1
