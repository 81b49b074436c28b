"""Chinese for an index that separates words by spaces: each wide character becomes a word of its own.

SQLite's `unicode61` takes an unbroken run of Chinese for one word, and so finds one two-character word in ten. With a
zero width space around every character a phrase is found wherever it is, by any SQLite; the spaces do not show.

The index (`store/search_index.py`), what is asked of it, and the SQL of docs/queries.md must agree on what is wide.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

FIRST_WIDE = "\u2e80"
"""The first of the characters that are words by themselves: from the CJK radicals on, all of them."""

SPACE = "\u200b"
"""Zero width space: ends a word, and does not show."""

BREAK = "\u2060"
"""Word joiner, a word of its own in the index: it stands between two Chinese words that something
separates, so that 阶梯。度量 does not hold 梯度. It does not show."""

TOKENIZER = f"unicode61 remove_diacritics 2 tokenchars '{BREAK}'"
"""The tokenizer that the index needs."""

WIDE = f"[{FIRST_WIDE}-\U0010ffff]"
"""Pattern of a character that is a word by itself, or a wide sign."""

WIDE_LETTER = r"[^\W_\0-\u2e7f]"
"""Pattern of one that is no sign."""

LATIN = rf"[^\W_{FIRST_WIDE}-\U0010ffff]"
"""Pattern of a letter or digit of a word that is longer."""

_LETTER = r"[^\W_]"
_RUN = re.compile(f"{WIDE}+")
# Begins with what a gap consists of, for which alone the engine looks quickly. Signs at the end of a text are no gap,
# and are taken at once: the engine would look through them from each one.
_GAP = re.compile(
    rf"[\W_](?:(?<={WIDE}[\W_])[\W_]*+(?={_LETTER})|(?<={_LETTER}[\W_])[\W_]*(?={WIDE})|(?<={WIDE}[\W_])[\W_]*+)"
)


def spaced(text: str) -> str:
    """Return a text as the index holds it.

    A change of this needs a migration that rebuilds the index: words it no longer gives could not be removed.
    """
    parted = _GAP.sub(_part, plain(text))
    return _RUN.sub(lambda run: SPACE + SPACE.join(run[0]) + SPACE, parted)


@lru_cache(256)
def simplified(text: str) -> str:
    """Return a text with traditional characters in their simplified form, as OpenCC has them."""
    return _converter().convert(text) if any(map(is_wide, text)) else text


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def plain(text: str) -> str:
    """Return the original of a text in the index."""
    return text.replace(SPACE, "").replace(BREAK, "")  # much quicker than `translate`


def phrase(text: str) -> str:
    """Return the string in FTS5's query language that finds these words one after the other."""
    return '"' + spaced(text).replace("\0", " ").replace('"', '""') + '"'


def is_wide(character: str) -> bool:
    """Return whether a character is a word by itself."""
    return character >= FIRST_WIDE


def _part(gap: re.Match[str]) -> str:
    """Mark a gap; spaces next to Latin are not gaps, as 用 LoRA 微调 and 用LoRA微调 are written alike."""
    found, text = gap[0], gap.string
    if gap.end() == len(text):
        return found
    is_space = found.isspace() and "\n" not in found
    if is_space and not (is_wide(text[gap.start() - 1]) and is_wide(text[gap.end()])):
        return found
    return found + BREAK + SPACE
