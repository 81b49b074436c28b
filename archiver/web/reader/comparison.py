"""Two versions of a post side by side: paragraph next to paragraph, changes marked, formulas set in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup

from archiver.text import diff
from archiver.text.diff import ChangeKind, DiffSegment
from archiver.web.reader import markup

_CONTEXT = 1  # unchanged paragraphs shown around a change


@dataclass(slots=True)
class Pair:
    """A paragraph before and after."""

    before: list[DiffSegment] = field(default_factory=list)
    after: list[DiffSegment] = field(default_factory=list)
    in_html: frozenset[str] = frozenset()
    """Formulas of both texts that are in raw HTML, as they are written there."""

    @property
    def changed(self) -> bool:
        """Whether they differ."""
        return any(segment.kind != ChangeKind.EQUAL for segment in (*self.before, *self.after))

    @property
    def sides(self) -> tuple[Markup, Markup]:
        """Both as HTML."""
        return _shown(self.before, self.in_html), _shown(self.after, self.in_html)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Adjacent paragraphs that are shown, or left out because nothing near them changed."""

    pairs: list[Pair]
    shown: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two versions."""

    difference: diff.Difference
    stretches: list[Stretch]


def compare(before: str, after: str) -> Comparison:
    """Return two texts in Markdown side by side."""
    difference = diff.compare(before, after)
    in_html = markup.formulas_in_html(before, after)
    return Comparison(difference, list(_stretches(list(_pairs(difference.prose, in_html)))))


def pieces(segments: Iterable[DiffSegment]) -> list[tuple[str, str]]:
    """Return kind and text of each piece of a changed formula, to be shown as source."""
    return [(str(segment.kind), segment.text) for segment in segments]


def _pairs(segments: Iterable[DiffSegment], in_html: frozenset[str]) -> Iterator[Pair]:
    """Yield the paragraphs, which end where a line ends in both texts."""
    pair = Pair(in_html=in_html)
    for segment in segments:
        if segment.kind == ChangeKind.DELETE:
            pair.before.append(segment)
        elif segment.kind == ChangeKind.INSERT:
            pair.after.append(segment)
        else:
            first, *others = segment.text.split("\n\n")
            pair = _both(pair, first)
            for text in others:
                yield pair
                pair = _both(Pair(in_html=in_html), text)
    yield pair


def _both(pair: Pair, text: str) -> Pair:
    if text:
        pair.before.append(DiffSegment(ChangeKind.EQUAL, text))
        pair.after.append(DiffSegment(ChangeKind.EQUAL, text))
    return pair


def _stretches(pairs: list[Pair]) -> Iterator[Stretch]:
    near = {
        index
        for place, pair in enumerate(pairs)
        if pair.changed
        for index in range(place - _CONTEXT, place + _CONTEXT + 1)
    }
    current: list[Pair] = []
    shown = 0 in near
    for index, pair in enumerate(pairs):
        if (index in near) != shown:
            yield Stretch(current, shown)
            current, shown = [], index in near
        current.append(pair)
    yield Stretch(current, shown)


def _shown(segments: Iterable[DiffSegment], in_html: frozenset[str]) -> Markup:
    tags = {ChangeKind.DELETE: "del", ChangeKind.INSERT: "ins"}
    parts = []
    for segment in segments:
        html = markup.source(segment.text, in_html)
        tag = tags.get(segment.kind)
        parts.append(Markup(f"<{tag}>{html}</{tag}>") if tag else html)  # noqa: S704 - escaped by `source`
    return Markup("").join(parts)
