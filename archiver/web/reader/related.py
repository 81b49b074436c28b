"""Posts related to a post, and why: what they both cite, are tagged with, mention and compute.

What few posts share says more than what many do: it is weighted by its inverse document frequency, from 0 for what all
have to 1.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import log

from archiver.errors import UsageError
from archiver.store import cjk
from archiver.store.pool import ReadOnlyPool, Row
from archiver.store.search_query import Term
from archiver.text import tex

MOST = 5
"""How many posts are shown."""

CITES = "cites this post"
CITED = "cited by this post"
SERIES = "in the same series"
TAGGED = "both tagged"
WORK = "both cite"
SPEAK = "both mention"
FORMULA = "both have"

_WEIGHTS = {CITES: 2.0, CITED: 2.0, SERIES: 1.0, TAGGED: 1.0, WORK: 1.0, SPEAK: 0.6, FORMULA: 0.8}
"""What a reason counts; something shared counts this much only if it is rare."""

_COMMON = 8
"""What more than one post in so many has says nothing."""

_REASONS = 2  # shown of a post
_NAMED = {FORMULA: 1}  # names in a reason, if not two
_TERMS = 24  # of a post that are looked up
_CANDIDATES = 40  # whose formulas are compared
_TELLING = (40, 160)  # characters of a formula that two posts hardly share by chance, and that fits on a line
_MANY = 2  # times that a post has a word it is about
_LETTER = cjk.LATIN  # or a digit; Chinese follows without a space
_NAME = re.compile(rf"(?<!\\)(?<!{_LETTER})(?=[a-z\d]*[A-Z])(?!\d){_LETTER}(?:-?{_LETTER}){{2,}}(?!{_LETTER}|[:/])")


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that a post has in common with another one."""

    words: str
    """One of the phrases of this module; the names follow it."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A post that is related to another one."""

    id: int
    title: str
    published_on: str | None
    reasons: tuple[Reason, ...]
    """The strongest first."""


@dataclass(frozen=True, slots=True)
class _Sign:
    post: int
    reason: str
    name: str
    rarity: float


def related(pool: ReadOnlyPool, post: Row, works: Sequence[Row]) -> list[Related]:
    """Return the posts related to a post, given its row and the works it links to, nearest first."""
    number = post["id"]
    posts = pool.tuples("SELECT count(*) FROM posts")[0][0]
    signs = [
        *_citations(pool, number),
        *_siblings(pool, number),
        *_sharing(pool.tuples(_TAGS, {"number": number}), TAGGED, posts),
        *_sharing(_named(pool.tuples(_WORKS, {"number": number}), works), WORK, posts),
        *_speaking(pool, post, posts),
    ]
    near = [found for found, _ in Counter(_scores(signs)).most_common(_CANDIDATES)]
    signs += _computing(pool, number, near)
    scores = _scores(signs)
    chosen = sorted(scores, key=lambda found: (-scores[found], -found))[:MOST]
    rows = pool.rows(_among("SELECT id, title, published_on FROM posts WHERE id", chosen))
    found = [Related(row["id"], row["title"], row["published_on"], _reasons(signs, row["id"])) for row in rows]
    return sorted(found, key=lambda each: chosen.index(each.id))


def _scores(signs: Iterable[_Sign]) -> dict[int, float]:
    scores: defaultdict[int, float] = defaultdict(float)
    for sign in signs:
        scores[sign.post] += _WEIGHTS[sign.reason] * sign.rarity
    return scores


def _reasons(signs: Iterable[_Sign], post: int) -> tuple[Reason, ...]:
    weights: defaultdict[str, float] = defaultdict(float)
    names: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for sign in signs:
        if sign.post == post:
            weights[sign.reason] += _WEIGHTS[sign.reason] * sign.rarity
            names[sign.reason].append((-sign.rarity, sign.name))
    strongest = sorted(weights, key=lambda reason: -weights[reason])[:_REASONS]
    return tuple(
        Reason(each, tuple(name for _, name in sorted(names[each])[: _NAMED.get(each, 2)] if name))
        for each in strongest
    )


def _citations(pool: ReadOnlyPool, number: int) -> Iterator[_Sign]:
    for post, reason in pool.tuples(_CITATIONS, {"number": number}):
        yield _Sign(post, reason, "", 1.0)


def _siblings(pool: ReadOnlyPool, number: int) -> Iterator[_Sign]:
    for (post,) in pool.tuples(_SERIES, {"number": number}):
        yield _Sign(post, SERIES, "", 1.0)


