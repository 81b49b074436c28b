"""What a page needs to look as it did: the styles, scripts and icons its head names, and what MathJax loads.

MathJax loads its parts by itself, by the names its distribution gives them; without them a replayed formula stays TeX.
Pictures that style sheets name are not looked for.
"""

from __future__ import annotations

import re

from lxml import html

from archiver.urls import BLOG, Site

_HEAD_END = b"</head>"
_LONGEST_HEAD = 1 << 16
_MATHJAX = re.compile(r"(.*/MathJax-2\.[^/]*/)MathJax\.js\?config=([\w,-]+)")
_RELATIONS = frozenset({"stylesheet", "icon", "apple-touch-icon", "preload"})

_FAMILIES = {
    "AMS": ("Regular",),
    "Caligraphic": ("Bold", "Regular"),
    "Fraktur": ("Bold", "Regular"),
    "Main": ("Bold", "Italic", "Regular"),
    "Math": ("BoldItalic", "Italic", "Regular"),
    "SansSerif": ("Bold", "Italic", "Regular"),
    "Script": ("Regular",),
    "Size1": ("Regular",),
    "Size2": ("Regular",),
    "Size3": ("Regular",),
    "Size4": ("Regular",),
    "Typewriter": ("Regular",),
}
_AUTOLOAD = ("mtable", "multiline", "mglyph", "menclose", "mmultiscripts")
_PARTS = (
    *("jax/output/HTML-CSS/jax.js", "jax/output/HTML-CSS/config.js", "jax/output/HTML-CSS/imageFonts.js"),
    *("jax/output/HTML-CSS/fonts/TeX/fontdata.js", "jax/output/HTML-CSS/fonts/TeX/fontdata-extra.js"),
    *(f"jax/output/HTML-CSS/autoload/{name}.js" for name in _AUTOLOAD),
    *("jax/element/mml/optable/BasicLatin.js", "jax/element/mml/optable/GeneralPunctuation.js"),
    *(f"extensions/{name}.js" for name in ("MathMenu", "MathZoom", "MathEvents", "HelpDialog")),
    *(f"extensions/TeX/{name}.js" for name in ("AMSmath", "AMSsymbols", "noErrors", "noUndefined", "extpfeil")),
    *(
        f"fonts/HTML-CSS/TeX/woff/MathJax_{family}-{style}.woff"
        for family, styles in _FAMILIES.items()
        for style in styles
    ),
)
"""Files of MathJax 2.7, within its folder, that a page with formulas of every kind loads for HTML output."""


def parse_requisites(url: str, body: bytes, site: Site) -> tuple[str, ...]:
    """Return the canonical addresses, on the blog itself, of what a page needs to be shown; none for a page of no head.

    Reads the head alone, so a page of any size costs the same.
    """
    head = body[:_LONGEST_HEAD].partition(_HEAD_END)[0]
    if not head.strip():
        return ()
    document = html.document_fromstring(head + _HEAD_END, parser=html.HTMLParser(encoding="utf-8"))
    links = [link.get("href") for link in document.iter("link") if _is_requisite(link.get("rel") or "")]
    scripts = [script.get("src") for script in document.iter("script")]
    found = [site.resolve(each, url) for each in (*links, *scripts) if each]
    return tuple(dict.fromkeys(each for each in found if each and each.startswith(BLOG + "/")))


def _is_requisite(relations: str) -> bool:
    return not _RELATIONS.isdisjoint(relations.lower().split())


def mathjax_parts(script: str) -> list[str]:
    """Return the addresses of what MathJax loads, if that is the script at a canonical address."""
    found = _MATHJAX.fullmatch(script)
    configs = (f"config/{name}.js" for name in found[2].split(",")) if found else ()
    return [found[1] + path for path in (*configs, *_PARTS)] if found else []
