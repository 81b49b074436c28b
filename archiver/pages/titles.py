"""The title of a page: which of the names it gives itself is the article's rather than the site's."""

from __future__ import annotations

import re
from itertools import islice

from lxml.html import HtmlElement

from archiver.pages.claims import Claims
from archiver.pages.document import has_class, title_of
from archiver.pages.standards import leads_home

_AFTER = re.compile(r"\s*[|·•»«–—:：_]|\s+-|-\s")
_BEFORE = re.compile(r"(?:[|·•»«–—:：_]\s*|\s-\s*|-\s+)\Z")
_LONGEST = 300  # characters of a title
_TITLE_CLASSES = ("post-title", "entry-title", "article-title")
_MOST = 50  # headings that are looked at


def title(tree: HtmlElement, said: Claims, site_name: str = "") -> str:
    """Return the first title that a heading repeats, as the heading has it; else the first one.

    Many pages add the name of the site to the title, and some use the one for the other: then it is the first heading.
    """
    site_name = next((claim.value for claim in said.all("site_name")), site_name)
    headings = [title_of(each) for each in _headings(tree) if not leads_home(each)]
    for claim in said.all("title"):
        known = [*headings, *_without(site_name, claim.value)]
        if claim.witness != "h1" and (found := _repeated(claim.value, known)):
            return said.settle("title", found, claim.witness)
    named = said.one("title", lambda value: None if value == site_name else value)
    return named or (site_name and next(filter(None, headings), site_name))


def _headings(tree: HtmlElement) -> list[HtmlElement]:
    """Return elements that may name the article: headings, and whatever themes call its title."""
    called = " | ".join(f"//*[{has_class(name)}][not(self::body)]" for name in _TITLE_CLASSES)
    return [*tree.xpath(called)[:_MOST], *islice(tree.iter("h1", "h2", "h3"), _MOST)]


def _repeated(said: str, headings: list[str]) -> str | None:
    """Return the heading that a title is, begins with or ends with, but for a separator."""
    known = [heading for heading in headings if heading and len(heading) <= len(said) <= _LONGEST]
    begun = (heading for heading in known if said.startswith(heading) and _AFTER.match(said, len(heading)))
    ended = (heading for heading in known if said.endswith(heading) and _BEFORE.search(said[: -len(heading)][-3:]))
    return said if said in known else next(begun, None) or next(ended, None)


def _without(site_name: str, said: str) -> list[str]:
    """Return a title without the name of the site before or after it, if it has that."""
    if not site_name or not _repeated(said, [site_name]):
        return []
    rest = said.removesuffix(site_name) if said.endswith(site_name) else said.removeprefix(site_name)
    return [rest.strip(" |·•»«–—:：_-")]
