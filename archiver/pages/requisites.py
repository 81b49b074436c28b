"""What a page needs to look as it did: the styles, scripts and icons its head names, and what MathJax loads.

MathJax loads its parts itself, by the names its distribution gives them and with its own version as their query;
without them a replayed formula stays TeX, and at other addresses no player but ours finds them.
Pictures that style sheets name are not looked for.
"""

from __future__ import annotations

import re

from lxml import html

from archiver.urls import Site

_HEAD_END = b"</head>"
_LONGEST_HEAD = 1 << 16
_SCRIPT = re.compile(r"(.*/MathJax-2\.[^/]*/)MathJax\.js\?config=([\w,-]+)")
_CONFIG = re.compile(r"(.*/MathJax-2\.[^/]*/)config/[\w-]+\.js(\?V=[\w.-]+)?")
_VERSION = re.compile(rb"""\bcdnVersion\s*=\s*["']([\w.-]{1,40})["']""")
_RELATIONS = frozenset({"stylesheet", "icon", "apple-touch-icon", "preload"})

_FONTS = {
    "AMS/Regular": (
        "Arrows BBBold BoxDrawing CombDiacritMarks Dingbats EnclosedAlphanum GeneralPunctuation "
        "GeometricShapes GreekAndCoptic Latin1Supplement LatinExtendedA LetterlikeSymbols Main MathOperators "
        "MiscMathSymbolsB MiscSymbols MiscTechnical PUA SpacingModLetters SuppMathOperators"
    ),
    "Caligraphic/Bold": "Main",
    "Caligraphic/Regular": "Main",
    "Fraktur/Bold": "BasicLatin Main Other PUA",
    "Fraktur/Regular": "BasicLatin Main Other PUA",
    "Greek/Bold": "Main",
    "Greek/BoldItalic": "Main",
    "Greek/Italic": "Main",
    "Greek/Regular": "Main",
    "Main/Bold": (
        "Arrows CombDiacritMarks CombDiactForSymbols GeneralPunctuation GeometricShapes Latin1Supplement "
        "LatinExtendedA LatinExtendedB LetterlikeSymbols Main MathOperators MiscMathSymbolsA MiscSymbols "
        "MiscTechnical SpacingModLetters SuppMathOperators SupplementalArrowsA"
    ),
    "Main/Italic": "CombDiacritMarks GeneralPunctuation Latin1Supplement LetterlikeSymbols Main",
    "Main/Regular": "CombDiacritMarks GeometricShapes Main MiscSymbols SpacingModLetters",
    "Math/BoldItalic": "Main",
    "Math/Italic": "Main",
    "SansSerif/Bold": "BasicLatin CombDiacritMarks Main Other",
    "SansSerif/Italic": "BasicLatin CombDiacritMarks Main Other",
    "SansSerif/Regular": "BasicLatin CombDiacritMarks Main Other",
    "Script/Regular": "BasicLatin Main Other",
    "Size1/Regular": "Main",
    "Size2/Regular": "Main",
    "Size3/Regular": "Main",
    "Size4/Regular": "Main",
    "Typewriter/Regular": "BasicLatin CombDiacritMarks Main Other",
}
"""The families and styles of MathJax's TeX fonts, and the parts their tables come in."""

_WOFF = (
    "AMS-Regular Caligraphic-Bold Caligraphic-Regular Fraktur-Bold Fraktur-Regular Main-Bold Main-Italic Main-Regular "
    "Math-BoldItalic Math-Italic Math-Regular SansSerif-Bold SansSerif-Italic SansSerif-Regular Script-Regular "
    "Size1-Regular Size2-Regular Size3-Regular Size4-Regular Typewriter-Regular"
)
_AUTOLOAD = "annotation-xml maction menclose mglyph mmultiscripts ms mtable multiline"
_OPERATORS = (
    "Arrows BasicLatin CombDiacritMarks CombDiactForSymbols Dingbats GeneralPunctuation GeometricShapes "
    "GreekAndCoptic Latin1Supplement LetterlikeSymbols MathOperators MiscMathSymbolsA MiscMathSymbolsB "
    "MiscSymbolsAndArrows MiscTechnical SpacingModLetters SuppMathOperators SupplementalArrowsA "
    "SupplementalArrowsB"
)
_TEX = (
    "AMScd AMSmath AMSsymbols HTML action autobold autoload-all bbox begingroup boldsymbol cancel color "
    "enclose extpfeil mathchoice mediawiki-texvc mhchem newcommand noErrors noUndefined text-macros unicode "
    "verb"
)

_PARTS = (
    *("jax/output/HTML-CSS/jax.js", "jax/output/HTML-CSS/config.js", "jax/output/HTML-CSS/imageFonts.js"),
    *("jax/output/HTML-CSS/fonts/TeX/fontdata.js", "jax/output/HTML-CSS/fonts/TeX/fontdata-extra.js"),
    *(f"extensions/{name}.js" for name in ("MathMenu", "MathZoom", "MathEvents", "HelpDialog")),
    *(f"extensions/TeX/{name}.js" for name in _TEX.split()),
    *(f"jax/element/mml/optable/{name}.js" for name in _OPERATORS.split()),
    *(f"jax/output/HTML-CSS/autoload/{name}.js" for name in _AUTOLOAD.split()),
    *(f"jax/output/HTML-CSS/fonts/TeX/{font}/{part}.js" for font, parts in _FONTS.items() for part in parts.split()),
    *(f"fonts/HTML-CSS/TeX/woff/MathJax_{font}.woff" for font in _WOFF.split()),
)
"""Files in MathJax's folder that a page may have it load for HTML output: those of version 2.7.9."""


def parse_requisites(url: str, body: bytes, site: Site) -> tuple[str, ...]:
    """Return the canonical addresses, on the blog itself, of what a page needs to be shown; none if it has no head.

    Reads the head alone, so a page of any size costs the same.
    """
    head = body[:_LONGEST_HEAD].partition(_HEAD_END)[0]
    if not head.strip():
        return ()
    document = html.document_fromstring(head + _HEAD_END, parser=html.HTMLParser(encoding="utf-8"))
    links = [link.get("href") for link in document.iter("link") if _is_requisite(link.get("rel") or "")]
    scripts = [script.get("src") for script in document.iter("script")]
    found = [site.resolve(each, url) for each in (*links, *scripts) if each]
    return tuple(dict.fromkeys(each for each in found if each and site.owns(each)))


def _is_requisite(relations: str) -> bool:
    return not _RELATIONS.isdisjoint(relations.lower().split())


def mathjax_parts(url: str, body: bytes) -> list[str]:
    """Return the addresses of what a file of MathJax has it load: the script its configuration, and that all parts.

    So a server without them is asked for only one in vain. All are as a browser asks for them: the script knows
    its version and appends it to every name (`MathJax.Ajax.fileRev`), and the configuration's address passes it on.
    """
    if script := _SCRIPT.fullmatch(url):
        version = _VERSION.search(body)
        query = f"?V={version[1].decode()}" if version else ""
        return [f"{script[1]}config/{name}.js{query}" for name in script[2].split(",")]
    if config := _CONFIG.fullmatch(url):
        return [f"{config[1]}{path}{config[2] or ''}" for path in _PARTS]
    return []
