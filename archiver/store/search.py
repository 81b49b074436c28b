"""Search of posts, independent pages and comments: in words, phrases, TeX and sentences.

    with opened(database) as connection:
        results = search(connection, '低秩近似 tag:优化 -蒸馏', limit=20)
        for hit in results.hits:
            print(hit.post_id, "".join(segment.text for segment in hit.title))

Hits that match all of the query come first, best first, posts before pages. Where they are few, the posts that cover
most of its words follow, with `related` set. Texts come in segments, marked or not; they are plain text and want
escaping in HTML.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archiver.errors import UsageError
from archiver.store import coverage, passages, search_index
from archiver.store.passages import Segments
from archiver.store.query import connect, explained, sqlite_file
from archiver.store.search_conditions import Condition, conditions, conditions_of_pages, described, formulas_with, match
from archiver.store.search_query import Filters, Query, Term, parse
from archiver.urls import Site

__all__ = ["Filters", "Hit", "Results", "opened", "search"]

FEW = 10
"""With fewer exact hits than this, related ones follow."""

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
    passage: Segments
    """What of the text shows best why it was found, about 160 characters."""
    formulas: tuple[str, ...]
    """Formulas with the TeX looked for, the first three, as stored."""
    related: bool
    """Whether it covers a part of the query only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a search found."""

    hits: tuple[Hit, ...]
    """From `offset` on, at most `limit`."""
    exact: int
    """How many match all of the query."""
    related: int
    """How many more cover a part of it."""
    understood: str
    """How the query was understood, in words."""
    query: Query
    """The same for programs, filters included."""

    @property
    def total(self) -> int:
        """How many hits there are to page through."""
        return self.exact + self.related


def indexed_file(archive: str | Path) -> Path:
    """Return the SQLite file a path or URL stands for; raise UsageError for a server, which has no full-text index."""
    file = sqlite_file(archive)
    if file is None:
        raise UsageError("expected an archive in SQLite, found one on a server, which has no full-text index: use SQL")
    return file


@contextmanager
def opened(archive: str | Path) -> Iterator[sqlite3.Connection]:
    """Open an archive, by its SQLite file or database URL, for searching while the block lasts; it is only read.

    Raises UsageError where there is no archive, or one without an index, ArchiveDamaged for a damaged file or index.
    """
    file = indexed_file(archive)
    with explained(file), closing(connect(file)) as connection:
        if not search_index.is_whole(connection):
            raise UsageError(f"{file}: expected a full-text index, found none; `archiver search --rebuild` makes it")
        yield connection


def search(
    connection: sqlite3.Connection,
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
    asked = parse(query) if isinstance(query, str) else query
    asked = replace(asked, filters=asked.filters & filters) if filters else asked
    if asked.empty:
        raise UsageError('expected something to search for, found no word: for example 梯度, "低秩近似" or tex:\\msign')
    exact, hits = 0, list[Hit]()
    for kind in _kinds(asked.filters):
        found, ranked = _exact(connection, kind, asked, limit - len(hits), max(0, offset - exact))
        exact += found
        hits += [kind.hit(connection, asked, number, False, site) for number in ranked]
    first = _kinds(asked.filters)[0]
    related = _related(connection, first, asked) if exact < FEW else []
    fewer = related[max(0, offset - exact) :][: limit - len(hits)]
    hits += [first.hit(connection, asked, number, True, site) for number in fewer]
    return Results(hits=tuple(hits), exact=exact, related=len(related), understood=described(asked), query=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is searched, posts, pages or comments, in pieces of SQL."""

    row: str
    rows: str
    index: str
    joined: str
    """The rows by way of the index."""
    rank: str
    newest: str
    weighty: str | None
    """Column of the index that counts more for a sentence."""
    hit: Callable[[sqlite3.Connection, Query, int, bool, Site], Hit]
    conditions: Callable[[Query], tuple[Condition, ...]] = conditions
    formulas: str | None = None
    """How many formulas of a row hold a piece of TeX, with a place for the condition on formulas `f`."""


def _kinds(filters: Filters) -> tuple[_Kind, ...]:
    """Return what is searched, in the order of the hits; what covers a part of a query is looked for in the first."""
    if filters.comments:
        return (_COMMENTS,)
    return (_PAGES,) if filters.pages else (_POSTS, _PAGES)


def _exact(connection: sqlite3.Connection, kind: _Kind, asked: Query, limit: int, offset: int) -> tuple[int, list[int]]:
    """Return how many rows match all of a query, and the numbers of those on the page asked for, best first."""
    words = match(asked.words, () if asked.filters.comments else asked.titles)
    tables, where, values = _matching(kind, words, asked)
    total = connection.execute(f"SELECT count(*) FROM {tables} WHERE {where}", values).fetchone()[0]  # noqa: S608
    order = kind.newest
    more: tuple[str, ...] = ()
    if words:
        order = f"{kind.rank}, {order}"
    elif asked.tex and kind.formulas:
        counted, value = formulas_with(asked.tex[0])
        order, more = f"{kind.formulas.format(counted)} DESC, {order}", (value,)
    page = f"SELECT {kind.row} FROM {tables} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return int(total), _numbers(connection, page, *values, *more, limit, offset)


def _matching(kind: _Kind, words: str, asked: Query) -> tuple[str, str, list[str]]:
    """Return tables, condition and values of the rows with these words that fulfil all else of a query."""
    found = kind.conditions(asked)
    if words:
        found = (Condition(f"{kind.index} MATCH ?", (words,)), *found)
    where = " AND ".join(condition.sql for condition in found) or "TRUE"
    return kind.joined if words else kind.rows, where, [value for condition in found for value in condition.values]


