r"""Finds formulas in text as MathJax 2.7.9 finds them in the blog's pages.

MathJax's `tex2jax` extension searches the text of a page for openers, then for the matching closer outside braces. If
all are inside, because of one brace too many, the next of them closes (`prevEndMatch` there). The blog configures
`inlineMath: [['$','$'], ['\\(','\\)']]` and leaves the rest at its defaults, so formulas are

* inline: `$..$` and `\(..\)`,
* displayed: `$$..$$`, `\[..\]` and every `\begin{name}..\end{name}` outside another formula (`processEnvironments`).

Where that leaves a choice, this module decides:

* `processEscapes` is off by default and the blog does not set it: in a page `\$` opens a formula like `$` does. Inside
  a formula `\$` is a character of its own and closes nothing. In Markdown, however, `\$` is a plain dollar sign.
* `\\` is stepped over, so that the `\[` of a line break with a gap (`\\[4pt]`) opens nothing.
* `\ref{..}` and `\eqref{..}` outside formulas become links when MathJax runs. Here they stay text.
* Environments nested in one of the same name are counted; tex2jax would stop at the first `\end`.
* An opener whose closer never comes is text (tex2jax searches on after it) and is reported.

Every search takes time linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from archiver.items import SERVED, Formula


class Span(NamedTuple):
    """Where a formula is: `text[start:end]` is its exact source with delimiters."""

    start: int
    end: int
    display: bool
    environment: str | None


class Scan(NamedTuple):
    """What a text holds, in order."""

    spans: list[Span]
    unclosed: list[int]
    """Offsets of openers without an end."""

    def sources(self, text: str) -> list[str]:
        """Return the formulas of the text that was searched."""
        return [text[start:end] for start, end, _, _ in self.spans]

    def reaching(self, text: str) -> list[int]:
        """Return the offsets of displayed openers at the beginning of a line, whose ends may be in later blocks.

        In Markdown such formulas may hold empty lines; only marks are before them.
        """
        return [
            offset
            for offset in self.unclosed
            if text.startswith(_DISPLAYED, offset) and _MARKS.fullmatch(text, text.rfind("\n", 0, offset) + 1, offset)
        ]


_USUAL = 5000  # characters of a stretch; the longest real one has 4,400
_DISPLAYED = ("$$", r"\[", r"\begin")
_MARKS = re.compile(r"(?:[*~\[]|<[a-z]+>)*+")
_NAME = r"[^{}\\$\n]{0,40}"  # amsmath's longest environment has 11 letters; without a bound the search is not linear
_DEPTH = 8  # levels of braces the fast pattern follows; deeper formulas are left to `pairs`


def _braces(step: str) -> str:
    """Return a pattern of a balanced group. It never backtracks."""
    group = rf"\{{(?:[^\\{{}}]++|{step})*+\}}"
    for _ in range(_DEPTH):
        group = rf"\{{(?:[^\\{{}}]++|{step}|{group})*+\}}"
    return group


def _between(opener: str, plain: str, step: str, closer: str) -> str:
    return rf"{opener}(?:{plain}++|{step}|{_braces(step)})*+{closer}"


def _formula(skipped: str) -> re.Pattern[str]:
    """Return a pattern of one formula, of something to step over, or of an opener without a plain formula after it.

    Every alternative begins with a letter of its own and says what it is by an empty group at its end: only then does
    `re` look for those letters before trying anything.
    """
    same = r"\\(?!(?:begin|end)\{(?P=name)\})[\s\S]"
    kinds = {
        "inline": _between(r"\$(?!\$)", r"[^\\{}$]", r"\\[\s\S]", r"\$"),
        "environment": _between(rf"\\begin\{{(?P<name>{_NAME})\}}", r"[^\\{}]", same, r"\\end\{(?P=name)\}"),
        "double": _between(r"\$\$", r"(?:[^\\{}$]|\$(?!\$))", r"\\[\s\S]", r"\$\$"),
        "brackets": _between(r"\\\[", r"[^\\{}]", r"\\(?!\])[\s\S]", r"\\\]"),
        "parentheses": _between(r"\\\(", r"[^\\{}]", r"\\(?!\))[\s\S]", r"\\\)"),
        "odd_dollar": r"\$",
        "odd_slash": rf"\\(?:[(\[]|begin\{{{_NAME}\}})",
    }
    named = [f"{pattern}(?P<{name}>)" for name, pattern in kinds.items()]
    return re.compile("|".join([skipped, *named]))


_OPENER = rf"\$\$?|\\[(\[]|\\begin\{{({_NAME})\}}"
_CODE = r"`(?P<ticks>`*+)[\s\S]*?(?<!`)`(?P=ticks)(?!`)"
_REFERENCE = r"\\(?:eq)?ref\{[^{}]{0,200}\}"
_SKIPPED = {False: rf"\\\\|{_REFERENCE}", True: rf"\\[\\$`]|{_CODE}|{_REFERENCE}"}  # by `markdown`
_FORMULA = {markdown: _formula(skipped) for markdown, skipped in _SKIPPED.items()}
_OPENING = {markdown: re.compile(rf"(?P<skip>{skipped})|{_OPENER}") for markdown, skipped in _SKIPPED.items()}
_DISPLAY = {"inline": False, "parentheses": False, "environment": True, "double": True, "brackets": True}
_ODD = frozenset({"odd_dollar", "odd_slash"})
_TOKEN = re.compile(rf"[{{}}$]|\\(?:(begin|end)\{{({_NAME})\}}|[\s\S])")


def is_formula(text: str) -> bool:
    """Return whether a text is one formula, from its opener to its closer."""
    return [span[:2] for span in scan(text).spans] == [(0, len(text))]


def stretch(text: str) -> Scan:
    """Find the formulas of a stretch of page text as `scan` does; what is found is not to be changed.

    The readers of a page ask for the same stretches one after the other, so those of usual length are remembered.
    """
    return _remembered(text) if len(text) <= _USUAL else scan(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> Scan:
    return scan(text)


def scan(text: str, *, markdown: bool = False) -> Scan:
    """Find the formulas of one stretch of text, in page text or (`markdown=True`) in Markdown."""
    found = Scan([], [])
    if "$" not in text and "\\" not in text:
        return found
    for match in _FORMULA[markdown].finditer(text):
        kind = match.lastgroup
        if kind in _DISPLAY:
            found.spans.append(Span(*match.span(), _DISPLAY[kind], match["name"]))
        elif kind in _ODD:
            _scan_exactly(text, match.start(), markdown, found)
            break
    return found


def _scan_exactly(text: str, position: int, markdown: bool, found: Scan) -> None:
    """Continue from an opener for which the pattern found no simple end, with every end looked up beforehand."""
    ends = pairs(text)
    search = _OPENING[markdown].search
    while match := search(text, position):
        start, position = match.span()
        if match["skip"]:
            continue
        if end := ends.get(start):
            found.spans.append(_span(match, end))
            position = end
        else:
            found.unclosed.append(start)


def _span(opener: re.Match[str], end: int) -> Span:
    return Span(opener.start(), end, opener[0] not in ("$", r"\("), opener[opener.re.groups])


class Finder:
    """Answers for single offsets of Markdown, for readers that step through it themselves."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends: dict[int, int] | None = None

    def at(self, offset: int) -> Span | None:
        """Return the formula that starts exactly here."""
        match = _FORMULA[True].match(self.text, offset)
        kind = match.lastgroup if match else None
        if match and kind in _DISPLAY:
            return Span(offset, match.end(), _DISPLAY[kind], match["name"])
        if match is None or kind not in _ODD:
            return None
        if self._ends is None:
            self._ends = pairs(self.text)
        end = self._ends.get(offset)
        opener = _OPENING[True].match(self.text, offset)
        return _span(opener, end) if end and opener else None


