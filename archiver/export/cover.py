"""The cover of a book: its title and author as a drawing, in whatever font the reader of books has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 600, 800
"""Pixels, as 3 to 4: what shelves of e-readers show whole."""

_LONGEST = 20
"""Columns of a line of the title; a Chinese character takes two, a capital one and a half."""
_MOST = 6
"""Lines of the title."""
_SIZE = 50
_LEADING = 70
_FAMILY = "'Noto Serif CJK SC','Source Han Serif SC','Songti SC',serif"


def draw(title: str, author: str, years: str) -> str:
    """Return the cover as SVG."""
    middle = WIDTH // 2
    lines = _lines(title)
    first = HEIGHT * 2 // 5 - (len(lines) - 1) * _LEADING // 2
    texts = [
        *(_text(middle, first + index * _LEADING, _SIZE, line) for index, line in enumerate(lines)),
        _text(middle, HEIGHT - 140, 32, _cut(author)),
        _text(middle, HEIGHT - 90, 26, years),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfaf6"/>\n'
        f'<rect width="{WIDTH}" height="24" fill="#20446b"/>\n'
        f'<rect x="{middle - 60}" y="{HEIGHT - 210}" width="120" height="3" fill="#20446b"/>\n'
        f'<g font-family="{_FAMILY}" fill="#222">\n' + "\n".join(texts) + "\n</g>\n</svg>\n"
    )


def _text(x: int, y: int, size: int, text: str) -> str:
    # MuPDF takes `text-anchor` from the text itself alone, not from what is around it.
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle">{escape(text)}</text>'


def _cut(text: str) -> str:
    lines = _lines(text)
    return f"{lines[0]}…" if len(lines) > 1 else text.strip()


def _lines(text: str) -> Sequence[str]:
    """Break a title into lines, at spaces where a word would be cut."""
    lines, line = [""], 0.0
    for word in _words(text):
        width = sum(1.5 if sign.isupper() else _width(sign) for sign in word)
        if line + width > _LONGEST and line:
            lines.append("")
            line = 0.0
        lines[-1] += word
        line += width
    stripped = [one.strip() for one in lines if one.strip()]
    return stripped if len(stripped) <= _MOST else [*stripped[: _MOST - 1], stripped[_MOST - 1] + "…"]


def _words(text: str) -> Sequence[str]:
    """Return what must not be broken: alphabetic words with the space after them, and every wide character."""
    words = [""]
    for sign in text:
        narrow = _width(sign) == 1
        if not narrow or not words[-1] or _width(words[-1][-1]) == 2 or words[-1][-1] == " ":
            words.append("")
        if len(words[-1]) >= _LONGEST:
            words.append("")
        words[-1] += sign
    return words


def _width(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WFA" else 1
