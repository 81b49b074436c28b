"""Where in a text the words of a search are: the passage to show, cut into pieces that are marked or not.

Formulas are told from prose in the whole text and never cut: a piece is prose, or one formula with its delimiters.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from archiver.store import cjk
from archiver.text import tex

WIDTH = 160
"""Characters of a passage; a formula at one of its ends may make it longer."""

TELLING = 120
"""Characters of a formula that are read at a glance: the longest up to there tells most about what it holds."""

_LEADING = 240  # characters before a formula that is asked for: two or three sentences of these blogs
_BEFORE = 40  # characters of context before the first word
_MOST_PLACES = 500  # of words in a text that are looked at for the best passage
_ELLIPSIS = "…"
_SENTENCE = re.compile(r"[。！？；\n]|[.!?] ")
_FILLER = "\ue000"
"""Stands for each character of a formula, in which no sentence ends: of those that Unicode leaves to private use."""
_ENDS = re.compile(rf"[。！？；]|[.!?](?=\s)|(?<!{_FILLER})\n(?!{_FILLER})")


class Segment(NamedTuple):
    """A piece of text; never markup. A formula is a piece by itself, with its delimiters."""

    text: str
    marked: bool
    """Whether it is what was looked for, or a formula that holds it."""


Segments = tuple[Segment, ...]
Span = tuple[int, int]
"""First character, and the one after the last."""


def mark(text: str, words: Iterable[str]) -> Segments:
    """Return a whole text in pieces, the words marked."""
    return tuple(_pieces(text, _scanned(text), _pattern(words)))


def passage(
    text: str,
    words: Iterable[str],
    fragments: Sequence[str] = (),
    formulas: Iterable[str] | None = None,
    width: int = WIDTH,
) -> Segments:
    """Return the passage of a text with the most of the words in it, its prose on one line.

    If no word is in it, the passage is around the formula that best fits one of these fragments of TeX, or else the
    beginning of the text. `formulas` are those of the text in order, where they are known: a code block may hold what
    looks like one.
    """
    pattern = _pattern(words)
    spans = _scanned(text) if formulas is None else _located(text, formulas)
    telling = _telling(text, spans, fragments)
    at = _best(text, pattern, width - _BEFORE) if pattern else None
    if at is None:
        at = telling[0] if telling else 0
    start, end = _whole_words(text, *_uncut(spans, _beginning(text, at), at, width, len(text)), at)
    start, end = end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())
    within = [(first - start, last - start) for first, last in spans if start <= first and last <= end]
    source = text[slice(*telling)] if telling else ""
    before = [Segment(_ELLIPSIS, False)] if start else []
    after = [Segment(_ELLIPSIS, False)] if end < len(text) else []
    return tuple(_on_one_line([*before, *_pieces(text[start:end], within, pattern, source), *after]))


def sentences(text: str, formulas: Iterable[str], fragment: str) -> Iterator[tuple[int, str]]:
    """Yield for each formula of a text with a fragment of TeX in it its position, and the sentence around it.

    No formula in the sentence is cut; on either side it has at most `WIDTH` characters.
    """
    numbered = _numbered(text, formulas)
    spans = [span for _, span in numbered]
    blank = _blanked(text, spans)
    for number, (start, end) in numbered:
        if fragment in text[start:end]:
            first, last = _sentence(blank, start, end)
            for begin, finish in spans:
                first = finish if begin < first < finish else first
                last = begin if begin < last < finish else last
            yield number, text[first:last].strip()


def leading(text: str, formulas: Iterable[str], fragment: str) -> Iterator[tuple[int, str]]:
    """Yield for each formula of a text with a fragment of TeX in it its position, and the sentences that lead to it.

    They are as many as fit into `_LEADING` characters; a longer one is cut at a space, and no formula in them is cut.
    """
    numbered = _numbered(text, formulas)
    spans = [span for _, span in numbered]
    blank = _blanked(text, spans)
    for number, (start, end) in numbered:
        if fragment in text[start:end]:
            near = max(0, start - _LEADING)
            cuts = (each.search(blank, near, start) for each in (_ENDS, _GAP)) if near else ()
            first = next((cut.end() for cut in cuts if cut and cut.end() < start), near)
            first = next((finish for begin, finish in spans if begin < first < finish), first)
            yield number, text[first:start].strip()


def _numbered(text: str, formulas: Iterable[str]) -> list[tuple[int, Span]]:
    """Return position and place of the formulas that are in a text, one after the other."""
    found, at = list[tuple[int, Span]](), 0
    for number, formula in enumerate(formulas):
        start = text.find(formula, at)
        if start >= 0:
            at = start + len(formula)
            found.append((number, (start, at)))
    return found


def _sentence(text: str, start: int, end: int) -> Span:
    """Return where the sentence around a place begins and ends; a long one is cut at spaces nearer to it."""
    near, far = max(0, start - WIDTH), min(len(text), end + WIDTH)
    ends = [found.end() for found in _ENDS.finditer(text, near, start + 1) if found.end() <= start]
    blank = None if ends or not near else _GAP.search(text, near, start)
    first = ends[-1] if ends else blank.end() if blank else near
    after = _ENDS.search(text, end, far)
    if after or far == len(text):
        return first, after.end() if after else far
    return first, max(text.rfind(" ", end, far), end) if " " in text[end + 1 : far] else far


def _blanked(text: str, spans: Sequence[Span]) -> str:
    """Return a text with `_FILLER` in place of its formulas."""
    pieces, at = list[str](), 0
    for start, end in spans:
        pieces += [text[at:start], _FILLER * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def _scanned(text: str) -> list[Span]:
    return [(span.start, span.end) for span in tex.scan(text).spans]


def _located(text: str, formulas: Iterable[str]) -> list[Span]:
    """Return where formulas are in a text, one after the other; one that is there in another form is left out."""
    return [span for _, span in _numbered(text, formulas)]


def _telling(text: str, spans: Iterable[Span], fragments: Sequence[str]) -> Span | None:
    """Return the formula that tells most about a fragment: it has more than that in it, and is read at a glance."""
    holding = [span for span in spans if any(each in text[slice(*span)] for each in fragments)]
    return min(holding, key=lambda span: bulk(text[slice(*span)]), default=None)


def bulk(formula: str) -> int:
    """Return how little a formula tells: the more the shorter it is, or the longer, than what is read at a glance."""
    length = len(formula)
    return length if length > TELLING else TELLING - length


def _uncut(spans: Sequence[Span], start: int, at: int, width: int, length: int) -> Span:
    """Return beginning and end of a passage so that no formula is cut: what is in the way of `at` is left out."""
    end = min(start + width, length)
    for first, last in spans:
        if first < start < last:
            start = first if at < last else last
        if first < end < last:
            end = first if at < first else last
    return start, end


def _whole_words(text: str, start: int, end: int, at: int) -> Span:
    """Return beginning and end of a passage without the part of a Latin word at either, unless `at` is in it."""
    head = _HEAD.match(text, start) if _HEAD.match(text, max(0, start - 1), start) else None
    tail = _TAIL.search(text, start, end) if _HEAD.match(text, end) else None
    return head.end() if head and head.end() <= at else start, tail.start() if tail and tail.start() > at else end


def _pieces(text: str, spans: Sequence[Span], pattern: re.Pattern[str] | None, telling: str = "") -> Iterator[Segment]:
    """Yield prose and formulas in turn, what the pattern finds marked; a formula is marked as a whole."""
    found = [each.span() for each in pattern.finditer(text)] if pattern else []
    at = 0
    for first, last in spans:
        yield from _prose(text, at, first, found)
        source = text[first:last]
        yield Segment(source, source == telling or any(a < last and first < b for a, b in found))
        at = last
    yield from _prose(text, at, len(text), found)


def _prose(text: str, at: int, end: int, found: Sequence[Span]) -> Iterator[Segment]:
    for first, last in found:
        first, last = max(first, at), min(last, end)
        if first < last:
            if at < first:
                yield Segment(text[at:first], False)
            yield Segment(text[first:last], True)
            at = last
    if at < end:
        yield Segment(text[at:end], False)


def _on_one_line(pieces: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the pieces with each gap in prose as one space; in TeX the end of a line may end a comment."""
    for text, marked in pieces:
        yield Segment(text if tex.is_formula(text) else _GAP.sub(" ", text), marked)


