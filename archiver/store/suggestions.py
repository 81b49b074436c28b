"""What an archive suggests to somebody who searches it: queries that have hits, and words for a slip of the pen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from archiver.store import cjk
from archiver.store.search_kinds import SearchIndex

LIKENESS = 0.8
"""How like another word a slip of it is, by difflib's ratio: it lets through one wrong letter in ten."""

_SHORTEST = 4  # letters of a word that may be a slip of another
_LETTER = rf"[^\W\d_{cjk.FIRST_WIDE}-\U0010ffff]"
_LATIN = re.compile(rf"(?<![\\\d_])(?<!{_LETTER}){_LETTER}{{{_SHORTEST},}}(?!{_LETTER}|[\d_:])")
_COMMAND = re.compile(r"\\[A-Za-z]{4,}")
_COMMON = re.compile(r"\\(begin|end|left|right|frac|boldsymbol|mathbf|mathbb|mathcal|text|label|quad|qquad|bigg)")
_NEWEST_FORMULAS = 500

_NAMES = """
SELECT title FROM posts UNION SELECT title FROM pages UNION SELECT name FROM tags
UNION SELECT name FROM categories UNION SELECT name FROM topics
"""
_TAG = (
    "SELECT t.name FROM tags AS t JOIN post_tags AS pt ON pt.tag_id = t.id "
    "GROUP BY t.name ORDER BY count(*) DESC, t.name"
)
_CATEGORY = (
    "SELECT c.name FROM categories AS c JOIN post_categories AS pc ON pc.category_id = c.id "
    "GROUP BY c.name ORDER BY count(*) DESC, c.name"
)
_YEAR = "SELECT substr(published_on, 1, 4) FROM posts WHERE published_on IS NOT NULL ORDER BY published_on DESC"
_TITLE = "SELECT title FROM posts ORDER BY published_on DESC NULLS LAST, id DESC"
_FORMULAS = f"SELECT tex FROM formulas ORDER BY id DESC LIMIT {_NEWEST_FORMULAS}"  # noqa: S608


def meant(index: SearchIndex, text: str) -> str | None:
    """Return a query with Latin words that no title, tag, category or topic has changed to the likest that one has.

    None when there is nothing to change.
    """
    known = {word.casefold(): word for (name,) in index.rows(_NAMES) for word in _LATIN.findall(name)}
    changed = _LATIN.sub(lambda found: _nearest(found[0], known), text)
    return None if changed == text else changed


def _nearest(word: str, known: dict[str, str]) -> str:
    if word.casefold() in known:
        return word
    near = get_close_matches(word.casefold(), known, n=1, cutoff=LIKENESS)
    return known[near[0]] if near else word


def examples(index: SearchIndex) -> list[str]:
    """Return queries that this archive has hits for, one of each kind it can show; none for an empty one."""
    found = [_first_phrase(_first(index, _TITLE))]
    found += [
        _filter(name, _first(index, sql)) for name, sql in (("tag", _TAG), ("category", _CATEGORY), ("year", _YEAR))
    ]
    commands = Counter(command for (tex,) in index.rows(_FORMULAS) for command in _COMMAND.findall(tex))
    found += [f"tex:{command}" for command, _ in _telling(commands)]
    return [query for query in found if query]


def _telling(commands: Counter[str]) -> Iterable[tuple[str, int]]:
    return [(command, times) for command, times in commands.most_common() if not _COMMON.fullmatch(command)][:1]


def _first(index: SearchIndex, sql: str) -> str:
    found = index.rows(f"{sql} LIMIT 1")
    return str(found[0][0]) if found else ""


def _first_phrase(title: str) -> str:
    """Return the longest stretch of a title without punctuation, in quotes."""
    parts = re.findall(r"\w+(?: \w+)*", title)
    return f'"{max(parts, key=len)}"' if parts else ""


def _filter(name: str, value: str) -> str:
    return f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}" if value else ""
