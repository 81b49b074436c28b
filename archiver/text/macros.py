r"""Definitions inside formulas, which hold from there to the end of the page.

The blog's author writes `\newcommand{tr}{..}`, without a backslash, and MathJax takes it; so both forms are known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_PARAMETERS = 9
"""Parameters of a macro, as TeX has it."""

_DEFINING = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*(?:\{\s*\\?(?P<braced>[^{}]{1,40}?)\s*\}|\\(?P<new>[A-Za-z]+))\s*"
    r"(?:\[(?P<count>\d)\]\s*){0,1}(?:\[(?P<default>[^\[\]]*)\]\s*)?(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{\s*\\?(?P<operator>[^{}]{1,40}?)\s*\}\s*(?=\{)"
    r"|\\def\s*\\(?P<plain>[A-Za-z]+)(?P<parameters>(?:#\d)*)\s*(?=\{)"
)
_BRACE = re.compile(r"\\[\s\S]|[{}]")


class Macro(NamedTuple):
    """A command that a page defines."""

    name: str
    """Without its backslash."""
    parameters: int
    """How many parameters it has, from 0 to 9."""
    default: str | None
    """The first parameter's default, if it is optional; else None."""
    body: str
    """What it stands for, with `#1` and so on in the places of its parameters."""


def definitions(source: str) -> Iterator[str]:
    """Yield the definitions in a formula, each as written."""
    for start, end, _ in found(source):
        yield source[start:end]


def found(source: str) -> Iterator[tuple[int, int, Macro]]:
    """Yield where each definition in a formula begins and ends, and what it defines."""
    if "newcommand" not in source and "\\def" not in source and "MathOperator" not in source:
        return
    for match in _DEFINING.finditer(source):
        end = _closing(source, match.end())
        if end is not None:
            yield match.start(), end, _macro(match, source[match.end() + 1 : end - 1])


def name(definition: str) -> str:
    """Return the name that a definition gives, without its backslash; empty for one that is not a word."""
    named = next((macro.name for _, _, macro in found(definition)), "")
    return named if named.isascii() and named.isalpha() else ""


def uses(source: str, macro: str) -> bool:
    """Return whether a formula has the macro of this name outside its own definitions."""
    return re.search(rf"\\{macro}(?![A-Za-z])", without_definitions(source)) is not None


def without_definitions(source: str) -> str:
    """Return a formula without the definitions in it."""
    for each in definitions(source):
        source = source.replace(each, " ")
    return source


def _macro(match: re.Match[str], body: str) -> Macro:
    if match["operator"]:
        return Macro(match["operator"], 0, None, rf"\operatorname{{{body}}}")
    if match["plain"]:
        return Macro(match["plain"], match["parameters"].count("#"), None, body)
    count = min(int(match["count"] or 0), MOST_PARAMETERS)
    return Macro(match["braced"] or match["new"], count, match["default"] if count else None, body)


def _closing(source: str, opening: int) -> int | None:
    """Return where the group that opens at a place ends, or None."""
    depth = 0
    for each in _BRACE.finditer(source, opening):
        depth += {"{": 1, "}": -1}.get(each[0], 0)
        if depth == 0:
            return each.end()
    return None
