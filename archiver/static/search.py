r"""The index of the search in the browser: what it finds is what `archiver search` finds.

It consists of scripts, which a page may load from wherever it is, even from a file: one says what there is
(`search/index.js`), others have a part of the keys each, or the texts of some posts. A key is a word, or a pair of
neighbouring Chinese characters; for formulas, three characters. Phrases that are longer are looked for in the texts of
those posts that have all of their keys, cut into words as here by `files/search-index.js`.
"""

from __future__ import annotations

import json
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from archiver.static.links import INDEX
from archiver.store import cjk
from archiver.store.library import Library
from archiver.store.search_kinds import POSTS
from archiver.store.search_words import LONGEST_KEY, folded, words
from archiver.store.values import Page, Post

_SHARD = 32_000
"""Approximate bytes of a part of the index: what a query loads for each of its first characters."""
_TEXTS = 64_000
"""Approximate bytes of a script with texts: with one per text, a common phrase would load hundreds."""
_GRAM = 3
_DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_MORE = 32  # the bit that says that a number continues, as in the Base64 VLQ of source maps, but unsigned
_IDEOGRAPHS = range(0x3400, 0xA000)
"""Where traditional characters with a simplified form are: Unicode's first two blocks of ideographs."""


def files(library: Library, slugs: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of the scripts; `slugs` are those of the categories, by name."""
    seen: set[str] = set()
    kinds = []
    for kind in (_Kind("posts"), _Kind("pages")):
        for text in _posts(library, slugs) if kind.name == "posts" else _pages(library):
            yield from kind.add(*text)
        yield from kind.rest()
        kinds.append(kind.described())
        seen |= kind.seen
    about = {
        "firstWide": cjk.FIRST_WIDE,
        "longestKey": LONGEST_KEY,
        "titleWeight": POSTS.weights[0],
        "folded": {sign: made for sign in sorted(seen) if (made := folded(sign)) != sign},
        "simplified": _simplified(seen),
        "kinds": kinds,
    }
    yield INDEX, _script("index", about)


class _Kind:
    """The part of the index for posts, or for pages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: set[str] = set()
        """All characters of its texts."""
        self._rows: list[list[Any]] = []
        self._tokens = 0
        self._words = _Postings()
        self._grams = _Postings()
        self._parts: dict[str, int] = {}
        self._texts: list[bytes] = []
        self._scripts = 0

    def add(self, row: Sequence[Any], text: str, formulas: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Add a text, in the order of lists; yield a script when it is full."""
        number, title = row[:2]
        titled, body = words(title), words(text)
        place, tokens = len(self._rows), len(titled.words) + len(body.words)
        self._rows.append([*row, tokens, self._scripts])
        self._tokens += tokens
        self.seen.update(title, text)
        in_title, in_text = titled.times, body.times
        for key in in_title | in_text:
            self._words.add(key, place, in_text[key] * 2 + bool(in_title[key]), *filter(None, [in_title[key]]))
        for gram in sorted({tex[at : at + _GRAM] for tex in formulas for at in range(len(tex) - _GRAM + 1)}):
            self._grams.add(gram, place)
        spans, others = _located(text, formulas)
        held = {"text": text, "formulas": spans, "others": others}
        self._texts.append(_script("text", self.name, number, held))
        if sum(map(len, self._texts)) >= _TEXTS:
            yield self._full()

    def rest(self) -> Iterator[tuple[str, bytes]]:
        """Yield the last script with texts, and those with the keys."""
        if self._texts:
            yield self._full()
        for what, postings in (("words", self._words), ("tex", self._grams)):
            shards = postings.shards()
            self._parts[what] = len(shards)
            for number, shard in enumerate(shards):
                name = f"{self.name}-{what}"
                yield f"search/{name}-{number}.js", _script("shard", name, number, shard)

    def _full(self) -> tuple[str, bytes]:
        name, script = f"search/{self.name}/{self._scripts}.js", b"".join(self._texts)
        self._scripts += 1
        self._texts.clear()
        return name, script

    def described(self) -> dict[str, Any]:
        """Return what there is."""
        return {"name": self.name, "tokens": self._tokens, "shards": self._parts, "rows": self._rows}


class _Postings:
    """Where keys occur: positions in rising order, each with numbers, encoded as letters."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._written: dict[str, bytearray] = {}

    def add(self, key: str, place: int, *numbers: int) -> None:
        written = self._written.setdefault(key, bytearray())
        for number in (place - self._last.get(key, 0), *numbers):
            written += _encoded(number)
        self._last[key] = place

    def shards(self) -> list[Mapping[str, str]]:
        """Return the keys in parts, those with the same first character in the same part."""
        size = sum(len(key.encode()) + len(written) for key, written in self._written.items())
        shards: list[dict[str, str]] = [{} for _ in range(max(1, size // _SHARD))]
        for key in sorted(self._written):
            shards[ord(key[0]) % len(shards)][key] = self._written[key].decode()
        return list(shards)


def _encoded(number: int) -> bytes:
    letters = ""
    while number >= _MORE:
        letters += _DIGITS[number % _MORE + _MORE]
        number //= _MORE
    return (letters + _DIGITS[number]).encode()


def _posts(library: Library, slugs: Mapping[str, str]) -> Iterator[tuple[list[Any], str, list[str]]]:
    """Yield the posts, newest first: number, title, day, categories, tags; text; formulas."""
    dated = sorted(((post.published_on or "", post.id) for post in library.posts()), reverse=True)
    for post in library.posts([number for _, number in dated]):
        formulas = [formula.tex for formula in library.formulas(post.id)]
        yield _row(post, slugs), post.text, formulas


def _row(post: Post, slugs: Mapping[str, str]) -> list[Any]:
    categories = [[name, slugs.get(name, "")] for name in post.categories]
    return [post.id, post.title, post.published_on, categories, list(post.tags)]


def _pages(library: Library) -> Iterator[tuple[list[Any], str, list[str]]]:
    """Yield the independent pages in the same way, by number."""
    for page in sorted(library.pages(), key=_number):
        yield [page.id, page.title, None, [], []], page.text, [each.tex for each in library.page_formulas(page.id)]


def _number(page: Page) -> int:
    return page.id


def _located(text: str, formulas: Iterable[str]) -> tuple[list[list[int]], list[str]]:
    """Return where formulas are in a text, in order, as JavaScript counts; and those that are not in it."""
    spans, others = [], []
    at = counted = 0
    for tex in formulas:
        start = text.find(tex, at)
        if start < 0:
            others.append(tex)
            continue
        counted += _units(text[at:start])
        spans.append([counted, _units(tex)])
        counted += _units(tex)
        at = start + len(tex)
    return spans, list(Counter(others))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _simplified(seen: set[str]) -> list[str]:
    """Return the traditional characters that occur, and the simplified ones for them."""
    signs = list(map(chr, _IDEOGRAPHS))
    pairs = zip(signs, cjk.simplified("\n".join(signs)).split("\n"), strict=True)  # by themselves, not as words
    told = [(sign, made) for sign, made in pairs if made != sign and made in seen]
    return ["".join(sign for sign, _ in told), "".join(made for _, made in told)]


def _script(name: str, *values: Any) -> bytes:
    """Return a call of `archive.name`."""
    written = ",".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
    return f"archive.{name}({written})\n".encode("utf-8", "replace")
