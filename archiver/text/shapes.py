r"""A formula as tokens that are equal for equal spellings: `\dfrac ab` and `\frac{a}{b}` give the same ones.

What only looks otherwise is left out or written in one way: spacing, sizes and styles, delimiters, alignment, labels,
colours, the order of scripts, braces that hold nothing together, `\le` and `\leq`, `x'` and `x^{\prime}`; macros are
expanded. What an upright font or `\operatorname` contains is one word, as are the names of functions, with a backslash
or without. A letter in bold, calligraphic or blackboard is a letter of its own: `\mathbf{x}` is one token.

Arguments and scripts are always in braces. Joined by spaces the tokens are TeX again, which has the same tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from archiver.text import macros, spellings
from archiver.text.macros import Macro

LONGEST = 20_000
"""Characters of a formula; a longer one, such as nobody types, has no tokens."""

ANYTHING = "\ue000"
r"""The token for `{*}` in a pattern: whatever is in a group. No formula has it."""

Macros = Mapping[str, Macro]
"""User-defined commands, by name."""

NONE: Macros = MappingProxyType({})
"""No macros."""

_DEEPEST = 40  # groups in groups; TeX that people write has up to ten
_MOST = 20_000  # tokens that macros make of a formula
_PIECE = re.compile(r"\\(?:[A-Za-z]+\*?|[\s\S]?)|%[^\n]*\n?|\s+|[A-Za-z]+|[^\s\\%]")
_ANY_GROUP = re.compile(r"\{\s*\*\s*\}")
_LETTER = re.compile(r"[A-Za-z]|\\math(?:bf|bb|cal|frak)\{\\?[A-Za-z]+\}")
_SIGNS = frozenset("+-()[]<>,.;:!/*|")
"""Characters that are tokens wherever they stand; most are such, letters or blanks."""
_STOPS = frozenset(".,;。，；")


def tokens(tex: str, known: Macros = NONE) -> tuple[str, ...]:
    """Return the tokens of a formula, or of a piece of one; none where it is too long or too deep."""
    return _read(tex.replace(ANYTHING, ""), known)


def pattern(tex: str, known: Macros = NONE) -> tuple[str, ...]:
    """Return the tokens of a pattern to search for, in which `{*}` is `ANYTHING` in braces."""
    return _read(_ANY_GROUP.sub(f"{{{ANYTHING}}}", tex.replace(ANYTHING, "")), known)


def has_placeholder(tex: str) -> bool:
    """Return whether a piece of TeX holds `{*}`."""
    return _ANY_GROUP.search(tex) is not None


def open_braces(tex: str) -> int:
    """Return how many braces of a piece of TeX are never closed."""
    depth = 0
    for piece in _pieces(tex)[::-1]:
        depth = max(depth + (piece == "{") - (piece == "}"), 0)
    return depth


def in_order(formulas: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the tokens of the formulas of one text; what one defines applies to itself and those after it."""
    known: dict[str, Macro] = {}
    for tex in formulas:
        known.update((macro.name, macro) for _, _, macro in macros.found(tex))
        yield tokens(tex, known)


