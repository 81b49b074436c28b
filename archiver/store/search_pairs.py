"""Pairs of neighbouring Chinese characters, for an index that knows only which posts have each of them.

A sentence is looked for by twenty such pairs (`coverage`). To find where the words of each follow one another costs ten
times what it costs to look up a word. So each pair of a post is one word here, once for all the times it is there, and
once more, marked, if it is in the title.
"""

from __future__ import annotations

from archiver.store import cjk
from archiver.store.search_words import words

_TITLED = cjk.BREAK
"""Marks a pair that is in the title: the tokenizer takes it for a letter, and no pair has it."""


def entry(title: str, text: str) -> tuple[str]:
    """Return what the index holds of a post.

    A change of this needs a migration that rebuilds the index: pairs it no longer gives could not be removed.
    """
    in_title = words(title).pairs
    return (" ".join((*(in_title | words(text).pairs), *map(titled, in_title))),)


def titled(pair: str) -> str:
    """Return the word of a pair in the title."""
    return _TITLED + pair


def pair(term: str) -> str | None:
    """Return the word of a term (`coverage.grams`), or None for one that is no pair: a Latin word, or one character."""
    return next(iter(words(term).pairs), None)
