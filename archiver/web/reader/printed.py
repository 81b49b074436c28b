"""What only paper needs: where the links of a text lead, numbered as in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from markupsafe import Markup

from archiver.urls import Site

_LINK = re.compile(r'<a href="([^"]*)"')
_POST = re.compile(r"/posts/(\d{1,18})")
_OWN = "/original/"


def links(text: Markup, posts: Mapping[int, str], site: Site, root: str = "") -> list[str]:
    """Return where the links of a text lead on the web, in order; those within the text do not count.

    `posts` are the addresses of the posts it links to, by number.
    """
    hrefs = (unescape(href) for href in _LINK.findall(text))
    return [_on_the_web(href.removeprefix(root), posts, site) for href in hrefs if not href.startswith("#")]


def _on_the_web(href: str, posts: Mapping[int, str], site: Site) -> str:
    if post := _POST.fullmatch(href):
        return posts.get(int(post[1]), href)
    return f"{site.origin}/{href.removeprefix(_OWN)}" if href.startswith(_OWN) else href
