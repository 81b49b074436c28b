r"""How a page writes TeX in its text: the delimiters and exceptions that its own configuration names.

Pages configure MathJax 2 (`MathJax.Hub.Config({tex2jax: ..})`), MathJax 3 and 4 (`window.MathJax = {tex: ..}`) or
KaTeX's auto-render extension (`renderMathInElement(document.body, {delimiters: ..})`) in scripts of their own, which
are read and never run. What such a configuration leaves open follows those libraries:
https://docs.mathjax.org/en/v2.7/options/preprocessors/tex2jax.html,
https://docs.mathjax.org/en/v4.0/options/input/tex.html and https://katex.org/docs/autorender.html.

AsciiMath counts where a configuration names it (`asciimath2jax`, `input/asciimath`), where MathJax 2 is loaded with one
that does (`?config=..AM..`, https://docs.mathjax.org/en/v2.7/config-files.html), and where ASCIIMathML.js is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from archiver.text import literals, tex
from archiver.text.literals import Literal

_SINGLE, _DOUBLE, _ROUND, _SQUARE = ("$", "$"), ("$$", "$$"), (r"\(", r"\)"), (r"\[", r"\]")
_KNOWN = frozenset({_SINGLE, _DOUBLE, _ROUND, _SQUARE})
_SKIPPED = frozenset({"code", "pre", "textarea"})
MAX_PAIRS = 50
"""Delimiters read from a configuration; real ones name two to ten."""
MAX_NAME = 60
"""Characters of a delimiter."""


MAX_SCRIPTS = 100
"""Scripts of a page that are asked for."""
MAX_SCRIPT = 50_000
"""Characters of a script searched for a configuration; those seen have up to 3,000, MathJax itself over 60,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How to find TeX in the text of a page."""

    inline: frozenset[tuple[str, str]] = frozenset({_SINGLE, _ROUND})
    display: frozenset[tuple[str, str]] = frozenset({_DOUBLE, _SQUARE})
    environments: frozenset[str] | None = None
    r"""Names of those that are formulas by themselves; None for all."""
    escapes: bool = False
    r"""Whether `\$` is a dollar sign."""
    skipped: frozenset[str] = _SKIPPED
    """Tags that show text which is not searched."""
    ignored: str = "tex2jax_ignore|mathjax_ignore"
    """Classes, between bars, of elements that are not searched; `.*` is any."""
    processed: str = "tex2jax_process|mathjax_process"
    """Classes of elements that are searched anyway."""
    asciimath: frozenset[tuple[str, str]] = frozenset()
    """Delimiters of formulas in AsciiMath, which come before those of TeX."""

    def ignores(self, classes: str) -> bool | None:
        """Return whether an element of these classes is excluded from the search; None when it inherits that."""
        if _classes(self.processed).search(classes):
            return False
        return True if _classes(self.ignored).search(classes) else None

    def find(self, text: str) -> Iterator[FormulaMatch]:
        """Yield the formulas of one stretch of text, in the order in which tex2jax finds them."""
        opening, known = _opening(self), dict(self.inline | self.display) | dict(self.asciimath)
        ends: dict[int, int] | None = None
        missing: set[str] = set()
        at = 0
        while match := opening.search(text, at):
            start, at = match.span()
            opener = match[0]
            if match["skip"]:
                continue
            closer = known.get(opener)
            asciimath = closer is not None and (opener, closer) in self.asciimath
            if closer is None or ((opener, closer) in _KNOWN and not asciimath):
                ends = tex.pairs(text) if ends is None else ends
                end = ends.get(start, 0)
            else:
                end = text.find(closer, at) + len(closer) if closer not in missing else 0
                end = 0 if end < at + len(closer) else end
                missing |= set() if end else {closer}
            if end:
                inside = (start, end) if closer is None else (at, end - len(closer))
                display = not asciimath and (opener, closer) not in self.inline
                yield FormulaMatch(start, end, text[inside[0] : inside[1]], display, asciimath)
                at = end


class FormulaMatch(NamedTuple):
    """A formula in a text: `text[start:end]` with its delimiters, `inside` without them."""

    start: int
    end: int
    inside: str
    """An environment is its own delimiters."""
    display: bool
    asciimath: bool


HOUSE = Notation()
"""The blog's own, which all readers of a body know; also for pages that name none."""

