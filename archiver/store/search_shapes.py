r"""What a formula is looked for by: its tokens as words of an index, and a pattern that decides.

In the index every letter is the same word, and opening braces are none; so a phrase of words is in all formulas that
are equal except for their letters. Whether one renaming makes the one out of the other is for the pattern to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import groupby, pairwise

from archiver.errors import UsageError
from archiver.text import shapes, spellings

WHOLE, RENAMED, PART, RENAMED_PART = range(1, 5)
"""How a formula matches, best first: whatever its spelling, whatever its letters, or as a part of it."""

_MOST_PHRASES = 50  # the index is asked for; the pattern decides in any case
_BYTES = 6  # of a shape's number: exact in JSON, and two of a million shapes are the same once in 500 archives
_LETTER = (
    r"(?:[A-Za-z]|\\math(?:bf|bb|cal|frak)\{\\?[A-Za-z]+\}|" + "|".join(map(re.escape, sorted(spellings.GREEK))) + ")"
)
_DEEPEST = 40
_PLAIN = r"[^{} ]\S*+ "
_INSIDE = rf"(?:{_PLAIN})"
for _ in range(_DEEPEST):
    _INSIDE = rf"(?:{_PLAIN}|\{{ {_INSIDE}*+\}} )"


def number(tokens: str) -> int:
    """Return the number of a shape, by its tokens joined by spaces."""
    return int.from_bytes(blake2b(tokens.encode(), digest_size=_BYTES).digest(), "big")


def words(tokens: str) -> str:
    """Return tokens joined by spaces as the index holds them."""
    return " ".join(filter(None, map(_word, tokens.split(" "))))


def keys(tokens: str) -> list[str]:
    """Return what an index on a server has of tokens: their words, and their pairs of neighbouring words."""
    return phrase_keys(words(tokens))


def phrase_keys(phrase: str) -> list[str]:
    """Return the keys that every shape with these words one after the other has."""
    found = phrase.split()
    return sorted({*found, *map(" ".join, pairwise(found))})


@lru_cache(4096)
def _word(sign: str) -> str:
    if sign == "{":
        return ""
    return "v" if shapes.is_letter(sign) else f"x{sign.encode().hex()}"


@dataclass(frozen=True)
class Pattern:
    """A formula to look for, also as a part of others."""

    tex: str
    renamed: bool
    """Whether its letters may have other names."""

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Its tokens."""
        return shapes.pattern(self.tex)

    @property
    def phrases(self) -> list[str]:
        """The words one after the other that a formula must have, around what may be anything."""
        runs = groupby(self.tokens, lambda sign: sign == shapes.ANYTHING)
        found = dict.fromkeys(words(" ".join(run)) for anything, run in runs if not anything)
        return [phrase for phrase in found if phrase][:_MOST_PHRASES]

    def rank(self, tokens: str) -> int | None:
        """Return how a shape matches the query, or None; by its tokens joined by spaces."""
        held = f"{tokens} "
        found = self._expression.search(held)
        if not found:
            return None
        if found.end() - found.start() == len(held):
            return WHOLE if tokens == self._literal else RENAMED
        return PART if f" {self._literal} " in f" {held}" else RENAMED_PART

    @cached_property
    def _literal(self) -> str:
        return " ".join(self.tokens)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\S){''.join(self._parts())}")

    def _parts(self) -> Iterator[str]:
        letters: dict[str, str] = {}
        for sign, after in zip(self.tokens, (*self.tokens[1:], "}"), strict=True):
            if sign == shapes.ANYTHING:  # up to the end of its group, or the first of what follows
                stop = _LETTER if self.renamed and shapes.is_letter(after) else re.escape(after)
                yield f"(?:(?!{stop} ){_INSIDE})++"
            elif not self.renamed or not shapes.is_letter(sign):
                yield re.escape(sign) + " "
            elif sign in letters:
                yield f"(?P={letters[sign]}) "
            else:
                taken = "|".join(f"(?P={name})" for name in letters.values())
                letters[sign] = f"l{len(letters)}"
                yield (f"(?!(?:{taken}) )" if taken else "") + f"(?P<{letters[sign]}>{_LETTER}) "


@lru_cache(256)
def pattern(tex: str, *, renamed: bool) -> Pattern:
    """Return the pattern of a piece of TeX; raise UsageError for one that has nothing to look for."""
    found = Pattern(tex, renamed)
    if not found.phrases:
        raise UsageError(f"{'like' if renamed else 'tex'}: expected a formula such as \\frac{{a}}{{b}}, found {tex!r}")
    return found
