"""Where in a text the words of a search are: the passage to show, cut into pieces that are marked or not."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from archiver.store import cjk

WIDTH = 160
"""Characters of a passage."""

_BEFORE = 40  # characters of context before the first word
_MOST_PLACES = 500  # of words in a text that are looked at for the best passage
_ELLIPSIS = "…"
_SENTENCE = re.compile(r"[。！？；\n]|[.!?] ")


class Segment(NamedTuple):
    """A piece of text; never markup."""

    text: str
    marked: bool
    """Whether it is what was looked for."""


Segments = tuple[Segment, ...]


def mark(text: str, words: Iterable[str]) -> Segments:
    """Return a whole text in pieces, the words marked."""
    pattern = _pattern(words)
    if pattern is None:
        return (Segment(text, False),) if text else ()
    pieces: list[Segment] = []
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            pieces.append(Segment(text[at : found.start()], False))
        pieces.append(Segment(found[0], True))
        at = found.end()
    if at < len(text):
        pieces.append(Segment(text[at:], False))
    return tuple(pieces)


def passage(text: str, words: Iterable[str], width: int = WIDTH) -> Segments:
    """Return the passage of a text with the most of the words in it, on one line; its beginning when it has none."""
    words = tuple(words)
    pattern = _pattern(words)
    start = _best(text, pattern, width - _BEFORE) if pattern else 0
    start = _beginning(text, start)
    end = start + width
    shown = " ".join(text[start:end].split())
    before = _ELLIPSIS if start else ""
    after = _ELLIPSIS if end < len(text) else ""
    return mark(f"{before}{shown}{after}", words)


def _beginning(text: str, at: int) -> int:
    """Return where to begin so that a place is seen: after the end of a sentence before it, if there is one near."""
    start = max(0, at - _BEFORE)
    sentence = _SENTENCE.search(text, start, at) if start else None
    return sentence.end() if sentence else start


def _best(text: str, pattern: re.Pattern[str], width: int) -> int:
    """Return where the first stretch of that width begins that holds the most different words."""
    within: Counter[str] = Counter()
    places: deque[tuple[int, str]] = deque()
    best, most = 0, 0
    for found in islice(pattern.finditer(text), _MOST_PLACES):
        word = found[0].lower()
        places.append((found.start(), word))
        within[word] += 1
        while places[0][0] < found.end() - width and len(places) > 1:
            gone = places.popleft()[1]
            within[gone] -= 1
            if not within[gone]:
                del within[gone]
        if len(within) > most:
            best, most = places[0][0], len(within)
    return best


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the words as the index does: any signs between Latin words, no part of a longer Latin word."""
    found = sorted({word for word in map(_as_pattern, words) if word}, key=len, reverse=True)
    return re.compile("|".join(found), re.IGNORECASE) if found else None


_LATIN = rf"[^\W_{cjk.FIRST_WIDE}-\U0010ffff]"
_PART = re.compile(rf"[{cjk.FIRST_WIDE}-\U0010ffff]|{_LATIN}+")
_SIGNS = r"[\W_]{1,20}"


def _as_pattern(word: str) -> str:
    parts = [part for part in _PART.finditer(word) if part[0].isalnum()]
    if not parts:
        return ""
    pattern = "" if cjk.is_wide(parts[0][0]) else f"(?<!{_LATIN})"
    for number, part in enumerate(parts):
        before = parts[number - 1] if number else part
        pattern += _between(before, part) + re.escape(part[0])
    return pattern + ("" if cjk.is_wide(parts[-1][0]) else f"(?!{_LATIN})")


def _between(before: re.Match[str], part: re.Match[str]) -> str:
    """Return what may stand between two parts of a phrase; the same part twice is the first."""
    if before is part or (before.end() == part.start() and cjk.is_wide(before[0]) and cjk.is_wide(part[0])):
        return ""
    return r"\s*" if before.end() == part.start() else _SIGNS