_WITHOUT_DOLLARS = frozenset({_ROUND})
_BACKTICKS = frozenset({("`", "`")})
_LOADS_ASCIIMATH = re.compile(r"MathJax\.js\?(?:[^#]*&)?config=(?:[^&#]*[-,])?AM[-_]|(?:\A|/)ASCIIMathML(?:\.min)?\.js")
_RENDERED = (
    "boolean(.//mjx-container | .//math | .//*[contains(concat(' ', @class), ' katex') or "
    "starts-with(@class, 'MathJax') or starts-with(@class, 'mwe-math')])"
)
_KATEX = Notation(inline=_WITHOUT_DOLLARS, environments=frozenset({"equation", "align", "alignat", "gather", "CD"}))
_CONFIGURED = re.compile(
    r"MathJax\s*\.\s*Hub\s*\.\s*Config\s*\(\s*(?=\{)|\bMathJax\s*=\s*(?:window\s*\.\s*MathJax\s*\|\|\s*)?(?=\{)"
    r"|\brenderMathInElement\s*\(\s*(?P<katex>[^,;()]{0,200}(?:\([^()]{0,200}\)[^,;()]{0,100})?)(?P<options>,\s*)?"
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BEGIN = re.compile(r"\\begin\{([^{}]+)\}")
_PLAIN_CLASS = re.compile(r"(?:[\w-]|\.\*)+")


Scripts = Callable[[list[str]], Mapping[str, str]]
"""Returns the sources of those scripts that are available, by their addresses as the page writes them."""


def of(page: etree._Element, scripts: Scripts | None = None) -> Notation:
    """Return the notation of a page, from the scripts in it. One that names none has the blog's.

    Where the page itself configures nothing, `scripts` is asked for what it loads: many sites have one file that does.
    Single dollar signs on a page that names none, but was already rendered, are prices.
    """
    found = _configured_by(tuple(_scripts(page)))
    if found is None and scripts is not None:
        found = _configured_by(tuple(_loaded(page, scripts)))
    if (distill := _front_matter(page)) is not None:
        both = distill if found is None else found
        found = replace(both, inline=both.inline | distill.inline, display=both.display | distill.display)
    if found is None:
        found = replace(HOUSE, inline=_WITHOUT_DOLLARS) if page.xpath(_RENDERED) else HOUSE
    if not found.asciimath and any(_LOADS_ASCIIMATH.search(script.get("src", "")) for script in page.iter("script")):
        found = replace(found, asciimath=_BACKTICKS)
    return found


def _front_matter(page: etree._Element) -> Notation | None:
    """Return what the front matter of Distill tells KaTeX; a page may also have a renderer of its own."""
    for matter in page.iter("d-front-matter"):
        said = literals.read("".join(map(str, matter.itertext())), 0)
        if isinstance(said, dict) and "katex" in said:
            return _katex(said["katex"])
    return None


@lru_cache  # the pages of a site have the same scripts
def _configured_by(scripts: tuple[str, ...]) -> Notation | None:
    found: Notation | None = None
    for source in scripts:
        found = _configured(source, found)
    return found


def _scripts(page: etree._Element) -> Iterator[str]:
    for script in page.iter("script"):
        for source in filter(None, (script.text, script.get("onload"))):
            if "MathJax" in source or "renderMathInElement" in source:
                yield source


def _loaded(page: etree._Element, scripts: Scripts) -> Iterator[str]:
    """Yield the sources of scripts that a page loads and that may configure a renderer; libraries are larger."""
    addresses = [src for script in page.iter("script") if (src := script.get("src"))][:MAX_SCRIPTS]
    sources = scripts(addresses) if addresses else {}
    for source in filter(None, map(sources.get, addresses)):
        if len(source) <= MAX_SCRIPT and ("MathJax" in source or "renderMathInElement" in source):
            yield source


def _configured(source: str, before: Notation | None) -> Notation | None:
    """Return the configuration that a script leaves, given the one before it."""
    source = literals.uncommented(source)
    for match in _CONFIGURED.finditer(source):
        if match["katex"] is None:
            before = _mathjax(literals.read(source, match.end()), before)
        else:
            before = _katex(_options(source, match))
    for written in literals.strings(source):  # scripts that load MathJax hand it a configuration as text
        if "MathJax.Hub.Config" in written:
            before = _configured(written, before)
    return before


def _options(source: str, call: re.Match[str]) -> Literal:
    """Return the options of a call, even if a variable of the script holds them."""
    if not call["options"]:
        return None
    name = _NAME.match(source, call.end())
    if name is None:
        return literals.read(source, call.end())
    given = re.search(rf"\b{re.escape(name[0])}\s*=\s*(?=\{{)", source)
    return literals.read(source, given.end()) if given else None


def _mathjax(config: Literal, before: Notation | None) -> Notation | None:
    if not isinstance(config, dict):
        return before
    third = "tex2jax" not in config and any(name in config for name in ("tex", "options", "loader", "chtml", "svg"))
    if third:
        options = {**_dict(config.get("options")), **_dict(config.get("tex"))}
        start = replace(HOUSE, inline=_WITHOUT_DOLLARS, escapes=True)
    else:
        options, start = _dict(config.get("tex2jax")), before or HOUSE
    ascii_names = _dict(config.get("asciimath2jax")) | _dict(config.get("asciimath"))
    extensions = str(config.get("extensions")) + str(config.get("jax")) + str(_dict(config.get("loader")))
    asciimath = start.asciimath
    if "asciimath" in extensions.lower() or ascii_names:
        asciimath = _pairs(ascii_names.get("delimiters"), _BACKTICKS)
    environments = options.get("processEnvironments")
    inline = _pairs(options.get("inlineMath"), start.inline)
    display = _pairs(options.get("displayMath"), start.display) - inline
    return replace(
        start,
        inline=inline,
        display=display,
        environments=start.environments if environments is None else None if environments else frozenset(),
        escapes=_flag(options.get("processEscapes"), start.escapes),
        skipped=_tags(options.get("skipTags", options.get("skipHtmlTags")), start.skipped),
        ignored=_names(options.get("ignoreClass", options.get("ignoreHtmlClass")), start.ignored),
        processed=_names(options.get("processClass", options.get("processHtmlClass")), start.processed),
        asciimath=asciimath,
    )


def _katex(options: Literal) -> Notation:
    given = _dict(options)
    skipped = _tags(given.get("ignoredTags"), _KATEX.skipped)
    classes = [name for name in _list(given.get("ignoredClasses")) if isinstance(name, str)]
    ignored = _names("|".join(classes), "") if classes else ""
    start = replace(_KATEX, skipped=skipped, ignored=ignored, processed="")
    pairs = [_dict(each) for each in _list(given.get("delimiters"))]
    if not pairs:
        return start
    inline: set[tuple[str, str]] = set()
    display: set[tuple[str, str]] = set()
    environments: set[str] = set()
    for each in pairs[:MAX_PAIRS]:
        left, right = each.get("left"), each.get("right")
        if not (isinstance(left, str) and isinstance(right, str) and left and right and len(left + right) < MAX_NAME):
            continue
        if name := _BEGIN.fullmatch(left):
            environments.add(name[1])
        else:
            (display if each.get("display") else inline).add((left, right))
    return replace(start, inline=frozenset(inline), display=frozenset(display), environments=frozenset(environments))


def _dict(value: Literal) -> dict[str, Literal]:
    return value if isinstance(value, dict) else {}


def _list(value: Literal) -> list[Literal]:
    return value if isinstance(value, list) else []


def _flag(value: Literal, default: bool) -> bool:
    return value if isinstance(value, bool) else default


def _pairs(value: Literal, default: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return pairs of delimiters, also those added to or removed from the default (`{'[+]': ..}`, MathJax 4)."""
    if isinstance(value, dict):
        return (default | _pairs(value.get("[+]"), frozenset())) - _pairs(value.get("[-]"), frozenset())
    if not isinstance(value, list):
        return default
    listed = [value] if value and all(isinstance(each, str) for each in value) else value
    found = set()
    for each in listed[:MAX_PAIRS]:
        match each:
            case [str(left), str(right)] if left and right and len(left + right) < MAX_NAME:
                found.add((left, right))
    return frozenset(found)


def _tags(value: Literal, default: frozenset[str]) -> frozenset[str]:
    if isinstance(value, dict):
        return (default | _tags(value.get("[+]"), frozenset())) - _tags(value.get("[-]"), frozenset())
    if not isinstance(value, list):
        return default
    return _SKIPPED & {each.lower() for each in value if isinstance(each, str)}


def _names(value: Literal, default: str) -> str:
    if not isinstance(value, str):
        return default
    return "|".join(name for name in value.split("|")[:MAX_PAIRS] if _PLAIN_CLASS.fullmatch(name) and len(name) < 200)


@lru_cache
def _classes(names: str) -> re.Pattern[str]:
    """Return a pattern for lists of classes; without names it never matches."""
    patterns = [re.escape(name).replace(r"\.\*", r"\S*+") for name in filter(None, names.split("|"))]
    return re.compile(rf"(?:^|\s)(?:{'|'.join(patterns)})(?=\s|$)" if patterns else r"(?!)")


@lru_cache
def _opening(notation: Notation) -> re.Pattern[str]:
    """Return a pattern of what opens a formula, or of what is stepped over."""
    openers = {opener for opener, _ in notation.inline | notation.display | notation.asciimath}
    skipped = [r"\\(?:eq)?ref\{[^{}]{0,200}\}", r"\\[\\$]" if notation.escapes else r"\\\\"]
    if any(opener.startswith("\\\\") for opener in openers):
        skipped = skipped[:1]
    names = notation.environments
    environment = r"\\begin\{[^{}\\$\n]{0,40}\}" if names is None else _either(rf"\begin{{{name}}}" for name in names)
    longest_first = sorted(openers, key=lambda opener: (-len(opener), opener))
    return re.compile(f"(?P<skip>{'|'.join(skipped)})|{environment}|{_either(longest_first)}")


def _either(literally: Iterator[str] | list[str]) -> str:
    found = [re.escape(each) for each in literally]
    return f"(?:{'|'.join(found)})" if found else "(?!)"