class _Token(NamedTuple):
    start: int
    end: int
    kind: str
    r"""`$`, an opener (`\(`, `\[`, `begin name`) or a closer under its opener's kind with `end` before it."""
    brace: int
    """Offset of the innermost brace that is open here, or -1."""


_KINDS = {r"\(": r"\(", r"\)": r"end \(", r"\[": r"\[", r"\]": r"end \["}


class _Closers:
    """The closers of one kind to the right of a search that runs from the right, the nearest last."""

    def __init__(self) -> None:
        self._all: list[_Token] = []
        self._outside: list[_Token] = []  # those not known to be hidden by braces

    def add(self, closer: _Token) -> None:
        self._all.append(closer)
        self._outside.append(closer)

    def nearest(self, opener: int) -> _Token | None:
        """Return the next closer outside braces opened since, or else the next one of all.

        Seen from the right, a closer hidden from one opener is hidden from all further left, so each is dropped once.
        """
        while self._outside and self._outside[-1].brace > opener:
            self._outside.pop()
        found = self._outside or self._all
        return found[-1] if found else None

    def take(self, offset: int) -> _Token | None:
        """Remove the closers that begin up to an offset, and return one of them."""
        taken = None
        for known in (self._all, self._outside):
            while known and known[-1].start <= offset:
                taken = known.pop()
        return taken