_GAP = re.compile(r"\s+")


def _beginning(text: str, at: int) -> int:
    """Return where to begin so that a place is seen: after the end of a sentence before it, if there is one near."""
    start = max(0, at - _BEFORE)
    sentence = _SENTENCE.search(text, start, at) if start else None
    return sentence.end() if sentence else start


def _best(text: str, pattern: re.Pattern[str], width: int) -> int | None:
    """Return where the first stretch of that width begins that holds the most different words; None without any."""
    within: Counter[str] = Counter()
    places: deque[tuple[int, str]] = deque()
    best: int | None = None
    most = 0
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
    """Return what finds the words as the index does: any punctuation between Latin words, no part of a longer one.

    One that ends in an asterisk may continue.
    """
    found = sorted({word for word in map(_as_pattern, words) if word}, key=len, reverse=True)
    return re.compile("|".join(found), re.IGNORECASE) if found else None


_HEAD = re.compile(f"{cjk.LATIN}+")
_TAIL = re.compile(rf"(?<!{cjk.LATIN}){cjk.LATIN}+\Z")
_PART = re.compile(f"{cjk.WIDE}|{cjk.LATIN}+")
_SIGNS = r"[\W_]{1,20}"


def _as_pattern(word: str) -> str:
    parts = [part for part in _PART.finditer(word) if part[0].isalnum()]
    if not parts:
        return ""
    pattern = "" if cjk.is_wide(parts[0][0]) else f"(?<!{cjk.LATIN})"
    for number, part in enumerate(parts):
        before = parts[number - 1] if number else part
        pattern += _between(before, part) + re.escape(part[0])
    if cjk.is_wide(parts[-1][0]):
        return pattern
    return pattern + (f"{cjk.LATIN}*" if word.endswith("*") else f"(?!{cjk.LATIN})")


def _between(before: re.Match[str], part: re.Match[str]) -> str:
    """Return what may be between two parts of a phrase; the same part twice is the first."""
    if before is part or (before.end() == part.start() and cjk.is_wide(before[0]) and cjk.is_wide(part[0])):
        return ""
    return r"\s*" if before.end() == part.start() else _SIGNS
