"""Ranking for a sentence that no post holds as it is: how much of what is rare in it a post covers.

A sentence is taken apart into pairs of neighbouring Chinese characters and whole Latin words; each weighs what it tells
(its inverse document frequency), and counts threefold in a title. Measured beside word segmentation and plain bm25 in
benchmarks/search.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from math import log
from typing import TypeVar

from archiver.store import cjk

TITLE_BONUS = 2.0
"""What a pair in the title adds to its weight in the text."""

MOST = 50
"""Posts a ranking gives."""

LEAST_SHARE = 0.25
"""A post that covers less than this share of the best one's weight is left out."""

_MOST_GRAMS = 100
_RUN = re.compile(f"{cjk.WIDE_LETTER}+|{cjk.LATIN}+")


def grams(words: Iterable[str]) -> tuple[str, ...]:
    """Return the pairs of Chinese characters and the Latin words of what was typed, each once, in order."""
    found: dict[str, None] = {}
    for word in words:
        for run in _RUN.findall(word):
            pairs = [run[at : at + 2] for at in range(max(1, len(run) - 1))]  # one character stands for itself
            found.update(dict.fromkeys(pairs if cjk.is_wide(run[0]) else [run.lower()]))
    return tuple(found)[:_MOST_GRAMS]


Row = TypeVar("Row", int, tuple[int, int])
"""The number of a row; of one of several archives with another number, less for a later archive."""


def rank(total: int, found: Iterable[tuple[Collection[Row], Collection[Row]]]) -> dict[Row, float]:
    """Return rows by what they cover, as a share of all that is asked, best first; titles can lift one above 1.

    A term that no row has counts as asked, too, so that rows which cover little of a question have a low share. `total`
    is the number of rows there are, `found` has the rows with each term, and those with it in their title.
    """
    scores: defaultdict[Row, float] = defaultdict(float)
    asked = 0.0
    for everywhere, titled in found:
        weight = log(1 + (total - len(everywhere) + 0.5) / (len(everywhere) + 0.5))
        asked += weight
        for row in everywhere:
            scores[row] += weight
        for row in titled:
            scores[row] += TITLE_BONUS * weight
    best = max(scores.values(), default=0.0)
    near = sorted((row for row, score in scores.items() if score >= LEAST_SHARE * best), reverse=True)
    return {row: scores[row] / asked for row in sorted(near, key=lambda row: -scores[row])}
