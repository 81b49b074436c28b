r"""Definitions inside formulas, which hold from there on to the end of a page.

The blog's author writes `\newcommand{tr}{..}`, without a backslash, and MathJax takes it; so both forms are known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DEFINING = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*(?:\{[^{}]{1,40}\}|\\[A-Za-z]+)\s*(?:\[\d\]\s*){0,1}(?:\[[^\[\]]*\]\s*)?(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{[^{}]{1,40}\}\s*(?=\{)"
    r"|\\def\s*\\[A-Za-z]+(?:#\d)*\s*(?=\{)"
)
_NAME = re.compile(r"\\(?:(?:re|provide)?newcommand|DeclareMathOperator|def)\*?\s*\{?\s*\\?([A-Za-z]+)")
_BRACE = re.compile(r"\\[\s\S]|[{}]")


def definitions(source: str) -> Iterator[str]:
    """Yield the definitions in a formula, each as it is written."""
    for found in _DEFINING.finditer(source):
        end = _closing(source, found.end())
        if end is not None:
            yield source[found.start() : end]


def name(definition: str) -> str:
    """Return the name that a definition gives, without its backslash; empty for one that is no word."""
    found = _NAME.match(definition)
    return found[1] if found else ""


def uses(source: str, macro: str) -> bool:
    """Return whether a formula has the macro of this name outside its own definitions."""
    return re.search(rf"\\{macro}(?![A-Za-z])", without_definitions(source)) is not None


def without_definitions(source: str) -> str:
    """Return a formula without the definitions in it."""
    for each in definitions(source):
        source = source.replace(each, " ")
    return source


def _closing(source: str, opening: int) -> int | None:
    """Return where the group that opens at a place ends, or None."""
    depth = 0
    for found in _BRACE.finditer(source, opening):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None
