"""Sitemaps: of addresses, of other sitemaps, of news, and as plain text (https://www.sitemaps.org/protocol.html)."""

from __future__ import annotations

from lxml import etree

from archiver.pages.elements import each, name_of, text_of
from archiver.pages.listed import MOST, ListEntry, ListPage

ROOTS = frozenset({"urlset", "sitemapindex"})

_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def read_sitemap(body: bytes, url: str) -> ListPage:
    """Read a sitemap in XML: what it names, or the sitemaps that do."""
    reading = ListPage("sitemap")
    for element in each(body, {"url", "sitemap"}, url):
        name, address = name_of(element), _child(element, "loc")
        if not address:
            continue
        if len(reading.entries) + len(reading.further) >= MOST:
            reading.whole = False
            break
        if name == "sitemap":
            reading.further.append(address)
        else:
            reading.entries.append(_entry(element, address, url))
    return reading


def read_text(text: str, url: str) -> ListPage | None:
    """Read a sitemap of one address per line; None where any line is something else."""
    lines = [line for each in text.splitlines() if (line := each.strip())]
    if not lines or not all(line.startswith(("http://", "https://")) and " " not in line for line in lines):
        return None
    return ListPage("sitemap", [ListEntry((line,), url) for line in lines[:MOST]], whole=len(lines) <= MOST)


def _entry(element: etree._Element, address: str, url: str) -> ListEntry:
    return ListEntry(
        (address,),
        url,
        title=element.findtext(f"{_NEWS}news/{_NEWS}title") or "",
        published=element.findtext(f"{_NEWS}news/{_NEWS}publication_date") or "",
        modified=_child(element, "lastmod"),
    )


def _child(element: etree._Element, name: str) -> str:
    """Return the text of a child, but not of deeper ones, which belong to a page's pictures."""
    return next((text_of(child) for child in element if name_of(child) == name), "")
