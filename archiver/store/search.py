"""Search of posts, independent pages and comments: in words, phrases, TeX and sentences.

    with opened(database) as index:
        results = search(index, '低秩近似 tag:优化 -蒸馏', limit=20)
        for hit in results.hits:
            print(hit.post_id, "".join(segment.text for segment in hit.title))

Hits that match all of the query come first, best first, posts before pages. Where they are few, the posts that cover
most of its words follow, with `related` set; among them those near to it by meaning, where there are vectors of them
(`vectors`). Texts come in segments, marked or not; they are plain text and want escaping in HTML.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.errors import UsageError
from archiver.store import coverage, passages, search_tables, vectors
from archiver.store.passages import Segments
from archiver.store.query import TIMEOUT, asking, connect, explained, sqlite_file
from archiver.store.search_conditions import described
from archiver.store.search_file import FileIndex
from archiver.store.search_kinds import COMMENTS, PAGES, POSTS, SearchIndex, SearchKind
from archiver.store.search_query import Filters, Query, Term, parse
from archiver.urls import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from archiver.store.search_server import ServerIndex

__all__ = [
    "MEANING",
    "WORDS",
    "Filters",
    "Hit",
    "Results",
    "SearchIndex",
    "hits_of",
    "kinds_of",
    "loose_terms",
    "on_server",
    "opened",
    "partly",
    "search",
    "understood",
]

FEW = 10
"""With fewer exact hits than this, related ones follow."""

WORDS, MEANING = "words", "meaning"
"""What a hit may be found by."""

MOST_BY_MEANING = 20
"""Posts that are taken for near to a question."""

_COVERED = 2.0
"""What covering all of a question counts, where being the nearest by meaning counts 1: see benchmarks/meaning.py."""

_PARTS = 3
"""Parts of a series among the hits from which on its first post is meant, too."""

_OPENER = 0.2
"""What the mean score of these parts counts for the first post: see benchmarks/meaning.py."""

_BATCH = 100  # hits
_LEAST_TERMS = 2
"""Pairs and words of which a part can be covered."""

_MOST_FORMULAS = 3
"""Formulas shown of a hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A post, a comment or an independent page that was found."""

    post_id: int | None
    """Number of the post; None for a page."""
    comment_id: int | None
    """Number of the comment; None for a post or page."""
    page_id: int | None = None
    """Number of the page, as in the table `pages`; None for a post or comment."""
    title: Segments
    """Title of the post or page."""
    url: str
    """Address of the post or page, or of the comment in it."""
    author: str
    """Who wrote it; empty for a page, which does not say."""
    published_on: str | None
    categories: tuple[str, ...] = ()
    """Names of the post's categories; none of a page."""
    passage: Segments
    """What of the text shows best why it was found, about 160 characters."""
    formulas: tuple[str, ...]
    """Formulas with the TeX looked for, the three that tell most, as stored."""
    related: bool
    """Whether it does not match all of the query."""
    by: str = WORDS
    """What it was found by, `words` or `meaning`: by its meaning alone a post is at most related."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a search found."""

    hits: tuple[Hit, ...]
    """From `offset` on, at most `limit`."""
    exact: int
    """How many match all of the query."""
    related: int
    """How many more cover a part of it, or are near to it by meaning."""
    understood: str
    """How the query was understood, in words."""
    query: Query
    """The same for programs, filters included."""

    @property
    def total(self) -> int:
        """How many hits there are to page through."""
        return self.exact + self.related


def indexed_file(archive: str | Path) -> Path:
    """Return the SQLite file a path or URL stands for; raise UsageError for a server, which has no file."""
    file = sqlite_file(archive)
    if file is None:
        raise UsageError("expected an archive in an SQLite file, found one on a server: use its own tools")
    return file


@contextmanager
def opened(archive: str | Path) -> Iterator[SearchIndex]:
    """Open the full-text index of an archive, by its SQLite file or database URL, for as long as the block lasts.

    It is only read. Raises UsageError where there is no archive, or one without an index, ArchiveDamaged for a damaged
    file or index.
    """
    file = sqlite_file(archive)
    if file is None:
        with asking(str(archive), TIMEOUT) as lent:
            yield on_server(lent)
        return
    with explained(file), closing(connect(file)) as connection:
        yield in_file(connection, file)


def in_file(connection: sqlite3.Connection, file: Path | None = None) -> SearchIndex:
    """Return the index of an archive in SQLite, by a connection that only reads; raise UsageError if there is none."""
    if not search_tables.is_whole(connection):
        raise UsageError(f"{file or 'the archive'}: {_NONE}")
    return FileIndex(connection)


def on_server(connection: Connection) -> ServerIndex:
    """Return the index of an archive on a server, by a connection that only reads; raise UsageError without one."""
    from archiver.store.search_server import ServerIndex

    index = ServerIndex(connection)
    if not index.is_whole:
        raise UsageError(_NONE)
    return index


_NONE = "expected a full-text index, found none; `archiver search --rebuild` builds it"