def pairs(text: str) -> dict[int, int]:
    """Map the offset of every opener that has an end to the offset after that end."""
    ends: dict[int, int] = {}
    closers: defaultdict[str, _Closers] = defaultdict(_Closers)
    for token in reversed(list(_tokens(text))):
        if token.kind.startswith("end "):
            closers[token.kind[4:]].add(token)
        elif "$" in token.kind:
            _pair_dollars(text, token, closers["$"], closers["$$"], ends)
        elif closer := closers[token.kind].nearest(token.start):
            ends[token.start] = closer.end
            if token.kind.startswith("begin"):
                closers[token.kind].take(closer.start)
    return ends


def _pair_dollars(text: str, token: _Token, single: _Closers, double: _Closers, ends: dict[int, int]) -> None:
    start = token.end - 1
    pair = text.startswith("$", token.end)
    overlapping = double.take(token.end) if pair else None
    if closer := (double if pair else single).nearest(start):
        ends[start] = closer.end
    if overlapping:
        double.add(overlapping)
    if token.kind == "$":  # not escaped: a closer too
        single.add(token)
        if pair:
            double.add(token._replace(end=token.end + 1))


def _tokens(text: str) -> Iterator[_Token]:
    braces: list[int] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        kind = match[0]
        if kind == "{":
            braces.append(start)
        elif kind == "}":
            if braces:
                braces.pop()
        else:
            inside = braces[-1] if braces else -1
            if match[1]:
                yield _Token(start, end, f"{'end ' * (match[1] == 'end')}begin {match[2]}", inside)
            elif "$" in kind:
                yield _Token(start, end, kind, inside)
            elif kind in _KINDS:
                yield _Token(start, end, _KINDS[kind], inside)


_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(r"\\tag\*?\s*\{((?:[^{}]|\{[^{}]*\})*+)\}")


_ALONE = re.compile(r"\\begin\{(?:equation|align|alignat|gather|multline|flalign|eqnarray)\*?\}")
"""Environments that LaTeX, too, only allows outside other formulas."""
_WRITTEN = {False: (("$", "$"), (r"\(", r"\)")), True: (("$$", "$$"), (r"\[", r"\]"))}


_ESCAPING = re.compile(r"(?<!\\)(?:\\\\)*\\\s+\Z")


def trimmed(source: str) -> str:
    """Return a formula's source without white space at its ends, save a space that a last backslash makes a command."""
    return f"{source.strip()} " if _ESCAPING.search(source) else source.strip()


def written(source: str, *, display: bool) -> str | None:
    r"""Return a formula's source with delimiters between which `scan` finds it whole, or None where there are none.

    White space at its ends, which means nothing, is left out. `\begin{align}` and its like, displayed, need none.
    """
    source = trimmed(source)
    pairs = (("", ""), *_WRITTEN[True]) if display and _ALONE.match(source) else _WRITTEN[display]
    for opener, closer in pairs:
        text = f"{opener}{source}{closer}"
        if all(scan(text, markdown=markdown).sources(text) == [text] for markdown in (False, True)):
            return text
    return None


def formula(tex: str, position: int, span: Span, *, provenance: str = SERVED, converter: str | None = None) -> Formula:
    """Return the row of a formula whose exact source is `tex`."""
    label = _LABEL.search(tex) if "\\label" in tex else None
    tag = _TAG.search(tex) if "\\tag" in tex else None
    return Formula(
        position=position,
        display=span.display,
        environment=span.environment,
        label=label[1] if label else None,
        tag=tag[1] if tag else None,
        tex=tex,
        provenance=provenance,
        converter=converter,
    )
