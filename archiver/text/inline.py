r"""Renders the inside of a paragraph, heading or cell as Markdown.

A paragraph is a list of parts. Prose is escaped only where CommonMark (with GFM tables and strikethrough) would misread
it; formulas stand as they are. A bracket of prose is never escaped as `\[`, which opens a formula for MathJax, unless
it would otherwise end a link's text.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a part of a paragraph is."""

    TEXT = auto()
    """Prose as read on the page."""
    INLINE = auto()
    """Source of a formula in the line."""
    DISPLAY = auto()
    """Source of a formula on its own line."""
    RAW = auto()
    """Finished Markdown: code, a picture, an address."""
    BREAK = auto()
    """A line break the reader sees."""
    OPEN = auto()
    """Start of a mark; the value is its tag, or `a`."""
    CLOSE = auto()
    """End of a mark; the value is its tag, or for a link `](url)`."""


class Part(NamedTuple):
    """One part of a paragraph."""

    kind: Kind
    value: str = ""


class Layout(NamedTuple):
    """How lines end where the paragraph stands."""

    newline: str
    hard: str


PARAGRAPH = Layout("\n", "  \n")
HEADING = Layout(" ", " ")
CELL = Layout(" ", "<br>")

_STARS = {"strong": "**", "em": "*", "del": "~~"}
_PUNCTUATION = re.compile(r"[\W_]")
_SPACE = " \t\n"
_SPECIAL = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~\n]|\Z)      # escapes what follows
    | [`~$]
    | (?<!\ )\* | \*(?!\ )             # alone between blanks it is a plain star
    | (?<![^\W_])_ | _(?![^\W_])       # inside a word it is a plain underscore
    | <(?=[A-Za-z/!?])                 # a tag or an address
    | &(?=\#?\w{1,31};)                # an entity
    | \](?=\()                         # a link
    """,
    re.VERBOSE,
)
_LINE_START = re.compile(
    r"""^(?: (?=\#{1,6}(?:\s|\Z))       # heading
    | (?=[-+](?:\s|\Z)) | (?=>)        # list, quote
    | (?==+\s*$) | (?=[-:|][-:|\s]*$)  # underline of a heading, rule of a table
    | (\d{1,9})(?=[.)](?:\s|\Z))       # numbered list
    | (\[[^\[\]\n]*)(?=\]:)            # definition of a link
    )""",
    re.VERBOSE | re.MULTILINE,
)
_LINES = re.compile(r"[ \t]*\n[ \t\n]*")


def escape(text: str, *, line_start: bool = False) -> str:
    """Return prose as Markdown. `line_start` says that the text begins a line; its later lines do anyway."""
    text = _SPECIAL.sub(r"\\\g<0>", text)
    if line_start:
        return _LINE_START.sub(_escape_start, text)
    head, newline, rest = text.partition("\n")
    return head + newline + _LINE_START.sub(_escape_start, rest) if newline else text


def _escape_start(found: re.Match[str]) -> str:
    return f"{found[1] or found[2] or ''}\\"


def label(text: str) -> str:
    """Return an attribute's text for use between square brackets, on one line and without formulas."""
    text = re.sub(r"[\\`*_~$<>\[\]&!]", r"\\\g<0>", " ".join(text.split()))
    return text.replace(r"\[", "&#91;").replace(r"\]", "&#93;") if r"\[" in text else text


def destination(url: str) -> str:
    """Return a URL as the target of a Markdown link."""
    url = url.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{url}>" if re.search(r"[()\s]", url) else url


def code_span(text: str) -> str:
    """Return inline code; a newline in it reads as a blank."""
    text = text.replace("\n", " ")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padded = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip(" "))
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def render(parts: list[Part], layout: Layout = PARAGRAPH) -> str:
    """Return the Markdown of a paragraph, without white space at its ends.

    Every OPEN needs its CLOSE. Marks around nothing are left out.
    """
    if len(parts) == 1 and parts[0].kind is Kind.DISPLAY:
        return layout.newline.join(parts[0].value.split("\n"))
    line = _Line(layout)
    for kind, value in parts:
        line.add(kind, value)
    return line.finish()


_NO_GAP, _BLANK, _NEWLINE, _HARD = range(4)


class _Line:
    """A paragraph under way.

    White space is held back until something visible follows, so that it never stands at the inner edge of a mark, where
    CommonMark would not take the mark for one.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._gaps = ("", " ", layout.newline, layout.hard)
        self._gap = _NO_GAP
        self._displayed = False
        self._out: list[str] = []
        self._open: list[tuple[str, int]] = []  # mark and its place in `_out`
        self._waiting: list[str] = []
        self._pairs: list[tuple[int, int, str]] = []
        self._stray_dollar = False

    def add(self, kind: Kind, value: str) -> None:
        if kind is Kind.TEXT:
            self._text(value)
        elif kind is Kind.BREAK:
            self._gap = _HARD
        elif kind is Kind.OPEN:
            self._waiting.append(value)
        elif kind is Kind.CLOSE:
            self._close(value)
        else:
            self._put(self._one_line(value), display=kind is Kind.DISPLAY)

    def finish(self) -> str:
        for start, end, tag in sorted(self._pairs):
            self._out[start], self._out[end] = self._markers(start, end, tag)
        text = "".join(self._out)
        return _bare_last_dollar(text) if self._stray_dollar else text

    def _one_line(self, value: str) -> str:
        return value if self._layout is PARAGRAPH or "\n" not in value else value.replace("\n", self._layout.newline)

    def _text(self, value: str) -> None:
        core = value.strip(_SPACE)
        if not core:
            self._widen(value)
            return
        start = value.index(core[0])
        self._widen(value[:start])
        begins = not self._waiting and (not self._out or self._displayed or self._gap >= _NEWLINE)
        if "\n" in core:
            core = _LINES.sub(self._layout.newline, core)
        if "$" in core:
            self._stray_dollar = True
        if any(tag == "a" for tag, _ in self._open) or "a" in self._waiting:
            core = _balanced(core)
        self._put(escape(core, line_start=begins and self._layout is PARAGRAPH))
        self._widen(value[start + len(value[start:].rstrip(_SPACE)) :])

    def _widen(self, space: str) -> None:
        if space:
            self._gap = max(self._gap, _NEWLINE if "\n" in space else _BLANK)

    def _put(self, value: str, *, display: bool = False) -> None:
        if self._out:
            self._out.append(self._gaps[_NEWLINE if display or self._displayed else self._gap])
        self._gap, self._displayed = _NO_GAP, display
        for tag in self._waiting:
            self._begin(tag)
        self._waiting.clear()
        self._out.append(value)

    def _begin(self, tag: str) -> None:
        if tag == "a" and self._out and self._out[-1].endswith("!"):
            self._out[-1] = self._out[-1][:-1] + "\\!"
        self._open.append((tag, len(self._out)))
        self._out.append("[" if tag == "a" else "" if tag in _STARS else f"<{tag}>")
