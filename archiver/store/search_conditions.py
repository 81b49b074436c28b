"""A query in SQL: conditions on rows of posts `p`, and of their comments `c` where those are searched; of pages `g`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from archiver.store.search_query import Filters, Query, Term
from archiver.store.search_shapes import Pattern

TRIGRAM = 3
"""Characters the index of formulas needs; for fewer, all formulas are looked through: a tenth of a second."""


class Condition(NamedTuple):
    """A piece of SQL and what its question marks stand for."""

    sql: str
    values: tuple[Any, ...] = ()


class Spelling(Protocol):
    """How a full-text index is asked in a condition."""

    def matched(self, index: str, words: Iterable[Term], titles: Iterable[Term] = ()) -> Condition:
        """Return the query of the rows with all of these words, and with all of the titles in the title."""

    def formulas_with(self, tex: str) -> Condition:
        """Return the condition on formulas `f` to hold a piece of TeX."""

    def ranks(self, pattern: Pattern) -> Mapping[int, int]:
        """Return the shapes that are a formula looked for or have it in them, and how (`search_shapes`)."""

    def listed(self, numbers: Iterable[int]) -> Condition:
        """Return the query of these numbers, as the column `number`."""


def among_shapes(spelling: Spelling, pattern: Pattern) -> Condition:
    """Return the condition on formulas `f` to be like another, or to have it in them."""
    listed = spelling.listed(spelling.ranks(pattern))
    return Condition(f"f.shape_id IN ({listed.sql})", listed.values)


def conditions(query: Query, spelling: Spelling) -> tuple[Condition, ...]:
    """Return what rows must fulfil besides matching the words."""
    found = [*_tex(query, spelling), *_filters(query.filters)]
    if query.filters.comments and query.titles:
        found.append(_titled(query.titles, spelling))
    if query.without:
        found += map(_not, _unwanted(query.without, spelling, comments=query.filters.comments))
    return tuple(found)


def conditions_of_pages(query: Query, spelling: Spelling) -> tuple[Condition, ...]:
    """Return what independent pages must fulfil besides matching the words: they have no tags, dates and the like."""
    found = [*_page_tex(query, spelling)]
    if query.filters.narrow_pages:
        found.append(Condition("FALSE"))
    if query.without:
        unwanted = [_among("g.id", spelling.matched("pages_fts", [word])) for word in query.without.words]
        unwanted += [_among("g.id", spelling.matched("pages_fts", (), [title])) for title in query.without.titles]
        found += map(_not, [*unwanted, *_page_tex(query.without, spelling)])
    return tuple(found)


def _page_tex(query: Query, spelling: Spelling) -> Iterator[Condition]:
    for tex in query.fragments:
        yield Condition("g.id IN (SELECT f.page_id FROM page_formulas AS f WHERE instr(f.tex, ?))", (tex,))
    yield from _like(query, spelling, "g.id", "page_id", "page_formulas")


def _like(query: Query, spelling: Spelling, row: str, column: str, table: str) -> Iterator[Condition]:
    for pattern in query.patterns:
        like = among_shapes(spelling, pattern)
        yield _among(row, Condition(f"SELECT f.{column} FROM {table} AS f WHERE {like.sql}", like.values))  # noqa: S608


def _unwanted(without: Query, spelling: Spelling, *, comments: bool) -> Iterator[Condition]:
    row, index = ("c.id", "comments_fts") if comments else ("p.id", "posts_fts")
    yield from (_among(row, spelling.matched(index, [word])) for word in without.words)
    yield from (_titled([title], spelling) for title in without.titles)
    yield from _tex(without, spelling, comments=comments)
    yield from _filters(without.filters, comments=comments)


def _not(condition: Condition) -> Condition:
    return Condition(f"NOT ({condition.sql})", condition.values)


def _among(row: str, query: Condition) -> Condition:
    return Condition(f"{row} IN ({query.sql})", query.values)


def _titled(titles: Iterable[Term], spelling: Spelling) -> Condition:
    return _among("p.id", spelling.matched("posts_fts", (), titles))


def _tex(query: Query, spelling: Spelling, *, comments: bool | None = None) -> Iterator[Condition]:
    comments = query.filters.comments if comments is None else comments
    for tex in query.fragments:
        if comments:
            yield Condition("instr(c.markdown, ?)", (tex,))
        else:
            holding = spelling.formulas_with(tex)
            sql = f"SELECT f.post_id FROM formulas AS f WHERE {holding.sql}"  # noqa: S608
            yield _among("p.id", Condition(sql, holding.values))
    if comments:
        yield from _like(query, spelling, "c.id", "comment_id", "comment_formulas")
    else:
        yield from _like(query, spelling, "p.id", "post_id", "formulas")


_CATEGORY = """EXISTS (SELECT 1 FROM post_categories AS x JOIN categories AS y ON y.id = x.category_id
    WHERE x.post_id = p.id AND (y.name = ? COLLATE NOCASE OR y.slug = ? COLLATE NOCASE))"""
_TAG = """EXISTS (SELECT 1 FROM post_tags AS x JOIN tags AS y ON y.id = x.tag_id
    WHERE x.post_id = p.id AND y.name = ? COLLATE NOCASE)"""
_TOPIC = """EXISTS (SELECT 1 FROM topic_posts AS x JOIN topics AS y ON y.id = x.topic_id
    WHERE x.post_id = p.id AND y.name = ? COLLATE NOCASE)"""
_HAS = {
    "code": "EXISTS (SELECT 1 FROM code_blocks AS x WHERE x.post_id = p.id)",
    "comments": "EXISTS (SELECT 1 FROM comments AS x WHERE x.post_id = p.id)",
    "formulas": "EXISTS (SELECT 1 FROM formulas AS x WHERE x.post_id = p.id)",
    "images": "EXISTS (SELECT 1 FROM images AS x WHERE x.post_id = p.id)",
}


def _filters(filters: Filters, *, comments: bool | None = None) -> Iterator[Condition]:
    row = "c" if (filters.comments if comments is None else comments) else "p"
    yield from (Condition(_CATEGORY, (name, name)) for name in filters.categories)
    yield from (Condition(_TAG, (name,)) for name in filters.tags)
    yield from (Condition(_TOPIC, (name,)) for name in filters.topics)
    yield from (Condition(f"instr(lower({row}.author), lower(?))", (name,)) for name in filters.authors)
    yield from (Condition(_HAS[name]) for name in filters.has)
    if filters.after:
        yield Condition(f"{row}.published_on >= ?", (filters.after,))
    if filters.before:
        yield Condition(f"{row}.published_on < ?", (filters.before,))


def described(query: Query) -> str:
    """Return a query in words."""
    kind = "comments" if query.filters.comments else "pages" if query.filters.pages else "posts"
    parts = [*_described(query)]
    if query.without:
        parts += [f"not {part}" for part in _described(query.without, "or")]
    return f"{kind} {', '.join(parts)}" if parts else f"all {kind}"


def _described(query: Query, joined: str = "and") -> Iterator[str]:
    filters = query.filters
    if query.words:
        yield f"with {_listed(query.words, joined)}"
    if query.titles:
        yield f"with {_listed(query.titles, joined)} in the title"
    yield from (f"with the TeX {tex}" for tex in query.fragments)
    for pattern in query.patterns:
        yield f"with a formula {'like' if pattern.renamed else 'of the form'} {pattern.tex}"
    yield from (f"in the category {name}" for name in filters.categories)
    yield from (f"tagged {name}" for name in filters.tags)
    yield from (f"in the topic {name}" for name in filters.topics)
    yield from (f"by {name}" for name in filters.authors)
    yield from (f"that have {name}" for name in filters.has)
    if filters.after:
        yield f"from {filters.after} on"
    if filters.before:
        yield f"before {filters.before}"
    if query.sort:
        yield f"{query.sort} first"


def _listed(terms: Iterable[Term], joined: str) -> str:
    return f" {joined} ".join(" or ".join(map(_named, (term, *term.others))) for term in terms)


def _named(term: Term) -> str:
    return f"“{term.text}”" if term.exact else term.text + "*" * term.begins
