"""What changed between two texts in Markdown: prose by character, formulas as wholes and by TeX token.

Chinese has no words to compare, and half a TeX command means nothing. So a formula is one character of the prose around
it, and each changed formula is also shown on its own, token by token.

Lines are compared first, then the sentences of lines that differ, then the characters of sentences that differ: an
edit is found where it happened, and time stays near linear in the length of a text that is mostly the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

from archiver.text import commonmark

MOST_CELLS = 1_000_000
"""Pieces before times pieces after up to which they are compared one by one; more are replaced as a whole."""

REACH = 20
"""How many changed formulas are searched for the one that another became."""

ALIKE = 0.4
"""Share of their tokens that two formulas must have in common, in order, to count as one that was changed."""

LEAST_KEPT = 2
"""Characters between two edits from which they are shown as kept: in Chinese, a single one in common is chance."""

_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|[\s\S])|\s+|\d+(?:\.\d+)?|[\s\S]")


class ChangeKind(StrEnum):
    """What became of a piece of text."""

    EQUAL = "equal"
    DELETE = "delete"
    INSERT = "insert"


@dataclass(frozen=True, slots=True)
class DiffSegment:
    """A piece of text and what became of it."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaChange:
    """A formula that was changed, added or removed."""

    before: str | None
    """Exact source with its delimiters; None when it was added."""
    after: str | None
    """Exact source with its delimiters; None when it was removed."""
    segments: tuple[DiffSegment, ...]
    """Both sources as one sequence of pieces, split between TeX tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that changed."""

    formulas: tuple[FormulaChange, ...]
    """In the order of the text."""
    prose: tuple[DiffSegment, ...]
    """The whole text: without insertions it is the text before, without deletions the text after."""

    @property
    def inserted(self) -> int:
        """Characters that were not there before."""
        return _count(self.prose, ChangeKind.INSERT)

    @property
    def deleted(self) -> int:
        """Characters that are no longer there."""
        return _count(self.prose, ChangeKind.DELETE)

    def hunks(self, context: int = 30) -> list[tuple[DiffSegment, ...]]:
        """Return the changes, each with so many characters of context, neighbouring ones together.

        A formula counts as one character, and is never cut.
        """
        return list(_hunks(self.prose, context))


def compare(before: str, after: str) -> Difference:
    """Return what changed between two texts in Markdown."""
    return Difference(formulas=tuple(_formulas(before, after)), prose=_compare(before, after, _LEVELS))


def compare_tex(before: str, after: str) -> tuple[DiffSegment, ...]:
    """Return what changed between two formulas, split between TeX tokens."""
    return _merged(_matched(_TOKEN.findall(before), _TOKEN.findall(after)))


def _count(segments: Iterable[DiffSegment], kind: ChangeKind) -> int:
    return sum(len(segment.text) for segment in segments if segment.kind == kind)


# --- prose ---


def _signs(text: str) -> list[str]:
    """Return a text's characters; a formula is one."""
    signs: list[str] = []
    position = 0
    for start, end in commonmark.formulas(text):
        signs += text[position:start]
        signs.append(text[start:end])
        position = end
    return signs + list(text[position:])


def _pieces(text: str, ends: Callable[[str], bool]) -> list[str]:
    """Return a text in pieces, each up to a character that ends one; a formula is never split."""
    pieces: list[str] = []
    current: list[str] = []
    for sign in _signs(text):
        current.append(sign)
        if ends(sign):
            pieces.append("".join(current))
            current = []
    return [*pieces, "".join(current)] if current else pieces


def _lines(text: str) -> list[str]:
    return _pieces(text, lambda sign: sign == "\n")


def _sentences(text: str) -> list[str]:
    return _pieces(text, lambda sign: sign in "。！？；，!?;,\n")


Split = Callable[[str], list[str]]
_LEVELS: tuple[Split, ...] = (_lines, _sentences, _signs)


def _compare(before: str, after: str, levels: Sequence[Split]) -> tuple[DiffSegment, ...]:
    """Compare at the first level, and what differs there at the next."""
    if not before or not after or not levels:
        return _merged((DiffSegment(ChangeKind.DELETE, before), DiffSegment(ChangeKind.INSERT, after)))
    split, *finer = levels
    coarse = _merged(_matched(split(before), split(after)))
    if not finer:
        return _without_chance(coarse)
    return _merged(_refined(coarse, finer))


def _refined(segments: Sequence[DiffSegment], levels: Sequence[Split]) -> Iterator[DiffSegment]:
    for equal, run in groupby(segments, lambda segment: segment.kind == ChangeKind.EQUAL):
        pieces = list(run)
        if equal:
            yield from pieces
        else:
            yield from _compare(_side(pieces, ChangeKind.DELETE), _side(pieces, ChangeKind.INSERT), levels)


