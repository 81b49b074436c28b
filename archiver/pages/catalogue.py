"""The blog's list of everything, `/content.html`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archiver.errors import PageNotRecognised
from archiver.items import Catalogue, CatalogueEntry
from archiver.pages import dates, values
from archiver.pages.document import menu, parse, text_of
from archiver.pages.ending import ending_of
from archiver.pages.selectors import first
from archiver.urls import Site

_YEAR = re.compile(r"(\d{4})\s*年\s*[(（]\s*共\s*(\d+)\s*篇")
_MONTH = re.compile(r"^(\d{1,2})\s*月$")
_DAY = re.compile(r"(\d{1,2})\s*日\s*[:：]\s*$")
_COMMENTS = "PostComment"
"""Fragment of the link whose text is a post's number of comments."""


@dataclass(slots=True)
class _ListPosition:
    """A position in the list."""

    year: int = 0
    month: int = 0
    day: int = 0


def parse_catalogue(url: str, body: bytes, site: Site | None = None) -> Catalogue:
    """Read the list of every post: number, title, date and comment count, newest first.

    Raises PageNotRecognised when no post is on the page.
    """
    site = site or Site()
    tree = parse(url, body)
    container = first(tree, "//*[@id='archives']", "//*[@id='archives_body']", "//*[@id='content']")
    rows = container if container is not None else tree
    entries = tuple(_entries(rows, site, url))
    if not entries:
        raise PageNotRecognised(url, "expected lines such as `16日: title (0)` under years and months, found none")
    years = (_YEAR.search(text_of(heading)) for heading in rows.iter("h2", "h3", "h4"))
    return Catalogue(
        entries=entries,
        year_totals=tuple((int(found[1]), values.count(found[2]) or 0) for found in years if found),
        categories=menu(tree, site, url),
        ending=ending_of(body),
    )


def _entries(rows: HtmlElement, site: Site, url: str) -> Iterator[CatalogueEntry]:
    place = _ListPosition()
    for element in rows.iter("h2", "h3", "h4", "span", "li", "a"):
        if element.tag == "a":
            entry = _entry(element, place, site, url)
            if entry:
                yield entry
        else:
            _move(place, element)


def _move(place: _ListPosition, element: HtmlElement) -> None:
    """Follow the headings: years, months, and the day before each link."""
    if element.tag == "li":
        if found := _DAY.search(element.text or ""):
            place.day = int(found[1])
    elif element.tag == "span":
        if found := _MONTH.match(text_of(element)):
            place.month = int(found[1])
    elif found := _YEAR.search(text_of(element)):
        place.year = int(found[1])


def _entry(link: HtmlElement, place: _ListPosition, site: Site, url: str) -> CatalogueEntry | None:
    href = link.get("href") or ""
    target = site.resolve(href, url)
    number = site.post_id(target)
    if target is None or number is None or urlsplit(href).fragment == _COMMENTS:
        return None
    counter = link.getnext()
    count = text_of(counter) if counter is not None and counter.tag == "a" else ""
    return CatalogueEntry(
        post_id=number,
        url=target,
        title=text_of(link),
        year=place.year,
        published_on=dates.iso(place.year, place.month, place.day),
        comment_count=(values.count(count) or 0) if count.isdecimal() else 0,
    )
