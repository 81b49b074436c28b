r"""Renders the inside of a paragraph, heading or cell as Markdown.

A paragraph is a list of parts. Prose is escaped only where CommonMark (with GFM tables and strikethrough) would misread
it; formulas stay as they are. A bracket of prose is never escaped as `\[`, which opens a formula for MathJax.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from archiver.text import tex


class InlineKind(Enum):
    """What a part of a paragraph is."""

    TEXT = auto()
    """Prose as read on the page."""
    INLINE = auto()
    """Source of an inline formula."""
    DISPLAY = auto()
    """Source of a formula on its own line."""
    CODE = auto()
    """Inline code, as it is."""
    RAW = auto()
    """Finished Markdown: a picture, an address."""
    NOTE = auto()
    """The mark that a footnote begins with; what follows begins a block."""
    BREAK = auto()
    """A line break the reader sees."""
    OPEN = auto()
    """Start of a mark; the value is its tag, or `a`."""
    CLOSE = auto()
    """End of a mark; the value is its tag, or for a link `](url)`."""


Part = tuple[InlineKind, str]
"""One part of a paragraph and its value."""


class Layout(NamedTuple):
    """How lines end where the paragraph is."""

    newline: str
    hard: str


PARAGRAPH = Layout("\n", "  \n")
HEADING = Layout(" ", " ")
CELL = Layout(" ", "<br>")

_STARS = {"strong": "**", "em": "*", "del": "~~"}
_WORD = re.compile(r"[^\W_]")
_BRACKETS = re.compile(r"([\[\]])")
_BRACKET_ENTITIES = {"[": "&#91;", "]": "&#93;"}
_SPACE = " \t\n"
# Every alternative begins with a letter of its own: only then does `re` look for those letters before trying anything.
_SPECIAL = re.compile(
    r"""\\(?: (?=[!-/:-@\[-`{-~\n] | begin\{ | \Z) | (?<=\\\\) )  # escapes what follows, or opens a formula
    | ` | ~ | \$
    | \*(?: (?<!\ \*) | (?!\ ) )            # alone between spaces it is a plain star
    | _(?: (?<![^\W_]_) | (?![^\W_]) )      # inside a word it is a plain underscore
    | <(?=[A-Za-z/!?])                      # a tag or an address
    | &(?=\#?\w{1,31};)                     # an entity
    | \](?=\()                              # a link
    """,
    re.VERBOSE,
)
_STARTERS = frozenset("#-+>=:|[0123456789")
_LINE_START = re.compile(
    r"""^(?: (?=\#{1,6}(?:\s|\Z))       # heading
    | (?=[-+](?:\s|\Z)) | (?=>)        # list, quote
    | (?=:[ ]{3})                      # definition of a term
    | (?==+\s*$) | (?=[-:|][-:|\s]*$)  # underline of a heading, rule of a table
    | (\d{1,9})(?=[.)](?:\s|\Z))       # numbered list
    | (\[[^\[\]\n]*)(?=\]:)            # definition of a link
    )""",
    re.VERBOSE | re.MULTILINE,
)
_IN_LABEL = re.compile(r"[\\`*_~$<>]|&(?=#?\w{1,31};)")
_RULE = re.compile(r"\n(?=[ \t]*[|:\-][|:\- \t]+(?:\n|\Z))")  # before a line that is a table's second
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_LINES = re.compile(r"\s*\n[ \t\n]*")  # a line of exotic white space after a raw tag would begin an HTML block


def escape(text: str, *, line_start: bool = False) -> str:
    """Return prose as Markdown. `line_start` says that the text begins a line; its later lines do anyway."""
    text = _SPECIAL.sub(_escaped, text)
    if "\n" not in text and not (line_start and text[:1] in _STARTERS):
        return text
    head, newline, rest = text.partition("\n")
    if newline:
        rest = _LINE_START.sub(_escape_start, rest)
    if line_start and head[:1] in _STARTERS:
        head = _LINE_START.sub(_escape_start, head)
    return head + newline + rest


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _escape_start(found: re.Match[str]) -> str:
    return f"{found[1] or found[2] or ''}\\"


def label(text: str) -> str:
    """Return an attribute's text for use between square brackets, on one line and without formulas."""
    text = " ".join(text.split())
    escaped = _IN_LABEL.sub(r"\\\g<0>", text)
    return escaped if _balanced(text) else escaped.replace("[", "&#91;").replace("]", "&#93;")


def destination(url: str) -> str:
    """Return a URL as the target of a Markdown link."""
    url = url.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{url}>" if re.search(r"[()\s]", url) else url


def plain(text: str) -> str:
    """Return a line of plain text with formulas as Markdown."""
    pieces, at = list[str](), 0
    for span in tex.scan(text).spans:
        pieces += [_SIGNS.sub(r"\\\1", text[at : span.start]), text[span.start : span.end]]
        at = span.end
    return "".join([*pieces, _SIGNS.sub(r"\\\1", text[at:])])


_SIGNS = re.compile(r"([\\\[\]*_`<])")


def longest_backticks(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0) if "`" in text else 0


def code_span(text: str) -> str:
    """Return inline code; a newline in it reads as a space."""
    text = text.replace("\n", " ")
    fence = "`" * (longest_backticks(text) + 1)
    padded = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip(" "))
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def render(parts: list[Part], layout: Layout = PARAGRAPH) -> str:
    """Return the Markdown of a paragraph, without white space at its ends.

    Every OPEN needs its CLOSE. Marks around nothing are left out.
    """
    if len(parts) == 1 and parts[0][0] is InlineKind.TEXT and (text := _alone(parts[0][1], layout)) is not None:
        return text
    line = _Line(layout)
    for kind, value in parts:
        line.add(kind, value)
    return line.finish()


def _alone(text: str, layout: Layout) -> str | None:
    """Return the Markdown of prose with nothing around it, None where something in it could be a formula's."""
    if "$" in text or "\\" in text:
        return None
    if text.isspace():
        return ""
    if "\n" in text:
        text = _LINES.sub("\n", text).strip(_SPACE).replace("\n", layout.newline)
    return escape(text.strip(_SPACE), line_start=layout is PARAGRAPH)


_NO_GAP, _BLANK, _NEWLINE, _HARD = range(4)


class _Line:
    """A paragraph under way.

    White space is held back until something visible follows, so that it never is at the inner edge of a mark, where
    CommonMark would not take the mark for one.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._gaps = ("", " ", layout.newline, layout.hard)
        self._gap = _NO_GAP
        self._displayed = False
        self._out: list[str] = []
        self._begun = 0  # the position in `_out` at which a block begins
        self._waiting: list[str] = []  # marks that begin with the next visible part
        self._open: list[tuple[str, int]] = []  # marks and their places in `_out`
        self._pairs: list[tuple[int, int, str]] = []
        self._texts: list[str] = []  # prose of neighbouring tags, which is read as one
        self._code = (-2, "")  # the place in `_out` of the last inline code, and its text
        self._formulas: list[str] = []
        self._strays: list[int] = []  # places in `_out` of prose with openers of formulas

    def add(self, kind: InlineKind, value: str) -> None:
        if kind is InlineKind.TEXT:
            self._texts.append(value)
            return
        if self._texts:
            self._end_text()
        if kind is InlineKind.INLINE or kind is InlineKind.DISPLAY:
            if "\n" in value:
                value = self._fitted(value, kind)
            self._formulas.append(value)
            self._put(value, display=kind is InlineKind.DISPLAY)
        elif kind is InlineKind.BREAK:
            self._gap = _HARD
        elif kind is InlineKind.OPEN:
            self._waiting.append(value)
        elif kind is InlineKind.CLOSE:
            self._close(value)
        elif kind is InlineKind.RAW:
            self._put(value)
        elif kind is InlineKind.NOTE:
            self._put(value)
            self._begun = len(self._out)
        else:
            self._put_code(value)

    def _fitted(self, formula: str, kind: InlineKind) -> str:
        """Return a formula of several lines as it can stand here.

        No heading can hold a newline, and a paragraph ends on an empty line, but for a displayed formula, and on what
        makes a table of the line before.
        """
        if self._layout is not PARAGRAPH:
            return _LINES.sub(self._layout.newline, formula)
        fitted = formula if kind is InlineKind.DISPLAY else _EMPTY_LINES.sub("\n", formula)
        return fitted if "%" in formula else _RULE.sub(" ", fitted)

    def finish(self) -> str:
        self._end_text()
        for start, end, tag in sorted(self._pairs):
            self._out[start], self._out[end] = self._markers(start, end, tag)
        text = "".join(self._out)
        return self._with_bare_openers(text) if self._strays else text

    def _end_text(self) -> None:
        if self._texts:
            self._text("".join(self._texts))
            self._texts.clear()

    def _put_code(self, text: str) -> None:
        """Add inline code. Two adjacent spans would be read as one with backticks in it."""
        place, before = self._code
        if place == len(self._out) - 1 and not self._waiting and self._gap == _NO_GAP:
            text = before + text
            self._out.pop()
        self._put(code_span(text))
        self._code = (len(self._out) - 1, text)

    def _with_bare_openers(self, escaped: str) -> str:
        """Return the paragraph with unclosed openers unescaped, if no reader would take one for a formula's."""
        out = self._out.copy()
        for place in self._strays:
            out[place] = out[place].replace("\\$", "$").replace("\\\\begin{", "\\begin{")
        bare = "".join(out)
        found = tex.scan(bare, markdown=True)
        return bare if found.sources(bare) == self._formulas and not found.reaching(bare) else escaped

    def _text(self, value: str) -> None:
        if value.isspace():
            self._widen(value)
            return
        if "\n" in value:
            value = _LINES.sub("\n", value)
        core = value.lstrip(_SPACE)
        if len(core) < len(value):
            self._widen(value[: len(value) - len(core)])
        value, core = core, core.rstrip(_SPACE)
        begins = not self._waiting and (self._gap >= _NEWLINE or self._displayed or len(self._out) == self._begun)
        if "\n" in core:
            core = core.replace("\n", self._layout.newline)
        begins = begins and self._layout is PARAGRAPH
        if (self._open or self._waiting) and self._in_link() and not _is_label(core):
            first, *rest = _BRACKETS.split(core)
            others = (_BRACKET_ENTITIES.get(piece) or escape(piece) for piece in rest)
            self._put(escape(first, line_start=begins) + "".join(others))
        else:
            self._put(escape(core, line_start=begins))
        if "$" in core or "\\begin{" in core:
            self._strays.append(len(self._out) - 1)
        if len(core) < len(value):
            self._widen(value[len(value.rstrip(_SPACE)) :])

    def _in_link(self) -> bool:
        return "a" in self._waiting or any(tag == "a" for tag, _ in self._open)

    def _widen(self, space: str) -> None:
        self._gap = max(self._gap, _NEWLINE if "\n" in space else _BLANK)

    def _put(self, value: str, *, display: bool = False) -> None:
        gap = _NEWLINE if display or self._displayed else self._gap
        if gap and self._out:
            self._out.append(self._gaps[gap])
        self._gap, self._displayed = _NO_GAP, display
        if self._waiting:
            for tag in self._waiting:
                self._begin(tag)
            self._waiting.clear()
        self._out.append(value)

    def _begin(self, tag: str) -> None:
        if tag == "a" and self._out and self._out[-1].endswith("!"):
            self._out[-1] = self._out[-1][:-1] + "\\!"
        self._open.append((tag, len(self._out)))
        self._out.append("[" if tag == "a" else "" if tag in _STARS else f"<{tag}>")

    def _close(self, value: str) -> None:
        if self._waiting:
            self._waiting.pop()
            return
        tag, start = self._open.pop()
        if tag in _STARS:
            self._pairs.append((start, len(self._out), tag))
            self._out.append("")
        else:
            self._out.append(value if tag == "a" else f"</{tag}>")

    def _markers(self, start: int, end: int, tag: str) -> tuple[str, str]:
        """Return stars, or raw tags where CommonMark's rules on neighbours would not let the stars close.

        Pairs are settled in the order they begin; a place still empty will hold a star or a tag, both punctuation.
        """
        star = _STARS[tag]
        before = self._out[start - 1][-1:] if start else " "
        after = self._out[end + 1][:1] or "<" if end + 1 < len(self._out) else " "
        first, last = self._out[start + 1][:1] or "<", self._out[end - 1][-1:] or ">"
        apart = star[0] not in (before, after)
        if apart and _flanks(first, before) and _flanks(last, after):
            return star, star
        return f"<{tag}>", f"</{tag}>"


def _flanks(inside: str, outside: str) -> bool:
    """Return whether a star between these characters belongs to the inner one (CommonMark 0.31, section 6.2)."""
    return not inside.isspace() and (_WORD.match(inside) is not None or _WORD.match(outside) is None)


def _is_label(text: str) -> bool:
    """Return whether text can be a link's text without escaping the brackets in it."""
    return "](" not in text and "]:" not in text and _balanced(text)


def _balanced(text: str) -> bool:
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket == "[" else -1
        if depth < 0:
            return False
    return depth == 0