def joined(formulas: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens of the formulas of one text, those of each joined by spaces."""
    return tuple(map(" ".join, in_order(formulas)))


def is_letter(sign: str) -> bool:
    """Return whether a token is a letter, for which another may be used elsewhere."""
    return sign in spellings.GREEK or _LETTER.fullmatch(sign) is not None


def _read(tex: str, known: Macros) -> tuple[str, ...]:
    if len(tex) > LONGEST:
        return ()
    return _cached(tex, tuple(known.values()) if any(name in tex for name in known) else ())


@lru_cache(4096)  # the same few formulas are all over a blog
def _cached(tex: str, known: tuple[Macro, ...]) -> tuple[str, ...]:
    for start, end, _ in reversed(list(macros.found(tex))):
        tex = f"{tex[:start]} {tex[end:]}"
    try:
        found = _flat(_Reader(tex, {macro.name: macro for macro in known}).read())
    except _TooMuchError:
        return ()
    while found and found[-1] in _STOPS:
        found.pop()
    return tuple(found)


class _TooMuchError(Exception):
    """A formula is nested too deep, or its macros expand too far."""


class _Scripts(NamedTuple):
    """The subscript and superscript of what is before them."""

    below: list[_Node]
    above: list[_Node]


_Node = str | _Scripts


def _extend(found: list[_Node], nodes: list[_Node]) -> None:
    """Add to what was read; adjacent scripts belong to one base."""
    if not nodes:
        return
    first, last = nodes[0], found[-1] if found else None
    if isinstance(first, _Scripts) and isinstance(last, _Scripts):
        _extend(last.below, first.below)
        _extend(last.above, first.above)
        found += nodes[1:]
    elif first == "=" and last == r"\not":
        found[-1:] = [r"\ne", *nodes[1:]]
    else:
        found += nodes


def _flat(nodes: Iterable[_Node]) -> list[str]:
    found: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            found.append(node)
        else:
            for sign, inside in (("_", node.below), ("^", node.above)):
                if inside:
                    found += (sign, "{", *_flat(inside), "}")
    return found


def _argument(inside: list[_Node]) -> list[str]:
    return ["{", *_flat(inside), "}"]


def _pieces(tex: str) -> list[str]:
    """Return TeX in pieces, last one first: commands, Latin words, other characters, and a space for white space."""
    found = [" " if piece.isspace() else piece for piece in _PIECE.findall(tex) if piece[0] != "%"]
    return found[::-1]


class _Reader:
    """Reads the tokens of a formula one after the other."""

    def __init__(self, tex: str, known: Macros) -> None:
        self._pieces = _pieces(tex)
        """What is still to be read, the next one last."""
        self._known = known
        self._made = 0
        self._cells = 0
        """Enclosing matrices and the like, in which `&` means something."""

    def read(self) -> list[_Node]:
        found: list[_Node] = []
        while self._pieces:  # a surplus brace ends a group as well
            _extend(found, self._group("", 0))
        return found

    def _next(self) -> str:
        """Take the next token, in its first spelling; a macro is replaced by what it stands for. Empty at the end."""
        while self._pieces:
            piece = self._pieces.pop()
            if piece[0] != "\\":
                return spellings.ALIASES.get(piece, piece)
            if piece[-1] == "*" and len(piece) > len(r"\*") and piece not in spellings.STARRED:
                self._pieces.append("*")
                piece = piece[:-1]
            macro = self._known.get(piece[1:])
            if macro is None:
                return spellings.ALIASES.get(piece, piece)
            self._expand(macro)
        return ""

    def _expand(self, macro: Macro) -> None:
        given = []
        for number in range(macro.parameters):
            bracketed = self._bracketed() if number == 0 and macro.default is not None else None
            if number == 0 and macro.default is not None:
                given.append(_pieces(macro.default) if bracketed is None else bracketed)
            else:
                given.append(self._raw())
        made: list[str] = []
        for piece in _pieces(macro.body):  # last one first: the digit of a parameter comes before its `#`
            if piece == "#" and made and made[-1] in "123456789":
                number = int(made.pop())
                made += given[number - 1] if number <= len(given) else []
            else:
                made.append(piece)
            if len(made) > _MOST:
                raise _TooMuchError
        self._pieces += made
        self._made += 1 + sum(1 if piece[0] == "\\" else len(piece) for piece in made)
        if self._made > _MOST:
            raise _TooMuchError

    def _skip_blanks(self) -> None:
        while self._pieces and self._pieces[-1] == " ":
            self._pieces.pop()

    def _raw(self) -> list[str]:
        """Take an argument as it is, last token first, without its braces."""
        self._skip_blanks()
        if not self._pieces or self._pieces[-1] == "}":
            return []
        return self._up_to("}") if self._pieces[-1] == "{" else [self._first(self._pieces.pop())]

    def _first(self, piece: str) -> str:
        """Return the first letter of a word, the rest of which is still to be read; other pieces as they are."""
        if len(piece) > 1 and piece[0] != "\\":
            self._pieces.append(piece[1:])
            return piece[0]
        return piece

    def _bracketed(self) -> list[str] | None:
        """Take an argument in brackets as it is, last token first; None when there is none."""
        self._skip_blanks()
        return self._up_to("]") if self._pieces and self._pieces[-1] == "[" and "]" in self._pieces else None

    def _up_to(self, closer: str) -> list[str]:
        """Take everything up to a closer outside braces, and drop the opener and the closer."""
        depth = 0
        for at in range(len(self._pieces) - 2, -1, -1):
            piece = self._pieces[at]
            if piece == closer and depth == 0:
                break
            depth += {"{": 1, "}": -1}.get(piece, 0)
        else:
            at = 0
            closer = ""
        taken = self._pieces[at + 1 if closer else 0 : -1]
        del self._pieces[at:]
        return taken

    def _group(self, face: str, depth: int) -> list[_Node]:
        """Read up to the end of a group, and past it."""
        if depth > _DEEPEST:
            raise _TooMuchError
        found: list[_Node] = []
        before: tuple[str, list[_Node]] | None = None
        pieces = self._pieces
        while pieces:
            if pieces[-1] in _SIGNS:
                found.append(pieces.pop())
            elif pieces[-1] == " ":
                pieces.pop()
            elif (sign := self._next()) in ("}", ""):
                break
            elif sign in spellings.INFIX:
                before, found = (spellings.INFIX[sign], found), []
            elif sign in spellings.SWITCHES:
                face = spellings.SWITCHES[sign]
            else:
                _extend(found, self._one(sign, face, depth))
        return found if before is None else [before[0], *_argument(before[1]), *_argument(found)]

    def _argument(self, face: str, depth: int) -> list[_Node]:
        """Read an argument: a group or a single token."""
        while sign := self._next():
            if sign == "}":
                self._pieces.append(sign)
                break
            if sign == "{":
                return self._group(face, depth + 1)
            if sign != " " and sign not in spellings.DROPPED:
                return self._one(self._first(sign), face, depth + 1, alone=True)
        return []

    def _one(self, sign: str, face: str, depth: int, *, alone: bool = False) -> list[_Node]:
        """Read what begins with a token; if `alone`, no more than this character."""
        if depth > _DEEPEST:
            raise _TooMuchError
        if sign == "{":
            return self._group(face, depth + 1)
        if sign in ("_", "^"):
            inside = self._argument(face, depth)
            if not inside:
                return []
            return [_Scripts(inside, []) if sign == "_" else _Scripts([], inside)]
        if sign == "'":
            return [_Scripts([], [r"\prime"])]
        if sign in spellings.DOUBLED:
            return ["|", "|"]
        if sign[0] != "\\":
            return self._plain(sign, face, alone=alone)
        if sign in spellings.ARGUMENTS:
            return self._command(sign, face, depth)
        if sign in spellings.FACES:
            return self._argument(spellings.FACES[sign] or face, depth)
        if sign in (r"\begin", r"\end"):
            return self._environment(sign)
        if sign in spellings.GREEK:
            return [f"\\{face}{{{sign}}}" if face == spellings.BOLD else sign]
        if sign[1:] in spellings.FUNCTIONS:
            return _words(sign[1:])
        if sign in spellings.INFIX or sign in spellings.SWITCHES:  # by itself as an argument
            return []
        return [sign] if not self._drops(sign) else []

    def _command(self, sign: str, face: str, depth: int) -> list[_Node]:
        degree = self._bracketed() if sign in (r"\sqrt", r"\xrightarrow", r"\xleftarrow") else None
        arguments: list[str] = []
        for _ in range(spellings.ARGUMENTS[sign]):
            arguments += _argument(self._argument(face, depth))
        if degree is None or sign != r"\sqrt":
            return [sign, *arguments]
        self._pieces += ["}", *degree]
        return [r"\root", *_argument(self._group(face, depth + 1)), *arguments]

    def _environment(self, sign: str) -> list[_Node]:
        name = "".join(reversed(self._raw())).strip()
        if spellings.ALIGNED.fullmatch(name):
            if name.startswith("aligned" if name.startswith("alignedat") else "alignat") and name != "aligned":
                self._columns(sign)
            return []
        if sign == r"\begin":
            self._cells += 1
            if spellings.COLUMNED.fullmatch(name):
                self._columns(sign)
        else:
            self._cells = max(0, self._cells - 1)
        return [f"{sign}{{{name}}}"] if name.replace("*", "").isalpha() else []

    def _columns(self, sign: str) -> None:
        """Skip an environment's column specification; our own tokens have a space there."""
        if sign == r"\begin":
            if self._pieces and self._pieces[-1] == "[":
                self._bracketed()
            if self._pieces and self._pieces[-1] == "{":
                self._raw()

    def _plain(self, sign: str, face: str, *, alone: bool) -> list[_Node]:
        """Read what is not a command, and the pieces that form one word or number with it."""
        if not sign.isalnum():
            return [] if sign == " " or sign in spellings.DROPPED or (sign == "&" and not self._cells) else [sign]
        run = sign if alone else sign + self._run(sign, face)
        if not face and run not in spellings.FUNCTIONS and _is_latin(run):
            return list(run)
        if run.isdecimal() or run.replace(".", "", 1).isdecimal():
            return [run]
        if face == spellings.UPRIGHT or run in spellings.FUNCTIONS:
            return _words(run)
        return [f"\\{face}{{{each}}}" if face and _is_latin(each) else each for each in run]

    def _run(self, first: str, face: str) -> str:
        """Take the characters that continue a word, a number or a run of letters."""
        found: list[str] = []
        while self._pieces and self._goes_on(first, self._pieces[-1], face, found):
            found.append(self._pieces.pop())
        return "".join(found)

    def _goes_on(self, first: str, piece: str, face: str, found: list[str]) -> bool:
        if first.isdecimal() and face != spellings.UPRIGHT:
            point = piece == "." and "." not in found and len(self._pieces) > 1 and self._pieces[-2].isdecimal()
            return piece.isdecimal() or point
        if piece in spellings.ALIASES:
            return False
        if face == spellings.UPRIGHT:
            return piece.isalnum()
        return _is_latin(first) and _is_latin(piece)

    def _drops(self, sign: str) -> bool:
        """Return whether a command only changes the look, and drop its arguments."""
        if sign in spellings.DROPPED_WITH_ARGUMENT:
            self._raw()
        elif sign == r"\bbox":
            self._bracketed()
        elif sign in spellings.SIDES:
            self._skip_blanks()
            if self._pieces and self._pieces[-1] == ".":
                self._pieces.pop()
        elif sign == r"\\":
            if self._pieces and self._pieces[-1] == "[":
                self._bracketed()
            return False
        else:
            return sign in spellings.DROPPED
        return True


def _is_latin(piece: str) -> bool:
    return piece.isascii() and piece.isalpha()


def _words(word: str) -> list[_Node]:
    """Return a word in upright letters; a single letter is one."""
    if len(word) == 1 or word.isdecimal():
        return [word]
    return [f"\\{spellings.UPRIGHT}{{{part}}}" for part in spellings.SPLIT.get(word, (word,))]
