"""What an article page says about its post outside the text: each field from two witnesses where the page has them.

Disagreement is an issue, and never guessed away; what only one witness says is a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from archiver.items import Category
from archiver.pages import dates, values
from archiver.pages.document import date_in, links, text_of
from archiver.pages.selectors import every, first
from archiver.profile import PostMarkup
from archiver.text.bibtex import MONTHS
from archiver.text.guess import guess
from archiver.urls import Site

_FIELD = re.compile(r"(title|author|year|month)\s*=\s*\{(.*)\}")
_CITED_ON = re.compile(r"\((\w{3})\w*\.?\s+(\d{1,2}),\s+(\d{4})\)")


@dataclass(slots=True)
class Metadata:
    """The fields of a post, and what the witnesses had to say."""

    title: str
    author: str
    published_on: str | None
    categories: tuple[Category, ...]
    tags: dict[str, str]
    """Address of each."""
    license: str | None
    license_url: str | None
    reader_count: int | None
    comment_count: int | None
    issues: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def witness(self, name: str, here: str | None, there: str | None) -> str | None:
        """Return a field from its place, or else from elsewhere; note or report what the two say."""
        if here and there and "".join(here.split()) != "".join(there.split()):
            self.issues.append(f"{name}: {here!r} in its place, but {there!r} elsewhere on the page")
        elif not here and not there:
            return None
        elif not here or not there:
            self.notes.append(f"{name}: one witness only, {'in its place' if here else 'elsewhere on the page'}")
        return here or there


@dataclass(frozen=True, slots=True)
class Citation:
    """What the page's own citation says."""

    title: str | None
    author: str | None
    date: str | None
    """`YYYY-MM-DD` from the citation's text, or `YYYY-MM` from the BibTeX entry."""


def read_metadata(tree: HtmlElement, heading: HtmlElement, site: Site, url: str) -> Metadata:
    """Read the metadata of an article page whose heading's link is given."""
    markup = site.profile.post
    byline = _byline(tree, markup)
    tools = first(tree, *markup.tools)
    categories, tags = _taxonomy(tools if tools is not None else tree, site, url)
    license_link = _license(tree, markup)
    found = Metadata(
        title=text_of(heading),
        author="",
        published_on=None,
        categories=categories,
        tags=tags,
        license=text_of(license_link) or None if license_link is not None else None,
        license_url=license_link.get("href") if license_link is not None else None,
        reader_count=_count(markup.readers, byline),
        comment_count=_count(markup.comment_counter, text_of(tools) if tools is not None else ""),
    )
    _testify(found, tree, byline, markup)
    _place(found, tree, site, url)
    return found


def author_of(tree: HtmlElement, markup: PostMarkup) -> str | None:
    """Return the author named next to the date of a post."""
    found = markup.author.search(_byline(tree, markup))
    return found[1] if found else None


def _byline(tree: HtmlElement, markup: PostMarkup) -> str:
    line = first(tree, *markup.byline)
    return text_of(line) if line is not None else ""


def citation(tree: HtmlElement, markup: PostMarkup) -> Citation:
    """Read the citation at the end of the page: a sentence and a BibTeX entry."""
    box = first(tree, *markup.citation)
    block = first(box, *markup.bibtex) if box is not None else None
    fields = (
        {found[1]: found[2].strip() for found in _FIELD.finditer(str(block.text_content()))}
        if block is not None
        else {}
    )
    cited = _CITED_ON.search(text_of(box)) if box is not None else None
    day = _iso(cited[3], cited[1], int(cited[2])) if cited else None
    return Citation(
        title=fields.get("title"),
        author=fields.get("author"),
        date=day or _iso(fields.get("year", ""), fields.get("month", ""), None),
    )


def _iso(year: str, month: str, day: int | None) -> str | None:
    """Return an English date as ISO 8601; without a day, year and month."""
    if not year.isdecimal() or (name := month[:3].lower()) not in MONTHS:
        return None
    number = MONTHS.index(name) + 1
    return f"{year}-{number:02}" if day is None else dates.iso(int(year), number, day)


def _testify(found: Metadata, tree: HtmlElement, byline: str, markup: PostMarkup) -> None:
    """Compare both witnesses about title, author and date; without any, general rules apply."""
    cited = citation(tree, markup)
    found.witness("title", found.title, cited.title)
    author = found.witness("author", author_of(tree, markup), cited.author)
    here = date_in(byline)
    there = here if here and cited.date and here.startswith(cited.date) else cited.date
    published_on = found.witness("date", here, there)
    if not author or not published_on or len(published_on) < len("YYYY-MM-DD"):
        last_resort = guess(tree)
        author = author or last_resort.author
        published_on = published_on if published_on and len(published_on) > len("YYYY-MM") else last_resort.date
        found.notes.append("author or date: found by general rules, if at all")
    found.author, found.published_on = author or "", published_on
    found.issues += [] if author else ["no author found"]
    found.issues += [] if published_on else ["no date found"]


def _place(found: Metadata, tree: HtmlElement, site: Site, url: str) -> None:
    """Compare the categories below the text with the one of the breadcrumb, which may be the only one."""
    crumbs = _categories(first(tree, *site.profile.post.breadcrumb), site, url)
    known = {each.slug for each in found.categories}
    strays = [each.slug for each in crumbs if each.slug not in known]
    if not known:
        found.categories = crumbs
        found.notes += ["category: one witness only, the breadcrumb"] if crumbs else []
        found.issues += [] if crumbs else ["no category found"]
    elif strays:
        found.issues.append(f"category {', '.join(strays)} is in the breadcrumb but not below the text")
    elif not crumbs:
        found.notes.append("category: one witness only, below the text")


def _count(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return values.count(found[1]) if found else None


def _license(tree: HtmlElement, markup: PostMarkup) -> HtmlElement | None:
    """Return the licence link with words in it; the first may hold only a picture."""
    found = every(tree, *markup.license)
    return next((link for link in found if text_of(link)), found[0] if found else None)


def _taxonomy(box: HtmlElement, site: Site, url: str) -> tuple[tuple[Category, ...], dict[str, str]]:
    """Return all categories and tags; the breadcrumb names only one category, the sidebar tags of others."""
    line = first(box, *site.profile.post.taxonomy)
    tagged = links(line, site, url) if line is not None else ()
    tags = {text_of(element): target for element, target in tagged if site.kind(target) == "tag"}
    return _categories(line, site, url), tags


def _categories(box: HtmlElement | None, site: Site, url: str) -> tuple[Category, ...]:
    found: dict[str, str] = {}
    for element, target in links(box, site, url) if box is not None else ():
        if place := site.category(target):
            found.setdefault(place[0], text_of(element))
    return tuple(Category(slug=slug, name=name) for slug, name in found.items())
