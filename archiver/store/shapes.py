"""The shapes of formulas, which those that differ in spelling alone have in common: rows, kept up with the formulas.

The index of their words is `search_index`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from archiver.store import models
from archiver.store.database import put_rows, upsert
from archiver.store.search_shapes import number
from archiver.text import shapes, tex

_SHAPES: Any = models.Shape.__table__
_IN_COMMENTS: Any = models.CommentFormula.__table__
_COMMENTS: Any = models.Comment.__table__
_USES: tuple[Any, ...] = (models.Formula.__table__, models.PageFormula.__table__, _IN_COMMENTS)

_BATCH = 500
"""Numbers in one statement; SQLite before 3.32 takes 999 values."""


def of(formulas: Iterable[str]) -> list[tuple[int | None, str]]:
    """Return number and tokens of the shape of each formula of one text, in order; None of one that has no tokens."""
    return numbered(shapes.joined(formulas))


def numbered(found: Iterable[str]) -> list[tuple[int | None, str]]:
    """Return the same of shapes whose tokens are known."""
    return [(number(tokens) if tokens else None, tokens) for tokens in found]


def add(connection: Connection, found: Iterable[tuple[int | None, str]]) -> dict[int, str]:
    """Store those that are new, and return them."""
    wanted = {each: tokens for each, tokens in found if each is not None}
    new = dict(wanted)
    for batch in batches(wanted):
        for (there,) in connection.execute(_THERE, {"ids": batch}):
            del new[there]
    if new:
        rows = [{"id": each, "tokens": tokens} for each, tokens in new.items()]
        put_rows(connection, _insertion(connection.dialect.name), rows)
    return new


@cache
def _insertion(dialect: str) -> Any:
    return upsert(dialect, _SHAPES).on_conflict_do_nothing()


def batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Yield numbers in lists that one statement takes."""
    rest = iter(numbers)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def used_by(connection: Connection, table: Any, column: Any, row: int) -> set[int]:
    """Return the shapes that the formulas of one text have."""
    found = connection.execute(select(table.c.shape_id).where(column == row, table.c.shape_id.is_not(None)).distinct())
    return set(found.scalars())


def unused(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return those of these shapes that no formula has any longer."""
    return {row.id: row.tokens for batch in batches(numbers) for row in connection.execute(_UNUSED, {"ids": batch})}


def remove(connection: Connection, numbers: Collection[int]) -> None:
    """Remove shapes."""
    for batch in batches(numbers):
        connection.execute(_REMOVE, {"ids": batch})


_THERE = select(_SHAPES.c.id).where(_SHAPES.c.id.in_(bindparam("ids", expanding=True)))
_UNUSED = select(_SHAPES.c.id, _SHAPES.c.tokens).where(
    _SHAPES.c.id.in_(bindparam("ids", expanding=True)),
    *(~select(1).where(table.c.shape_id == _SHAPES.c.id).exists() for table in _USES),
)
_REMOVE = delete(_SHAPES).where(_SHAPES.c.id.in_(bindparam("ids", expanding=True)))


def put_comments(
    connection: Connection, texts: Mapping[int, str], known: Collection[int]
) -> tuple[dict[int, str], set[int]]:
    """Give comments, Markdown by number, the formulas they hold; `known` are those that may have some already.

    Return the shapes that are new, and those of formulas that are gone.
    """
    held = {comment: tex.scan(text, markdown=True).sources(text) for comment, text in texts.items()}
    before: dict[int, list[str]] = {}
    gone: set[int] = set()
    for batch in batches(known):
        for row in connection.execute(_OF_COMMENTS, {"ids": batch}):
            before.setdefault(row.comment_id, []).append(row.tex)
            gone.add(row.shape_id)
    changed = {comment: formulas for comment, formulas in held.items() if formulas != before.get(comment, [])}
    for batch in batches([comment for comment in changed if comment in before]):
        connection.execute(_FORGET_COMMENTS, {"ids": batch})
    rows, found = [], list[tuple[int | None, str]]()
    for comment, formulas in changed.items():
        here = of(formulas)
        found += here
        rows += [
            {"comment_id": comment, "position": position, "tex": source, "shape_id": shape}
            for position, (source, (shape, _)) in enumerate(zip(formulas, here, strict=True))
        ]
    new = add(connection, found)
    if rows:
        put_rows(connection, _PUT_IN_COMMENTS, rows)
    return new, {each for each in gone if each is not None} if changed else set()


_PUT_IN_COMMENTS = insert(_IN_COMMENTS)
_OF_COMMENTS = (
    select(_IN_COMMENTS)
    .where(_IN_COMMENTS.c.comment_id.in_(bindparam("ids", expanding=True)))
    .order_by(_IN_COMMENTS.c.comment_id, _IN_COMMENTS.c.position)
)
_FORGET_COMMENTS = delete(_IN_COMMENTS).where(_IN_COMMENTS.c.comment_id.in_(bindparam("ids", expanding=True)))


def rebuild(connection: Connection) -> None:
    """Give all formulas the shapes their sources make; those no formula has are removed."""
    for table, text, key in ((_USES[0], "post_id", ("id",)), (_USES[1], "page_id", ("page_id", "position"))):
        _reshape(connection, table, text, key)
    comments = connection.execute(select(_COMMENTS.c.id, _COMMENTS.c.markdown)).all()
    for start in range(0, len(comments), _BATCH):
        texts = {row.id: row.markdown for row in comments[start : start + _BATCH]}
        put_comments(connection, texts, texts)
    remove(connection, list(unused(connection, list(connection.execute(select(_SHAPES.c.id)).scalars()))))


def _reshape(connection: Connection, table: Any, text: str, key: Sequence[str]) -> None:
    columns = [table.c[name] for name in dict.fromkeys((text, *key, "tex", "shape_id"))]
    again = update(table).where(*(table.c[name] == bindparam(f"b_{name}") for name in key))
    again = again.values(shape_id=bindparam("shape_id"))
    rows = select(*columns).where(table.c[text].in_(bindparam("ids", expanding=True)))
    rows = rows.order_by(table.c[text], table.c.position)
    for ids in batches(connection.execute(select(table.c[text]).distinct()).scalars().all()):
        formulas = connection.execute(rows, {"ids": ids}).mappings().all()
        found = [each for _, here in groupby(formulas, itemgetter(text)) for each in of(row["tex"] for row in here)]
        add(connection, found)
        changed = [
            {"shape_id": shape, **{f"b_{name}": row[name] for name in key}}
            for row, (shape, _) in zip(formulas, found, strict=True)
            if row["shape_id"] != shape
        ]
        if changed:
            connection.execute(again, changed)