def _related(connection: sqlite3.Connection, kind: _Kind, asked: Query) -> list[int]:
    """Return rows that cover a part of a query's loose words and fulfil all else of it, best first."""
    loose = [word.text for word in asked.words if not word.exact]
    terms = coverage.grams(loose)
    if len(terms) < _LEAST_TERMS:
        return []
    ranked = coverage.rank(connection, terms, kind.index, kind.weighty)
    rest = replace(asked, words=tuple(word for word in asked.words if word.exact))
    left_out = _all(connection, kind, asked)
    allowed = _all(connection, kind, rest) if rest.terms or kind.conditions(rest) else set(ranked)
    return [number for number in ranked if number in allowed - left_out][: coverage.MOST]


def _numbers(connection: sqlite3.Connection, sql: str, *values: str | int) -> list[int]:
    return [number for (number,) in connection.execute(sql, values)]


def _all(connection: sqlite3.Connection, kind: _Kind, asked: Query) -> set[int]:
    """Return the numbers of all rows that match a query."""
    tables, where, values = _matching(kind, match(asked.words, () if asked.filters.comments else asked.titles), asked)
    return set(_numbers(connection, f"SELECT {kind.row} FROM {tables} WHERE {where}", *values))  # noqa: S608


def _post_hit(connection: sqlite3.Connection, asked: Query, number: int, related: bool, _site: Site) -> Hit:
    title, url, author, published_on, text = connection.execute(
        "SELECT title, url, author, published_on, text FROM posts WHERE id = ?", (number,)
    ).fetchone()
    looked_for = _marked(asked, asked.terms, related)
    return Hit(
        post_id=number,
        comment_id=None,
        title=passages.mark(title, looked_for),
        url=url,
        author=author,
        published_on=published_on,
        passage=passages.passage(text, _marked(asked, asked.words, related)),
        formulas=tuple(_formulas(connection, "formulas WHERE post_id = ?", number, asked)),
        related=related,
    )


def _page_hit(connection: sqlite3.Connection, asked: Query, number: int, related: bool, _site: Site) -> Hit:
    title, url, text = connection.execute("SELECT title, url, text FROM pages WHERE id = ?", (number,)).fetchone()
    return Hit(
        post_id=None,
        comment_id=None,
        page_id=number,
        title=passages.mark(title, _marked(asked, asked.terms, related)),
        url=url,
        author="",
        published_on=None,
        passage=passages.passage(text, _marked(asked, asked.words, related)),
        formulas=tuple(_formulas(connection, "page_formulas WHERE page_id = ?", number, asked)),
        related=related,
    )


def _comment_hit(connection: sqlite3.Connection, asked: Query, number: int, related: bool, site: Site) -> Hit:
    post, url, title, page, author, published_on, text = connection.execute(
        "SELECT p.id, p.url, p.title, c.page, c.author, c.published_on, c.text "
        "FROM comments AS c JOIN posts AS p ON p.id = c.post_id WHERE c.id = ?",
        (number,),
    ).fetchone()
    return Hit(
        post_id=post,
        comment_id=number,
        title=passages.mark(title, _marked(asked, asked.titles, False)),
        url=f"{site.discussion_url(url, page)}#comment-{number}",
        author=author,
        published_on=published_on,
        passage=passages.passage(text, _marked(asked, asked.words, related)),
        formulas=(),
        related=related,
    )


def _marked(asked: Query, terms: tuple[Term, ...], related: bool) -> tuple[str, ...]:
    """Return what to mark in a hit: the terms, or for a related one the pairs it was found by."""
    if not related:
        return tuple(term.text for term in terms)
    loose = coverage.grams(term.text for term in terms if not term.exact)
    return (*(term.text for term in terms if term.exact), *loose)


def _formulas(connection: sqlite3.Connection, rows: str, number: int, asked: Query) -> Iterator[str]:
    for tex in asked.tex:
        sql = f"SELECT tex FROM {rows} AND instr(tex, ?) ORDER BY length(tex), position LIMIT ?"  # noqa: S608
        yield from (found for (found,) in connection.execute(sql, (number, tex, _MOST_FORMULAS)))


_POSTS = _Kind(
    row="p.id",
    rows="posts AS p",
    index="posts_fts",
    joined="posts_fts JOIN posts AS p ON p.id = posts_fts.rowid",
    rank="bm25(posts_fts, 10.0, 1.0)",  # ten times the weight for a title, as measured in benchmarks/search.py
    newest="p.published_on DESC, p.id DESC",
    weighty="title",
    hit=_post_hit,
    formulas="(SELECT count(*) FROM formulas AS f WHERE f.post_id = p.id AND {})",
)
_PAGES = _Kind(
    row="g.id",
    rows="pages AS g",
    index="pages_fts",
    joined="pages_fts JOIN pages AS g ON g.id = pages_fts.rowid",
    rank="bm25(pages_fts, 10.0, 1.0)",
    newest="g.id",
    weighty="title",
    hit=_page_hit,
    conditions=conditions_of_pages,
)
_COMMENTS = _Kind(
    row="c.id",
    rows="comments AS c JOIN posts AS p ON p.id = c.post_id",
    index="comments_fts",
    joined="comments_fts JOIN comments AS c ON c.id = comments_fts.rowid JOIN posts AS p ON p.id = c.post_id",
    rank="bm25(comments_fts)",
    newest="c.published_on DESC, c.id DESC",
    weighty=None,
    hit=_comment_hit,
)
