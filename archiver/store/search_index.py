"""The full-text index: made from the rows of posts, pages, comments and formulas, and kept up with them.

It changes in the transaction that changes the rows, so that a program killed anywhere leaves both or neither. What is
here is SQLite's; on a server it is kept in arrays (`search_arrays`).

In SQLite it holds no text of its own, which would be a quarter of the database. So to take words out, FTS5 has to be
told those that were put in: they are read from the rows, and for that the index changes first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, bindparam, inspect, text
from sqlalchemy.orm import Session

from archiver import items
from archiver.store import models, search_shapes, shapes
from archiver.store.search_tables import TABLES, FullText

_BATCH = 500  # rows


def rebuild(connection: Connection) -> dict[str, int]:
    """Rebuild the index from the rows, and return how many each table has; the caller makes that one transaction."""
    there = inspect(connection).get_table_names()
    tables = [table for table in TABLES if table.rows in there]  # early migrations come here, too
    if "shapes" in there:
        shapes.rebuild(connection)
    if arrays := _arrays(connection):
        return {table.name: arrays.rebuild(connection, table.rows, table.columns) for table in tables if table.vital}
    for table in tables:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")
        connection.exec_driver_sql(table.statement)
        _fill(connection, table)
        _optimize(connection, table)
    return {table.name: _count(connection, table) for table in tables}


_AT_END = "search index at end"
"""Key of a session's `info`: whether the index waits for the end."""


@contextmanager
def at_end(session: Session, progress: Callable[[int, int], object]) -> Iterator[None]:
    """Leave the index alone while the block fills an empty archive, and make it of all rows at the end.

    FTS5 writes what it has at each savepoint, and merges it later: page by page, that is more than twice the work. A
    server's index is kept up as ever. `progress` is told how many tables are done, and of how many.
    """
    if _arrays(session.connection()):
        yield
        return
    session.info[_AT_END] = True
    try:
        yield
    finally:
        del session.info[_AT_END]
    for done, table in enumerate(TABLES, 1):
        _fill(session.connection(), table)
        _optimize(session.connection(), table)
        progress(done, len(TABLES))


def reword_post(session: Session, number: int, title: str, body: str, *, anew: bool) -> None:
    """Give a post these words, before its row has them; `anew` says that it has no row yet."""
    _reword(session, "posts", ("title", "text"), {number: (title, body)}, {} if anew else None)


def reword_page(session: Session, number: int, title: str, body: str) -> None:
    """Give an independent page these words, before its row has them."""
    _reword(session, "pages", ("title", "text"), {number: (title, body)})


def reword_comments(
    session: Session, words: Mapping[int, tuple[str, str]], before: Mapping[int, tuple[str, str]]
) -> None:
    """Give comments these words, author and text by number, before their rows have them; `before` are those they have.

    Comments without a row have none.
    """
    _reword(session, "comments", ("author", "text"), words, before)


def _reword(
    session: Session,
    table: str,
    columns: tuple[str, str],
    words: Mapping[int, tuple[str, str]],
    before: Mapping[int, tuple[str, str]] | None = None,
) -> None:
    """Put words in, in place of those of before, which are asked for unless they are known."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put(connection, table, words)
        return
    if _AT_END in session.info:
        return
    if before is None:
        stored = connection.execute(_stored(table, columns), {"ids": list(words)})
        before = {row[0]: (row[1], row[2]) for row in stored}
    changed = [number for number in words if before.get(number) != words[number]]
    for index in (each for each in TABLES if each.rows == table):
        for statement, held in ((index.delete, before), (index.insert, words)):
            rows = [(number, *index.entry(*held[number])) for number in changed if number in held]
            if rows:
                connection.exec_driver_sql(statement, rows)


@cache
def _stored(table: str, columns: tuple[str, str]) -> Any:
    """Return the query of the words that rows have."""
    stored = f"SELECT id, {', '.join(columns)} FROM {table} WHERE id IN :ids"  # noqa: S608
    return text(stored).bindparams(bindparam("ids", expanding=True))


def forget_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas out; their rows must still be there."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.forget_formulas(connection, post_id)
    elif _AT_END not in session.info:
        connection.execute(_DELETE_FORMULAS, {"post": post_id})


def put_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas in."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put_formulas(connection, post_id)
    elif _AT_END not in session.info:
        connection.execute(_INSERT_FORMULAS, {"post": post_id})


_DELETE_FORMULAS = text(
    "INSERT INTO formulas_fts (formulas_fts, rowid, tex) SELECT 'delete', id, tex FROM formulas WHERE post_id = :post"
)
_INSERT_FORMULAS = text("INSERT INTO formulas_fts (rowid, tex) SELECT id, tex FROM formulas WHERE post_id = :post")


def put_shapes(session: Session, content: items.Content) -> list[int | None]:
    """Take in the shapes of a text's formulas, and return their numbers in the same order."""
    connection = session.connection()
    formulas = (formula.tex for formula in content.formulas)
    found = shapes.of(formulas) if content.shapes is None else shapes.numbered(content.shapes)
    _index_shapes(session, shapes.add(connection, found))
    return [number for number, _ in found]