def _sharing(rows: Iterable[Sequence[object]], reason: str, posts: int) -> Iterator[_Sign]:
    """Yield the posts that share a name with this one; `rows` are pairs of a name and another post that has it."""
    having: defaultdict[str, set[int]] = defaultdict(set)
    for name, post in rows:
        having[str(name)].add(int(str(post)))
    for name, others in having.items():
        if len(others) <= _most(posts):
            rarity = log((posts + 1) / (len(others) + 1)) / log(posts + 1)
            yield from (_Sign(post, reason, name, rarity) for post in others)


def _most(posts: int) -> int:
    """Return how many other posts may have something that still counts."""
    return max(posts // _COMMON, 2)


def _named(rows: Iterable[Sequence[object]], works: Iterable[Row]) -> Iterator[tuple[str, object]]:
    titles = {(row["kind"], row["identifier"]): row["title"] for row in works}
    for kind, identifier, post in rows:
        yield titles.get((kind, identifier)) or f"{kind}:{identifier}", post


def _speaking(pool: ReadOnlyPool, post: Row, posts: int) -> Iterator[_Sign]:
    tags = [name for (name,) in pool.tuples(_OTHER_TAGS, {"number": post["id"]})]
    terms = _terms(post["text"], tags)
    rows: list[tuple[str, int]] = []
    with suppress(UsageError), pool.searching() as index:  # an archive may have no index
        asked = [index.matched("posts_fts", [Term(term, exact=True)]) for term in terms]
        sql = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {place} AS term, f.* FROM ({each.sql}) AS f LIMIT {_most(posts) + 2}) AS t{place}"  # noqa: S608
            for place, each in enumerate(asked)
        )
        found = index.rows(sql, *(value for each in asked for value in each.values)) if sql else ()
        rows = [(terms[place], number) for place, number in found if number != post["id"]]
    yield from _sharing(rows, SPEAK, posts)


def _terms(text: str, tags: Iterable[str]) -> list[str]:
    """Return the names that occur often in a text: words with a capital letter, and tags of other posts."""
    prose, at = [], 0
    for span in tex.scan(text).spans:
        prose.append(text[at : span.start])
        at = span.end
    words = " ".join([*prose, text[at:]])
    often = Counter(_NAME.findall(words))
    often.update({tag: times for tag in tags if len(tag) > 1 and (times := words.count(tag))})
    return [term for term, times in often.most_common(_TERMS) if times >= _MANY]


def _computing(pool: ReadOnlyPool, number: int, near: Sequence[int]) -> Iterator[_Sign]:
    """Yield those of the posts near this one that share a long formula with it."""
    having: defaultdict[str, set[int]] = defaultdict(set)
    for formula, post in (
        pool.tuples(_among(_FORMULAS, [number, *near]), dict(zip(("least", "most"), _TELLING, strict=True)))
        if near
        else ()
    ):
        having[formula].add(post)
    for formula, found in having.items():
        if number in found:
            yield from (_Sign(post, FORMULA, formula, 1 / len(found)) for post in found - {number})


def _among(sql: str, numbers: Sequence[int]) -> str:
    return f"{sql} IN ({', '.join(map(str, numbers)) or 'NULL'})"


_CITATIONS = f"""
SELECT DISTINCT post_id, '{CITES}' FROM links WHERE target_post_id = :number AND post_id <> :number
UNION SELECT DISTINCT l.target_post_id, '{CITED}' FROM links AS l JOIN posts AS p ON p.id = l.target_post_id
WHERE l.post_id = :number AND l.target_post_id <> :number
"""  # noqa: S608 - words of ours
_SERIES = """
SELECT o.post_id FROM series_posts AS s JOIN series_posts AS o ON o.series_id = s.series_id
WHERE s.post_id = :number AND o.post_id <> :number
"""
_TAGS = """
SELECT t.name, o.post_id FROM post_tags AS p JOIN post_tags AS o ON o.tag_id = p.tag_id
JOIN tags AS t ON t.id = p.tag_id
WHERE p.post_id = :number AND o.post_id <> :number
"""
_OTHER_TAGS = "SELECT name FROM tags WHERE id NOT IN (SELECT tag_id FROM post_tags WHERE post_id = :number)"
_WORKS = """
SELECT DISTINCT o.kind, o.identifier, o.post_id FROM external_references AS e
JOIN external_references AS o ON o.kind = e.kind AND o.identifier = e.identifier
WHERE e.post_id = :number AND o.post_id <> :number
"""
_FORMULAS = "SELECT tex, post_id FROM formulas WHERE length(tex) BETWEEN :least AND :most AND NOT display AND post_id"
