"""Proves that a reading of a body lost nothing, or says in plain sentences what it cannot prove."""

from __future__ import annotations

import re
from itertools import takewhile

from lxml.html import HtmlElement

from archiver.items import CONVERTED, Content
from archiver.text import commonmark, plain, unread
from archiver.text.agreement import MINIMUM, agreement
from archiver.text.dom import Resolve

MAX_CHECKED = 200_000
"""Characters of Markdown; longer texts are not read back: the parser's time grows with the square of some. The longest
real post has 34,000."""
_SHOWN = 40
_LISTED = 5
_NEWLINES = re.compile(r"\s*\n\s*")


def check(body: HtmlElement, content: Content, resolve: Resolve) -> tuple[str, ...]:
    """Return what speaks against trusting `content` as a reading of `body`; nothing when it is proven.

    The Markdown is read back by an independent CommonMark parser and compared with a plain walk over the body; the
    text of the extractor is compared with the same walk.
    """
    issues = unread.check(body, content, resolve)
    if len(content.markdown) > MAX_CHECKED:
        issues.append(f"the Markdown has {len(content.markdown)} characters, too many to be read back")
        return tuple(issues)
    text = plain.read(body, resolve)
    reading = commonmark.read(content.markdown)
    issues += _formulas([formula.tex for formula in content.formulas], reading.formulas)
    issues += _text(text, reading.text)
    share = agreement(content.text, text)
    if share < MINIMUM:
        issues.append(f"plain text and page agree to {share:.2%} only, less than {MINIMUM:.2%}")
    return tuple(issues)


def notes(content: Content) -> tuple[str, ...]:
    """Return what is odd about the source itself, and was kept as it is."""
    found = [f"a formula opens here and never ends: {opener}" for opener in content.unclosed[:_LISTED]]
    if len(content.unclosed) > _LISTED:
        found.append(f"{len(content.unclosed) - _LISTED} more formulas open and never end")
    if converted := sum(formula.provenance == CONVERTED for formula in content.formulas):
        found.append(f"{converted} of {len(content.formulas)} formulas are converted, not as their author wrote them")
    return tuple(found)


def _formulas(wanted: list[str], found: list[str]) -> list[str]:
    if wanted == found or list(map(_folded, wanted)) == list(map(_folded, found)):
        return []
    same = len(list(takewhile(lambda pair: _folded(pair[0]) == _folded(pair[1]), zip(wanted, found, strict=False))))
    first = _shown(wanted[same]) if same < len(wanted) else "nothing more"
    instead = _shown(found[same]) if same < len(found) else "nothing more"
    issue = f"the page has {len(wanted)} formulas and the Markdown {len(found)}; "
    return [issue + f"number {same} is {first} on the page and {instead} in the Markdown"]


def _folded(formula: str) -> str:
    """Return a formula with newlines as spaces, which is the same to TeX if none ends a comment.

    A heading has no room for a newline, a line none for an empty one.
    """
    return _NEWLINES.sub("\n" if "%" in formula else " ", formula)


def _text(wanted: str, found: str) -> list[str]:
    page, markdown = "".join(wanted.split()), "".join(found.split())
    if page == markdown:
        return []
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(page, markdown, strict=False))))
    start = max(0, same - _SHOWN // 2)
    issue = f"the Markdown reads {_shown(markdown[start:])} where the page reads {_shown(page[start:])}, "
    return [issue + f"{same} characters after the beginning"]


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