def search(
    index: SearchIndex,
    query: str | Query,
    site: Site,
    *,
    filters: Filters | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Results:
    """Return what matches a query, in words of the query language or parsed, narrowed down by `filters` as well.

    `site` is the blog, which knows the addresses of its comments.

    Raises UsageError for a query that makes no sense, in one line for the person who asked.
    """
    asked = understood(query, filters)
    exact, hits = 0, list[Hit]()
    kinds = kinds_of(asked.filters)
    for kind in kinds:
        found, ranked = index.exact(kind, asked, limit - len(hits), max(0, offset - exact))
        exact += found
        hits += (hit for _, hit in hits_of(index, kind, asked, ranked, False, site))
    related, nearest = _related(index, kinds[0], asked) if exact < FEW else ([], {})
    fewer = related[max(0, offset - exact) :][: limit - len(hits)]
    hits += (
        _by_meaning(index, hit, nearest[number]) if number in nearest else hit
        for number, hit in hits_of(index, kinds[0], asked, fewer, True, site)
    )
    return Results(hits=tuple(hits), exact=exact, related=len(related), understood=described(asked), query=asked)


def understood(query: str | Query, filters: Filters | None = None) -> Query:
    """Return what a query and filters ask for; raise UsageError for what makes no sense, or asks for nothing."""
    asked = parse(query) if isinstance(query, str) else query
    asked = replace(asked, filters=asked.filters & filters) if filters else asked
    if asked.empty:
        raise UsageError('expected something to search for, found no word: for example 梯度, "低秩近似" or tex:\\msign')
    return asked


def kinds_of(filters: Filters) -> tuple[SearchKind, ...]:
    """Return what is searched, in the order of the hits; what covers a part of a query is looked for in the first."""
    if filters.comments:
        return (COMMENTS,)
    return (PAGES,) if filters.pages else (POSTS, PAGES)


def _related(index: SearchIndex, kind: SearchKind, asked: Query) -> tuple[list[int], dict[int, int]]:
    """Return rows that fulfil all of a query but its loose words, best first.

    They cover a part of these words, or are near to them by meaning; of those that only are, with the number of the
    passage that is nearest.
    """
    covering = _covering(index, kind, asked)
    question = _question(asked)
    nearest = vectors.nearest(index, question) if kind is POSTS and question else {}
    allowed = partly(index, kind, asked, nearest) if nearest else set()
    near = [number for number in nearest if number in allowed][:MOST_BY_MEANING]
    scores = {
        number: _COVERED * covering.get(number, 0.0) + (nearest[number].share if number in nearest else 0.0)
        for number in dict.fromkeys((*covering, *near))
    }
    if near:
        _lift_openers(index, scores)
    fused = sorted(scores, key=lambda number: -scores[number])
    return fused, {number: nearest[number].passage for number in near if number not in covering}


def _covering(index: SearchIndex, kind: SearchKind, asked: Query) -> dict[int, float]:
    terms = loose_terms(asked)
    if not terms:
        return {}
    ranked = index.covering(kind, terms)
    allowed = partly(index, kind, asked, ranked)
    return dict(islice(((number, ranked[number]) for number in ranked if number in allowed), coverage.MOST))


def _question(asked: Query) -> str:
    """Return what is asked in words that need not be there."""
    return " ".join(word.text for word in asked.words if not word.exact)


def _lift_openers(index: SearchIndex, scores: dict[int, float]) -> None:
    """Let what is found of a series count a little for its first post, where most readers of several would begin."""
    listed = ", ".join("?" * len(scores))
    parts = index.rows(f"SELECT series_id, post_id FROM series_posts WHERE post_id IN ({listed})", *scores)  # noqa: S608
    found: defaultdict[int, list[float]] = defaultdict(list)
    for opener, number in parts:
        found[opener].append(scores[number])
    for opener, shares in found.items():
        best = sorted(shares, reverse=True)[:_PARTS]
        if opener in scores and len(best) == _PARTS:
            scores[opener] += _OPENER * sum(best) / _PARTS


def _by_meaning(index: SearchIndex, hit: Hit, passage: int) -> Hit:
    """Return a hit as found by its meaning, with the beginning of that passage."""
    from archiver.text import commonmark

    ((markdown,),) = index.rows("SELECT markdown FROM posts WHERE id = ?", hit.post_id)
    found = vectors.passages(markdown)
    chunk = found[min(passage, len(found) - 1)]  # the vectors may be those of a former revision
    return replace(hit, by=MEANING, passage=passages.passage(commonmark.read(chunk.text).text, ()))


def loose_terms(asked: Query) -> tuple[str, ...]:
    """Return the terms of which a row may cover a part; none where there are too few for that."""
    terms = coverage.grams(text for word in asked.words if not word.exact for text in word.spellings)
    return terms if len(terms) >= _LEAST_TERMS else ()


def partly(index: SearchIndex, kind: SearchKind, asked: Query, numbers: Collection[int]) -> set[int]:
    """Return those of these rows that fulfil all of a query but its loose words, and not all of it."""
    rest = replace(asked, words=tuple(word for word in asked.words if word.exact))
    allowed = index.all(kind, rest) if rest.terms or kind.conditions(rest, index) else set(numbers)
    return allowed.intersection(numbers) - index.all(kind, asked)


def hits_of(
    index: SearchIndex, kind: SearchKind, asked: Query, numbers: Sequence[int], related: bool, site: Site
) -> Iterator[tuple[int, Hit]]:
    """Yield these numbers and their hits, in this order; one whose row is gone by now is left out."""
    sql, hit = _HITS[kind.index]
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        rows = {row[0]: row for row in index.rows(f"{sql} IN ({', '.join('?' * len(batch))})", *batch)}
        for number in filter(rows.__contains__, batch):
            yield number, hit(index, asked, rows[number], related, site)


def _post_hit(index: SearchIndex, asked: Query, row: Sequence[Any], related: bool, _site: Site) -> Hit:
    number, title, url, author, published_on, text = row
    formulas, fragments, sources = _formulas(index, "post_id", number, asked)
    return Hit(
        post_id=number,
        comment_id=None,
        title=passages.mark(title, _marked(asked, asked.terms, related)),
        url=url,
        author=author,
        published_on=published_on,
        categories=_categories(index, number),
        passage=passages.passage(
            text,
            _marked(asked, asked.words, related),
            fragments,
            sources,
        ),
        formulas=formulas,
        related=related,
    )


def _page_hit(index: SearchIndex, asked: Query, row: Sequence[Any], related: bool, _site: Site) -> Hit:
    number, title, url, text = row
    formulas, fragments, sources = _formulas(index, "page_id", number, asked)
    return Hit(
        post_id=None,
        comment_id=None,
        page_id=number,
        title=passages.mark(title, _marked(asked, asked.terms, related)),
        url=url,
        author="",
        published_on=None,
        passage=passages.passage(
            text,
            _marked(asked, asked.words, related),
            fragments,
            sources,
        ),
        formulas=formulas,
        related=related,
    )


def _comment_hit(index: SearchIndex, asked: Query, row: Sequence[Any], related: bool, site: Site) -> Hit:
    number, post, url, title, page, author, published_on, text = row
    formulas, fragments, _ = _formulas(index, "comment_id", number, asked)
    return Hit(
        post_id=post,
        comment_id=number,
        title=passages.mark(title, _marked(asked, asked.titles, False)),
        url=f"{site.discussion_url(url, page)}#comment-{number}",
        author=author,
        published_on=published_on,
        categories=_categories(index, post),
        passage=passages.passage(text, _marked(asked, asked.words, related), fragments),
        formulas=formulas,
        related=related,
    )


def _marked(asked: Query, terms: tuple[Term, ...], related: bool) -> tuple[str, ...]:
    """Return what to mark in a hit: the terms, or for a related one the pairs it was found by."""
    if not related:
        return tuple(text for term in terms for text in term.spellings)
    loose = coverage.grams(text for term in terms if not term.exact for text in term.spellings)
    return (*(term.text for term in terms if term.exact), *loose)


def _categories(index: SearchIndex, post: int) -> tuple[str, ...]:
    return tuple(name for (name,) in index.rows(_CATEGORIES, post))


_CATEGORIES = """
SELECT c.name FROM post_categories AS pc JOIN categories AS c ON c.id = pc.category_id
WHERE pc.post_id = ? ORDER BY c.slug
"""


def _formulas(
    index: SearchIndex, owner: str, number: int, asked: Query
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Return the formulas of a text to show, what of it tells where they are, and all of its formulas in order."""
    rows = index.rows(f"SELECT tex, shape_id FROM {_TABLES[owner]} WHERE {owner} = ? ORDER BY position", number)  # noqa: S608
    shown: list[str] = []
    for fragment in asked.fragments:
        shown += sorted({tex: None for tex, _ in rows if fragment in tex}, key=passages.bulk)[:_MOST_FORMULAS]
    like: list[str] = []
    for pattern in asked.patterns:
        ranks = index.ranks(pattern)
        found = {tex: ranks[shape] for tex, shape in rows if shape in ranks}
        like += sorted(found, key=lambda tex: (found[tex], passages.bulk(tex)))[:_MOST_FORMULAS]
    return tuple(dict.fromkeys((*shown, *like))), (*asked.fragments, *like[:1]), [tex for tex, _ in rows]


_TABLES = {"post_id": "formulas", "page_id": "page_formulas", "comment_id": "comment_formulas"}


_HITS: dict[str, tuple[str, Callable[[SearchIndex, Query, Sequence[Any], bool, Site], Hit]]] = {
    "posts_fts": ("SELECT id, title, url, author, published_on, text FROM posts WHERE id", _post_hit),
    "pages_fts": ("SELECT id, title, url, text FROM pages WHERE id", _page_hit),
    "comments_fts": (
        (
            "SELECT c.id, p.id, p.url, p.title, c.page, c.author, c.published_on, c.text "
            "FROM comments AS c JOIN posts AS p ON p.id = c.post_id WHERE c.id"
        ),
        _comment_hit,
    ),
}
"""What asks for the rows of hits, and what makes one of a row."""
