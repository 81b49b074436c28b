"""The words of a text for an index on a server: those SQLite's tokenizer finds, so that both give the same answers.

A text is held as its words in order: wide characters one after the other, every other word between spaces of its own.
So a phrase is in a text exactly where its words are in the text's.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from archiver.store import cjk

LONGEST_KEY = 100
"""Characters of a word that are its key; PostgreSQL takes none in an index that is longer than 2,700 bytes."""


@dataclass(frozen=True)
class Words:
    """A text or phrase as its words."""

    words: tuple[str, ...]
    begins: bool = False
    """Whether the last word may continue."""

    @property
    def held(self) -> str:
        """The words as one text."""
        text = "".join(word if _is_wide(word) else f" {word} " for word in self.words)
        return text.removesuffix(" ") if self.begins else text

    @cached_property
    def keys(self) -> frozenset[str]:
        """What the index has of a text: its words, and its pairs of neighbouring wide characters."""
        return frozenset((*self._pairs(), *(word[:LONGEST_KEY] for word in self.words if word != cjk.BREAK)))

    @property
    def times(self) -> Counter[str]:
        """How often each key is in a text, within itself too, as 哈哈 does twice in 哈哈哈."""
        return Counter((*self._pairs(), *(word[:LONGEST_KEY] for word in self.words if word != cjk.BREAK)))

    @cached_property
    def telling(self) -> frozenset[str]:
        """The least keys that every text with this phrase has."""
        pairs = frozenset(self._pairs())
        whole = self.words[: len(self.words) - self.begins]
        alone = (word for word in whole if not any(word in pair for pair in pairs))
        return pairs | {word[:LONGEST_KEY] for word in alone if word != cjk.BREAK}

    @property
    def is_key(self) -> bool:
        """Whether a text has this phrase as soon as it has its key."""
        return not self.begins and len(self.telling) == 1 and self.held.strip(" ") in self.telling

    @property
    def overlaps(self) -> bool:
        """Whether it may begin within itself, as 哈哈 does in 哈哈哈."""
        return any(self.words[at:] == self.words[:-at] for at in range(1, len(self.words)))

    def _pairs(self) -> Iterator[str]:
        for before, word in pairwise(self.words):
            if _is_wide(before) and _is_wide(word) and cjk.BREAK not in (before, word):
                yield before + word


def words(text: str) -> Words:
    """Return the words of a text."""
    return Words(tuple(cjk.spaced(text).translate(_FOLDED).split()))


def folded(character: str) -> str:
    """Return what the tokenizer makes of a character: another one, nothing, or a space."""
    return _FOLDED[ord(character)]


def _is_wide(word: str) -> bool:
    return word == cjk.BREAK or (len(word) == 1 and cjk.is_wide(word))


class _Folded(dict[int, str]):
    """What SQLite's tokenizer makes of a character: another one, nothing, or a space; asked when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.executescript(
            f"CREATE VIRTUAL TABLE texts USING fts5(text, content = '', tokenize = \"{cjk.TOKENIZER}\");"
            "CREATE VIRTUAL TABLE words USING fts5vocab(texts, row);"
        )

    def __missing__(self, code: int) -> str:
        with self._lock:
            self._database.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
            self._database.execute("INSERT INTO texts (rowid, text) VALUES (1, ?)", (f"a{chr(code)}a",))
            found = [word for (word,) in self._database.execute("SELECT term FROM words")]
        made = found[0][1:-1] if len(found[0]) > 1 else " "
        self[code] = made
        return made


_FOLDED = _Folded()