def _matched(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffSegment]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    yield DiffSegment(ChangeKind.EQUAL, "".join(before[:head]))
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) * len(new) > MOST_CELLS:
        yield DiffSegment(ChangeKind.DELETE, "".join(old))
        yield DiffSegment(ChangeKind.INSERT, "".join(new))
    else:
        yield from _aligned(old, new)
    yield DiffSegment(ChangeKind.EQUAL, "".join(before[len(before) - tail :]))


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many pieces two sequences begin with in common."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((index for index, (old, new) in pairs if old != new), min(len(before), len(after)))


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffSegment]:
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield DiffSegment(ChangeKind.EQUAL, "".join(before[start:end]))
        else:
            yield DiffSegment(ChangeKind.DELETE, "".join(before[start:end]))
            yield DiffSegment(ChangeKind.INSERT, "".join(after[new_start:new_end]))


def _merged(segments: Iterable[DiffSegment]) -> tuple[DiffSegment, ...]:
    """Return segments without empty ones, and between two equal ones at most one of each kind, deletion first."""
    merged: list[DiffSegment] = []
    for equal, run in groupby(_filled(segments), lambda segment: segment.kind == ChangeKind.EQUAL):
        pieces = list(run)
        kinds = (ChangeKind.EQUAL,) if equal else (ChangeKind.DELETE, ChangeKind.INSERT)
        merged += [DiffSegment(kind, text) for kind in kinds if (text := _side(pieces, kind))]
    return tuple(merged)


def _side(segments: Iterable[DiffSegment], kind: ChangeKind) -> str:
    return "".join(segment.text for segment in segments if segment.kind == kind)


def _without_chance(segments: tuple[DiffSegment, ...]) -> tuple[DiffSegment, ...]:
    """Return segments in which a character kept by chance between two edits is part of them."""
    pieces: list[DiffSegment] = []
    for index, segment in enumerate(segments):
        inner = 0 < index < len(segments) - 1
        if inner and segment.kind == ChangeKind.EQUAL and len(segment.text) < LEAST_KEPT:
            pieces += [DiffSegment(ChangeKind.DELETE, segment.text), DiffSegment(ChangeKind.INSERT, segment.text)]
        else:
            pieces.append(segment)
    return _merged(pieces)


# --- formulas ---


def _formulas(before: str, after: str) -> Iterator[FormulaChange]:
    """Yield the formulas that differ; within a stretch of changed ones, those alike are one formula changed."""
    old, new = ([text[start:end] for start, end in commonmark.formulas(text)] for text in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield from _paired(old[start:end], new[new_start:new_end])


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[FormulaChange]:
    position = 0
    for source in old:
        near = range(position, min(position + REACH, len(new)))
        match = next((index for index in near if _alike(source, new[index])), None)
        if match is None:
            yield FormulaChange(before=source, after=None, segments=(DiffSegment(ChangeKind.DELETE, source),))
            continue
        yield from (_added(formula) for formula in new[position:match])
        yield FormulaChange(before=source, after=new[match], segments=compare_tex(source, new[match]))
        position = match + 1
    yield from (_added(formula) for formula in new[position:])


def _added(source: str) -> FormulaChange:
    return FormulaChange(before=None, after=source, segments=(DiffSegment(ChangeKind.INSERT, source),))


def _alike(old: str, new: str) -> bool:
    """Return whether two formulas have enough tokens in common; dollar signs around them do not count."""
    ours, theirs = (_TOKEN.findall(source.strip("$")) for source in (old, new))
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


# --- display ---


def _hunks(segments: Sequence[DiffSegment], context: int) -> Iterator[tuple[DiffSegment, ...]]:
    hunk: list[DiffSegment] = []
    for index, segment in enumerate(segments):
        if segment.kind != ChangeKind.EQUAL:
            hunk.append(segment)
            continue
        around = _signs(segment.text)
        last = index == len(segments) - 1
        if hunk and not last and len(around) <= 2 * context:
            hunk.append(segment)
            continue
        if hunk:
            yield _filled([*hunk, DiffSegment(ChangeKind.EQUAL, "".join(around[:context]))])
        hunk = [] if last else [DiffSegment(ChangeKind.EQUAL, "".join(around[max(0, len(around) - context) :]))]
    if any(segment.kind != ChangeKind.EQUAL for segment in hunk):
        yield _filled(hunk)


def _filled(segments: Iterable[DiffSegment]) -> tuple[DiffSegment, ...]:
    return tuple(segment for segment in segments if segment.text)
