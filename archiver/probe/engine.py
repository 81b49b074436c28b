"""Which engine made a blog: by generator tags, by addresses that only one engine has, and by credits in themes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lxml.html import HtmlElement

GENERIC = "generic"
"""The engine of a blog when none is recognised: what all have in common."""

_GENERATORS = {
    "cnblogs": "cnblogs",
    "ghost": "ghost",
    "hexo": "hexo",
    "hugo": "hugo",
    "jekyll": "jekyll",
    "octopress": "jekyll",
    "pelican": "pelican",
    "typecho": "typecho",
    "wordpress": "wordpress",
}
"""First words of generator tags, in lower case, and the profile of their engine."""

_ADDRESSES = {
    "/wp-content/": "wordpress",
    "/wp-includes/": "wordpress",
    "/usr/themes/": "typecho",
    "/usr/plugins/": "typecho",
    "/theme/css/": "pelican",
    "/ghost/api/": "ghost",
    "ghost-sdk": "ghost",
    "common.cnblogs.com": "cnblogs",
    "hexo-theme-": "hexo",
    "hugo-theme-": "hugo",
}
"""Parts of addresses of styles and scripts that one engine has by its own rules."""

_THANKED = {
    "getpelican.com": "pelican",
    "ghost.org": "ghost",
    "gohugo.io": "hugo",
    "hexo.io": "hexo",
    "jekyllrb.com": "jekyll",
    "github.com/jekyll/": "jekyll",
    "typecho.org": "typecho",
    "wordpress.org": "wordpress",
    "cn.wordpress.org": "wordpress",
}
"""Targets of the links in footers that name the engine."""

_COMMENTS = re.compile(r"Begin Jekyll SEO tag", re.IGNORECASE)
_FEED_GENERATOR = re.compile(rb"<generator[^>]*?>\s*(?:https?://)?(?:www\.)?([A-Za-z]+)", re.IGNORECASE)
_API = "https://api.w.org/"

TOLD, MARKED, THANKED = 3, 2, 1
"""Weight of a clue: a tag made to tell it, a part of an address, a link that may be in any text."""


class EngineSign(NamedTuple):
    """Something on a page that identifies an engine."""

    engine: str
    evidence: str
    weight: int


def signs(tree: HtmlElement) -> Iterator[EngineSign]:
    """Yield what on a page reveals its engine, each clue once."""
    yield from dict.fromkeys([*_generators(tree), *_marks(tree), *_thanks(tree)])


def feed_signs(body: bytes) -> Iterator[EngineSign]:
    """Yield the engine that a feed names as its generator."""
    found = _FEED_GENERATOR.search(body[: 1 << 16])
    name = found[1].decode("ascii").lower() if found else ""
    if name in _GENERATORS:
        yield EngineSign(_GENERATORS[name], f"the feed's generator is {name}", TOLD)


def most_likely(found: list[EngineSign]) -> str:
    """Return the engine with the most evidence; `generic` without any."""
    weights: Counter[str] = Counter()
    for sign in found:
        weights[sign.engine] += sign.weight
    return max(weights, key=weights.__getitem__) if weights else GENERIC


def _generators(tree: HtmlElement) -> Iterator[EngineSign]:
    for meta in tree.xpath("//meta[translate(@name, 'GENRATO', 'genrato') = 'generator']"):
        said = " ".join((meta.get("content") or "").split())
        engine = next((engine for name, engine in _GENERATORS.items() if said.lower().startswith(name)), None)
        if engine:
            yield EngineSign(engine, f"its generator tag says {said[:60]!r}", TOLD)


def _marks(tree: HtmlElement) -> Iterator[EngineSign]:
    for element in tree.iter("link", "script"):
        address = element.get("href") or element.get("src") or ""
        if _API in (element.get("rel") or ""):
            yield EngineSign("wordpress", "it names an API of WordPress", TOLD)
        for part, engine in _ADDRESSES.items():
            if part in address:
                yield EngineSign(engine, f"it loads addresses with {part}", MARKED)
    if any(_COMMENTS.search(str(comment.text)) for comment in tree.xpath("//comment()")):
        yield EngineSign("jekyll", "the tags of jekyll-seo-tag", TOLD)
    if tree.xpath("//*[@id='cnblogs_post_body' or @id='blogTitle']"):
        yield EngineSign("cnblogs", "the frame of cnblogs", MARKED)


def _thanks(tree: HtmlElement) -> Iterator[EngineSign]:
    for link in tree.iter("a"):
        for host, engine in _THANKED.items():
            if f"//{host}" in (link.get("href") or "") or f"//www.{host}" in (link.get("href") or ""):
                yield EngineSign(engine, f"it links {host}", THANKED)
