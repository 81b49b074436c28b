"""Which markup of an archived text reaches the reader: what is on the list and nothing else.

Addresses lead into the reader: posts to their pages, pictures to the archived ones, other pages of the blog to the
replay. What leads elsewhere stays a link, which only a click follows.
"""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import quote, urlsplit

import nh3

from archiver.media import is_digest
from archiver.urls import Site
from archiver.web.reader import code

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "id", "title"},
    "img": {"src", "alt", "title", "loading", "decoding"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}
_CLASSES = {"span": {"tex", "display", *code.CLASSES}, "pre": {"listing"}}
_SET = {"table": {"tabindex": "0"}}
"""A wide table scrolls by itself, so the keyboard must reach it."""
_ANCHOR = re.compile(r"s\d{1,4}")
_PLACE = "to-"
"""Prefix of the ids of an archived text, so that none is one of the reader's own."""
_SCHEMES = {"http", "https", "mailto"}
_IN_URL = "/:?#[]@!$&'()*+,;=-._~%"


def clean(markup: str, site: Site, root: str = "") -> str:
    """Return markup from a blog with only what is on the list; the reader of the blog is below `root`."""
    return nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_filtered, site, root),
        allowed_classes=_CLASSES,
        set_tag_attribute_values=_SET,
        url_schemes=_SCHEMES | {"ni"},
        link_rel="noreferrer noopener",
    )


def media(url: str, root: str = "") -> str:
    """Return where the reader serves an archived picture."""
    return f"{root}/media?url={quote(url, safe='')}"


def local(url: str, site: Site, root: str = "") -> str:
    """Return where a link leads in the reader: to a post, to the replay of the blog's other pages, or elsewhere.

    A reader that is one of several, below a `root`, has no replay.
    """
    if number := site.post_id(url.partition("#")[0]):
        return f"{root}/posts/{number}"
    if site.owns(url) and not root:
        return "/original" + quote(site.path(url), safe=_IN_URL)
    return url


def _filtered(site: Site, root: str, tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return media(value, root) if _scheme(value) in ("http", "https") or is_digest(value) else None
    if attribute == "href" and value.startswith("#"):
        return f"#{_PLACE}{value[1:]}"
    if attribute == "href":
        return local(value, site, root) if _scheme(value) in _SCHEMES else None
    if attribute == "id" and tag == "a":
        return _PLACE + value
    if attribute == "id":
        return value if _ANCHOR.fullmatch(value) else None
    return value


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""
