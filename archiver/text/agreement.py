"""How far two readings of the same page agree."""

from __future__ import annotations

import re
from collections import Counter

MINIMUM = 0.995
"""Share of common shingles below which one of two readings lost or invented text."""
_SHINGLE = 5  # characters; long enough that a lost clause costs more than its neighbours hide
_SILENT = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """Return the letters and digits of a text: all that every reading of it must keep."""
    return _SILENT.sub("", text)


def agreement(one: str, other: str) -> float:
    """Return the share of shingles two texts have in common (F1 of multisets), 1.0 for the same letters."""
    if "".join(one.split()) == "".join(other.split()) or letters(one) == letters(other):
        return 1.0
    first, second = _lines(one), _lines(other)
    same = first & second
    alike = sum(len(line) * times for line, times in same.items())
    rest, others = _shingles(first - same), _shingles(second - same)
    common = sum((rest & others).values())
    total = rest.total() + others.total()
    return (2 * alike + 2 * common) / (2 * alike + total) if alike or total else 1.0


def _lines(text: str) -> Counter[str]:
    return Counter(filter(None, map(letters, text.split("\n"))))


def _shingles(lines: Counter[str]) -> Counter[str]:
    """Return as many shingles as there are letters, the first ones padded, so that short lines count in full."""
    text = "".join(lines.elements())
    padded = " " * (_SHINGLE - 1) + text
    return Counter(padded[at : at + _SHINGLE] for at in range(len(text)))
