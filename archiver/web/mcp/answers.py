"""The answers of the MCP tools: text of bounded length, to be read in a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby

from archiver.counting import counted
from archiver.errors import NotArchived, UsageError
from archiver.store import schema, search, suggestions
from archiver.store.passages import sentences
from archiver.store.pool import Row
from archiver.store.search import Hit
from archiver.store.search_query import Query
from archiver.text.commonmark import parts, with_dollars
from archiver.urls import LARGEST_POST
from archiver.web.reader import markdown, returning, tables
from archiver.web.reader.desk import Desk

LONGEST = 12_000
"""Characters of a text in one answer: some 4,000 tokens of English, 10,000 of Chinese."""

MOST = 50
"""Hits, formulas or posts per answer."""

_LONGEST_FORMULA = 2_000  # characters
_MOST_IN_A_POST = 5  # formulas of one post, so that one post does not fill an answer


def found(here: Desk, query: str, limit: int, offset: int) -> str:
    """Return the hits of a search; raise UsageError for an invalid query."""
    with here.pool.searching() as index:
        results = search.search(index, query, here.site, limit=limit, offset=offset)
        meant = None if results.exact else suggestions.meant(index, query)
    lines = [f"{results.exact} exact, {results.related} related: {results.understood}"]
    lines += [f"Did you mean: {meant}"] if meant else []
    lines += [_hit(hit) for hit in results.hits]
    more = results.total - offset - len(results.hits)
    lines += [f"{more} more: ask again with offset={offset + len(results.hits)}"] if more > 0 else []
    return _bounded("\n\n".join(lines))


def _hit(hit: Hit) -> str:
    about = (hit.published_on, *hit.categories, hit.author)
    whose = f"page {hit.page_id}" if hit.page_id else f"post {hit.post_id}"
    whose += f", comment {hit.comment_id}" if hit.comment_id else ""
    return "\n".join(
        (
            f"{whose}: {''.join(each.text for each in hit.title)}"
            + (" (covers a part of the query only)" if hit.related else ""),
            " · ".join(filter(None, (*about, hit.url))),
            "".join(each.text for each in hit.passage),
            *(formula for formula in hit.formulas if len(formula) <= _LONGEST_FORMULA),
        )
    )


def post(here: Desk, wanted: int | str, part: int) -> str:
    """Return a part of a post as Markdown; raise UsageError when there is no such post or part."""
    row = _post(here, wanted)
    return _part(markdown.document(here, row), part, f"post {row['id']}")


def whole_post(here: Desk, wanted: int | str) -> str:
    """Return a post as Markdown; raise UsageError when the archive does not hold it."""
    return markdown.document(here, _post(here, wanted))


def page(here: Desk, number: int, part: int) -> str:
    """Return a part of an independent page as Markdown; raise UsageError when there is no such page or part."""
    row = here.queries.page(number) if number <= LARGEST_POST else None
    if row is None:
        raise NotArchived(f"page {number}")
    return _part(markdown.page_document(row), part, f"page {number}")


def comments(here: Desk, wanted: int | str, part: int) -> str:
    """Return a part of the comments on a post; raise UsageError when there is no such post or part."""
    row = _post(here, wanted)
    said = here.queries.comments(row["id"])
    head = f"{counted(len(said), 'comment')} on post {row['id']}: {row['title']}"
    return _part("\n\n".join([head, *map(_comment, said)]), part, f"the comments on post {row['id']}")


def _comment(row: Row) -> str:
    facts = (
        f"comment {row['id']}",
        f"in answer to {row['parent_id']}" if row["parent_id"] else None,
        row["author"] + (" (the blog's author)" if row["is_owner"] else ""),
        row["published_on"],
        "no longer on the blog" if row["deleted_at"] else None,
    )
    return f"## {', '.join(filter(None, facts))}\n\n{with_dollars(row['markdown'])}"


def formulas(here: Desk, tex: str, limit: int) -> str:
    """Return formulas with a fragment of TeX in them, each in its sentence; raise UsageError where there is none."""
    fragment = tex.strip()
    if not fragment:
        raise UsageError(r"expected a fragment of TeX such as \frac{1}{2}, found nothing")
    with here.pool.searching() as index:
        results = search.search(index, Query(tex=(fragment,)), here.site, limit=MOST)
    shown, lines = 0, [f"{fragment} is in formulas of {counted(results.exact, 'text')}"]
    for hit in results.hits:
        if shown >= limit or hit.related:
            break
        table, key, number = (
            ("page_formulas", "page_id", hit.page_id) if hit.page_id else ("formulas", "post_id", hit.post_id)
        )
        text, sources = _text_with_formulas(here, table, key, number)
        around = list(sentences(text, (row["tex"] for row in sources), fragment))
        lines.append(_hit_in_brief(hit, sum(1 for row in sources if fragment in row["tex"])))
        for sentence, group in groupby(around[: min(_MOST_IN_A_POST, limit - shown)], key=lambda pair: pair[1]):
            places = [place for place, _ in group]
            shown += len(places)
            lines.append(f"{_named(sources[place] for place in places)}\n{with_dollars(sentence)}")
    return _bounded("\n\n".join(lines))


def _text_with_formulas(here: Desk, table: str, key: str, number: int | None) -> tuple[str, list[Row]]:
    whose = "pages" if table == "page_formulas" else "posts"
    row = here.pool.row(f"SELECT text FROM {whose} WHERE id = :number", {"number": number})  # noqa: S608
    found = here.pool.rows(
        f"SELECT position, label, tag, tex FROM {table} WHERE {key} = :number ORDER BY position",  # noqa: S608
        {"number": number},
    )
    return row["text"] if row else "", found


def _hit_in_brief(hit: Hit, count: int) -> str:
    whose = f"page {hit.page_id}" if hit.page_id else f"post {hit.post_id}"
    facts = (hit.published_on, counted(count, "formula"), hit.url)
    return f"# {whose}: {''.join(each.text for each in hit.title)}\n{' · '.join(filter(None, facts))}"


def _named(rows: Iterable[Row]) -> str:
    names = (
        f"formula {row['position']}"
        + (f", label {row['label']}" if row["label"] else "")
        + (f", number {row['tag']}" if row["tag"] else "")
        for row in rows
    )
    return f"[{'; '.join(names)}]"


def citations(here: Desk, wanted: int | str) -> str:
    """Return what a post cites and what cites it; raise UsageError when the archive does not hold it."""
    row = _post(here, wanted)
    number = row["id"]
    lines = [f"post {number}: {row['title']}"]
    for heading, rows in (("Cites", here.queries.cites(number)), ("Cited by", here.queries.cited_by(number))):
        lines += [f"\n{heading} {counted(len(rows), 'post')}", *map(_cited, rows)]
    works = here.queries.works(number)
    lines += [f"\nCites {counted(len(works), 'work')} elsewhere"]
    lines += [f"- {work['title'] or work['kind'] + ':' + work['identifier']} {work['url']}" for work in works]
    return _bounded("\n".join(lines))


def _cited(row: Row) -> str:
    return f"- post {row['id']}: {row['title'] or 'not in the archive'} {row['published_on'] or ''}".rstrip()


def changes(here: Desk, since: str, limit: int) -> str:
    """Return what the archive found since a day or time; raise UsageError for anything else."""
    rows = returning.since(here.pool, since, limit + 1)
    lines = [f"{counted(len(rows[:limit]), 'post')} new, changed or with new comments since {since}"]
    lines += map(_changed, rows[:limit])
    lines += ["There are more: ask with a later day or a higher limit"] if len(rows) > limit else []
    return "\n".join(lines)


def _changed(row: Row) -> str:
    what = "new" if row["is_new"] else "changed" if row["is_changed"] else ""
    talk = counted(row["new_comments"], "new comment") if row["new_comments"] else ""
    return f"- post {row['id']}: {row['title']} ({', '.join(filter(None, (row['published_on'], what, talk)))})"


def rows(here: Desk, query: str, limit: int) -> str:
    """Return what an SQL query finds, one JSON array per line; raise UsageError for one that is wrong or writes."""
    table = tables.table(here, query)
    lines = [json.dumps(table.columns, ensure_ascii=False)]
    length = len(lines[0])
    for row in table.rows[:limit]:
        line = json.dumps(row, ensure_ascii=False)
        length += len(line)
        if length > LONGEST:
            break
        lines.append(line)
    shown = len(lines) - 1
    left = len(table.rows) - shown
    if left or table.more:
        count = f"{left} more rows" if not table.more else f"more than {left} more rows"
        lines.append(f"{count} are not shown: ask for fewer rows or columns, or add LIMIT and OFFSET")
    return "\n".join(lines)


def described(table: str | None) -> str:
    """Return the tables and views, one per line, or the columns of one; raise UsageError for an unknown one."""
    known = {each.name: each for each in (*schema.tables(), *schema.views())}
    if not table:
        return "\n".join((*schema.CONVENTIONS, "", *(f"{each.name}: {each.about}" for each in known.values())))
    if table not in known:
        raise UsageError(f"expected the name of a table or view, found {table!r}; there are: {', '.join(known)}")
    one = known[table]
    return "\n".join((one.about, "", *(f"{each.name} ({each.kind}): {each.about}" for each in one.columns)))


def _post(here: Desk, wanted: int | str) -> Row:
    """Return a post by its number or address; raise UsageError when the archive does not hold it."""
    text = str(wanted).strip()
    if text.isascii() and text.isdigit():
        number: int | None = int(text[:20])
    else:
        url = here.site.resolve(text)
        number = here.site.post_id((here.site.discussion(url) or (url,))[0]) if url else None
    if number is None:
        raise UsageError(f"expected the number of a post, such as 8265, or its address, found {text[:80]!r}")
    row = here.queries.post(number) if number <= LARGEST_POST else None
    if row is None:
        raise NotArchived(f"post {number}")
    return row


def _part(text: str, number: int, whose: str) -> str:
    cut = parts(text, LONGEST)
    if not 1 <= number <= len(cut):
        raise UsageError(f"part: expected a number from 1 to {len(cut)}, found {number}")
    where = f"[part {number} of {len(cut)} of {whose}" + (
        f"; ask for part {number + 1} next]" if number < len(cut) else "]"
    )
    return cut[0] if len(cut) == 1 else f"{where}\n\n{cut[number - 1]}"


def _bounded(text: str) -> str:
    first, *rest = parts(text, LONGEST)
    return f"{first.rstrip()}\n\n[cut after {LONGEST} characters: ask for less]" if rest else first
