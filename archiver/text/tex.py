r"""Finds formulas in text as MathJax 2.7.9 finds them in the blog's pages.

MathJax's `tex2jax` extension searches the text of a page for openers, then for the matching closer outside braces.
The blog configures `inlineMath: [['$','$'], ['\\(','\\)']]` and leaves the rest at its defaults, so formulas are

* inline: `$..$` and `\(..\)`,
* displayed: `$$..$$`, `\[..\]` and every `\begin{name}..\end{name}` outside another formula (`processEnvironments`).

Where that leaves a choice, this module decides:

* `processEscapes` is off by default and the blog does not set it: in a page `\$` opens a formula like `$` does. Inside
  a formula `\$` is a sign of its own and closes nothing. In Markdown, on the other hand, `\$` is a plain dollar sign.
* `\\` is stepped over, so that the `\[` of a line break with a gap (`\\[4pt]`) opens nothing.
* `\ref{..}` and `\eqref{..}` outside formulas become links when MathJax runs. Here they stay text.
* Environments nested in one of the same name are counted; tex2jax would stop at the first `\end`.
* An opener whose closer never comes, or only inside braces, is text (tex2jax searches on after it) and is reported.

Every search takes time linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from archiver.items import Formula


class Span(NamedTuple):
    """Where a formula stands: `text[start:end]` is its exact source with delimiters."""

    start: int
    end: int
    display: bool
    environment: str | None


class Scan(NamedTuple):
    """What a text holds, in order."""

    spans: list[Span]
    unclosed: list[int]
    """Offsets of openers without an end."""


_NAME = r"[^{}\\$\n]{0,40}"  # amsmath's longest environment has 11 letters; without a bound the search is not linear
_DEPTH = 8  # of braces the fast pattern follows; deeper formulas are left to `_ends`


def _braces(step: str) -> str:
    """Return a pattern of a balanced group. It never backtracks."""
    group = rf"\{{(?:[^\\{{}}]++|{step})*+\}}"
    for _ in range(_DEPTH):
        group = rf"\{{(?:[^\\{{}}]++|{step}|{group})*+\}}"
    return group


def _between(opener: str, plain: str, step: str, closer: str) -> str:
    return rf"{opener}(?:{plain}++|{step}|{_braces(step)})*+{closer}"


def _formula(skipped: str) -> re.Pattern[str]:
    """Return a pattern of one formula; group `odd` is an opener that is not followed by a plain formula."""
    same = r"\\(?!(?:begin|end)\{(?P=name)\})[\s\S]"
    kinds = (
        ("skip", skipped + r"|\\(?:eq)?ref\{[^{}]{0,200}\}"),
        ("inline", _between(r"\$(?!\$)", r"[^\\{}$]", r"\\[\s\S]", r"\$")),
        ("environment", _between(rf"\\begin\{{(?P<name>{_NAME})\}}", r"[^\\{}]", same, r"\\end\{(?P=name)\}")),
        ("double", _between(r"\$\$", r"(?:[^\\{}$]|\$(?!\$))", r"\\[\s\S]", r"\$\$")),
        ("brackets", _between(r"\\\[", r"[^\\{}]", r"\\(?!\])[\s\S]", r"\\\]")),
        ("parentheses", _between(r"\\\(", r"[^\\{}]", r"\\(?!\))[\s\S]", r"\\\)")),
        ("odd", rf"\$\$?|\\[(\[]|\\begin\{{{_NAME}\}}"),
    )
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in kinds))


_IN_PAGE = _formula(r"\\\\")
_IN_MARKDOWN = _formula(r"\\\\|\\\$")
_INLINE = frozenset({"inline", "parentheses"})
_TOKEN = re.compile(rf"[{{}}$]|\\(begin|end)\{{({_NAME})\}}|\\[\s\S]")
_PAIRS = {r"\[": r"\]", r"\(": r"\)"}


def scan(text: str, *, markdown: bool = False) -> Scan:
    """Find the formulas of one stretch of text, in page text or (`markdown=True`) in Markdown."""
    spans: list[Span] = []
    unclosed: list[int] = []
    if "$" not in text and "\\" not in text:
        return Scan(spans, unclosed)
    pattern = _IN_MARKDOWN if markdown else _IN_PAGE
    for found in pattern.finditer(text):
        kind = found.lastgroup
        if kind == "odd":
            _scan_exactly(text, found.start(), pattern, spans, unclosed)
            break
        if kind != "skip":
            spans.append(Span(found.start(), found.end(), kind not in _INLINE, found["name"]))
    return Scan(spans, unclosed)


def _scan_exactly(
    text: str, position: int, pattern: re.Pattern[str], spans: list[Span], unclosed: list[int]
) -> None:
    """Go on from an opener the pattern could not pair, looking every end up."""
    ends = _ends(text, position)
    while found := pattern.search(text, position):
        start, kind = found.start(), found.lastgroup
        end = found.end() if kind == "skip" else ends.get(start)
        ...
