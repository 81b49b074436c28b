"""Pairs of neighbouring Chinese characters, for an index that knows only which posts have each of them.

A sentence is looked for by twenty such pairs (`coverage`), and a phrase of two characters costs seven times what a word
does. So each pair of a post is a word here, however often the post has it, and a second one, marked, if the title does.
"""

from __future__ import annotations

import re
from itertools import pairwise

from archiver.store import cjk

_RUN = re.compile(f"{cjk.WIDE_LETTER}+")
_TITLED = cjk.BREAK
"""Marks a pair of the title: the tokenizer takes it for a letter, and no pair has it."""


def entry(title: str, text: str) -> tuple[str]:
    """Return what the index holds of a post.

    A change of this needs a migration that rebuilds the index: pairs it no longer gives could not be removed.
    """
    in_title = _pairs(title)
    return (" ".join((*(in_title | _pairs(text)), *map(titled, in_title))),)


def titled(pair: str) -> str:
    """Return the word of a pair in the title."""
    return _TITLED + pair


def is_pair(term: str) -> bool:
    """Return whether a term (`coverage.grams`) is a pair, not a Latin word or one character."""
    return len(term) == 2 and cjk.is_wide(term[0])


def _pairs(text: str) -> set[str]:
    return {before + after for run in _RUN.findall(cjk.plain(text)) for before, after in pairwise(run)}
