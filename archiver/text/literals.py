"""Reads the objects that a script's source writes out, without running anything.

Pages configure MathJax and KaTeX by object literals of JavaScript. They are JSON with other quotes, bare names,
comments and trailing commas; whatever else is in place of a value (a function, a variable, a sum) is stepped
over and read as None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Literal = dict[str, "Literal"] | list["Literal"] | str | float | bool | None
"""What can be read of a value."""

MAX_DEPTH = 30
"""How deep objects and lists may be nested; deeper ones read as None."""

_STRING = r""""(?:\\[\s\S]|[^"\\\n])*+"|'(?:\\[\s\S]|[^'\\\n])*+'|`(?:\\[\s\S]|[^`\\])*+`"""
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*+|/\*[\s\S]*?(?:\*/|\Z)|<!--[^\n]*+")
_SUM = re.compile(rf"(?:{_STRING})(?:\s*\+\s*(?:{_STRING}))*+")
_TOKEN = re.compile(rf"\s*(?:({_STRING})|([A-Za-z_$][\w$]*+)|([+-]?(?:\d[\w.]*+|\.\d\w*+))|([\s\S]))")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|([\s\S]))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_WORDS: dict[str, Literal] = {"true": True, "false": False}
_CLOSERS = {"{": "}", "[": "]", "(": ")"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def uncommented(source: str) -> str:
    """Return a script without its comments."""
    return _COMMENT.sub(lambda found: found[1] or " ", source)


def strings(source: str) -> Iterator[str]:
    """Yield the values of a script's strings, concatenated ones as one."""
    for found in _SUM.finditer(source):
        yield "".join(_unescaped(piece[1:-1]) for piece in re.findall(_STRING, found[0]))


def read(source: str, start: int = 0) -> Literal:
    """Return the value written out at an offset of a script, whatever follows it."""
    return _Reader(source, start).value(0)


class _Reader:
    """Steps through the tokens of a script once, from left to right."""

    def __init__(self, source: str, start: int) -> None:
        self._source = source
        self._at = start

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._source, self._at)

    def _sign(self) -> str | None:
        """Return the next punctuation mark, empty before a string, name or number, None at the end."""
        token = self._peek()
        return (token[4] or "") if token else None

    def _take(self) -> re.Match[str] | None:
        if token := self._peek():
            self._at = token.end()
        return token

    def value(self, depth: int) -> Literal:
        """Read a value up to the comma or bracket that ends it."""
        token = self._peek()
        if token is None:
            return None
        found: Literal = None
        if token[4] in ("{", "[") and depth < MAX_DEPTH:
            self._take()
            found = self._object(depth + 1) if token[4] == "{" else self._list(depth + 1)
        elif token[1]:
            found = self._text()
        elif token[2] in _WORDS or token[3]:
            self._take()
            found = _WORDS[token[2]] if token[2] else _number(token[3])
        return found if self._skip() else None

    def _text(self) -> str:
        """Read a string, or several that are concatenated."""
        text = ""
        while (token := self._peek()) and token[1]:
            self._take()
            text += _unescaped(token[1][1:-1])
            if self._sign() == "+":
                self._take()
        return text

    def _skip(self) -> bool:
        """Step to what ends a value; return whether nothing was in between."""
        direct = True
        open_brackets: list[str] = []
        while (token := self._peek()) is not None:
            sign = token[4] or ""
            if not open_brackets and sign in (",", "}", "]", ")", ";"):
                break
            if sign in _CLOSERS:
                open_brackets.append(_CLOSERS[sign])
            elif open_brackets and sign == open_brackets[-1]:
                open_brackets.pop()
            direct = direct and not token[0].strip()
            self._take()
        return direct

    def _object(self, depth: int) -> dict[str, Literal]:
        found: dict[str, Literal] = {}
        while (token := self._take()) is not None and token[4] != "}":
            name = _unescaped(token[1][1:-1]) if token[1] else token[2] or token[3]
            if name and self._sign() == ":":
                self._take()
                found[name] = self.value(depth)
            elif token[4] != ",":
                self._skip()
        return found

    def _list(self, depth: int) -> list[Literal]:
        found: list[Literal] = []
        while (sign := self._sign()) is not None and sign != "]":
            before = self._at
            if sign != ",":
                found.append(self.value(depth))
            if self._sign() == "," or self._at == before:
                self._take()
        self._take()
        return found


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    if code := found[1] or found[2] or found[3]:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"
    return "" if found[4] else _LETTERS.get(found[5], found[5])


def _number(written: str) -> float | None:
    found = _NUMBER.fullmatch(written)
    return float(found[0]) if found else None
