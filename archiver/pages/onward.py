"""Pages that only lead on to another, as engines write them where an address has changed.

Hugo's aliases, Jekyll's redirects and Franklin's send their reader on at once, by a refresh in the page itself: a
server of files has no other way to say so.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from archiver.errors import PageLeadsOn
from archiver.pages.document import text_of
from archiver.urls import Site

_REFRESH = re.compile(r"\s*\d?(?:\.0*)?\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_MOST_SAID = 400
"""Characters of text that such a page shows to those who are not sent on."""


def target(tree: HtmlElement, url: str, site: Site) -> str | None:
    """Return where in the blog a page sends its reader within ten seconds; None where it sends nobody."""
    for meta in tree.xpath("//meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']"):
        found = _REFRESH.match(meta.get("content") or "")
        to = site.resolve(found[1].strip(), url) if found else None
        if to and site.owns(to) and to != site.resolve(url):
            return to
    return None


def check(tree: HtmlElement, url: str, site: Site) -> None:
    """Raise PageLeadsOn for a page that does little else."""
    to = target(tree, url, site)
    if to is not None and len(text_of(tree)) <= _MOST_SAID:
        raise PageLeadsOn(url, to)