def put_comment_formulas(session: Session, texts: Mapping[int, str], known: Collection[int]) -> None:
    """Give comments, Markdown by number, the formulas they hold; their rows must be there.

    `known` are those that may have some already.
    """
    new, gone = shapes.put_comments(session.connection(), texts, known)
    _index_shapes(session, new)
    forget_shapes(session, gone)


def shapes_of_post(session: Session, post_id: int) -> set[int]:
    """Return the shapes that a post's formulas have."""
    table: Any = models.Formula.__table__
    return shapes.used_by(session.connection(), table, table.c.post_id, post_id)


def shapes_of_page(session: Session, page_id: int) -> set[int]:
    """Return the shapes that an independent page's formulas have."""
    table: Any = models.PageFormula.__table__
    return shapes.used_by(session.connection(), table, table.c.page_id, page_id)


def forget_shapes(session: Session, numbers: set[int]) -> None:
    """Take those of these shapes out that no formula has any longer."""
    connection = session.connection()
    gone = shapes.unused(connection, numbers) if numbers else {}
    if not gone:
        return
    if arrays := _arrays(connection):
        arrays.forget(connection, "shapes", gone)
    elif _AT_END not in session.info:
        connection.exec_driver_sql(_DELETE_SHAPE, [_words_of(each) for each in gone.items()])
    shapes.remove(connection, gone)


def _index_shapes(session: Session, new: Mapping[int, str]) -> None:
    if not new:
        return
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put(connection, "shapes", {number: (tokens,) for number, tokens in new.items()})
    elif _AT_END not in session.info:
        connection.exec_driver_sql(_INSERT_SHAPE, [_words_of(each) for each in new.items()])


def _words_of(shape: tuple[int, str]) -> tuple[int, str]:
    return shape[0], search_shapes.words(shape[1])


_INSERT_SHAPE = "INSERT INTO shapes_fts (rowid, tokens) VALUES (?, ?)"
_DELETE_SHAPE = "INSERT INTO shapes_fts (shapes_fts, rowid, tokens) VALUES ('delete', ?, ?)"


def _arrays(connection: Connection) -> ModuleType | None:
    """Return what keeps the index on a server, or None for SQLite."""
    if connection.dialect.name == "sqlite":
        return None
    from archiver.store import search_arrays

    return search_arrays


def _optimize(connection: Connection, table: FullText) -> None:
    """Make a table as small and quick as it can be."""
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({table.name}) VALUES ('optimize')")  # noqa: S608


def _count(connection: Connection, table: FullText) -> int:
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one())  # noqa: S608


def _fill(connection: Connection, table: FullText) -> None:
    """Take in all rows of a table."""
    if table.is_exact:
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({table.name}) VALUES ('rebuild')")  # noqa: S608
        return
    sqlite: Any = connection.connection.driver_connection
    found = sqlite.execute(table.query)
    while rows := found.fetchmany(_BATCH):
        sqlite.executemany(table.insert, [(number, *table.entry(*texts)) for number, *texts in rows])
