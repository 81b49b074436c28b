"""A query in SQL: conditions on rows of posts `p`, and of their comments `c` where those are searched; of pages `g`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from archiver.store import cjk
from archiver.store.search_query import Filters, Query, Term

TRIGRAM = 3
"""Characters the index of formulas needs; for fewer, all formulas are looked through: a tenth of a second."""


class Condition(NamedTuple):
    """A piece of SQL and what its question marks stand for."""

    sql: str
    values: tuple[str, ...] = ()


def match(words: Iterable[Term], titles: Iterable[Term] = ()) -> str:
    """Return what to ask a full-text table for: all of the words, and all of the titles in the column of that name."""
    parts = [cjk.phrase(word.text) for word in words]
    parts += [f"title : {cjk.phrase(title.text)}" for title in titles]
    return " AND ".join(parts)


def conditions(query: Query) -> tuple[Condition, ...]:
    """Return what rows must fulfil beside the match of words."""
    found = [*_tex(query), *_filters(query.filters)]
    if query.filters.comments and query.titles:
        found.append(_titled(query.titles))
    if query.without:
        found += (_not(each) for each in _unwanted(query.without, comments=query.filters.comments))
    return tuple(found)


def conditions_of_pages(query: Query) -> tuple[Condition, ...]:
    """Return what independent pages must fulfil beside the match of words: they have no tags, dates and the like."""
    found = [_page_tex(tex) for tex in query.tex]
    if query.filters.narrow_pages:
        found.append(Condition("FALSE"))
    if query.without:
        matched = "g.id IN (SELECT rowid FROM pages_fts WHERE pages_fts MATCH ?)"
        unwanted = [Condition(matched, (match([word]),)) for word in query.without.words]
        unwanted += [Condition(matched, (match((), [title]),)) for title in query.without.titles]
        found += map(_not, [*unwanted, *map(_page_tex, query.without.tex)])
    return tuple(found)


def _page_tex(tex: str) -> Condition:
    return Condition("g.id IN (SELECT f.page_id FROM page_formulas AS f WHERE instr(f.tex, ?))", (tex,))


def _unwanted(without: Query, *, comments: bool) -> Iterator[Condition]:
    row, index = ("c.id", "comments_fts") if comments else ("p.id", "posts_fts")
    for word in without.words:
        sql = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH ?)"  # noqa: S608
        yield Condition(sql, (match([word]),))
    yield from (_titled([title]) for title in without.titles)
    yield from _tex(without, comments=comments)
    yield from _filters(without.filters, comments=comments)


def _not(condition: Condition) -> Condition:
    return Condition(f"NOT ({condition.sql})", condition.values)


def _titled(titles: Iterable[Term]) -> Condition:
    return Condition("p.id IN (SELECT rowid FROM posts_fts WHERE posts_fts MATCH ?)", (match((), titles),))


def _tex(query: Query, *, comments: bool | None = None) -> Iterator[Condition]:
    for tex in query.tex:
        if query.filters.comments if comments is None else comments:
            yield Condition("instr(c.markdown, ?)", (tex,))
        else:
            sql, value = formulas_with(tex)
            yield Condition(f"p.id IN (SELECT f.post_id FROM formulas AS f WHERE {sql})", (value,))  # noqa: S608


def formulas_with(tex: str) -> tuple[str, str]:
    """Return the condition on formulas `f` to hold a piece of TeX, and the value of its question mark."""
    if len(tex) < TRIGRAM:
        return "instr(f.tex, ?)", tex
    return "f.id IN (SELECT rowid FROM formulas_fts WHERE formulas_fts MATCH ?)", quoted(tex)


def quoted(text: str) -> str:
    """Return a string of FTS5's query language."""
    return '"' + text.replace('"', '""') + '"'


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
    yield from (f"with the TeX {tex}" for tex in query.tex)
    yield from (f"in the category {name}" for name in filters.categories)
    yield from (f"tagged {name}" for name in filters.tags)
    yield from (f"in the topic {name}" for name in filters.topics)
    yield from (f"by {name}" for name in filters.authors)
    yield from (f"that have {name}" for name in filters.has)
    if filters.after:
        yield f"from {filters.after} on"
    if filters.before:
        yield f"before {filters.before}"


def _listed(terms: Iterable[Term], joined: str) -> str:
    return f" {joined} ".join(f"“{term.text}”" if term.exact else term.text for term in terms)
