"""The full-text index: made from the rows of posts, pages, comments and formulas, and kept up with them.

It changes in the transaction that changes the rows, so that a program killed anywhere leaves both or neither. What is
here is SQLite's; on a server it is kept in arrays (`search_arrays`).

In SQLite it changes when the transaction is committed, for all its rows at once: FTS5 writes what it has at each
savepoint and merges it later, which page by page is more than twice the work. It holds no text of its own, which would
be a quarter of the database. So to take words out, FTS5 has to be told those that were put in: they are read from the
rows before these change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, bindparam, event, inspect, text
from sqlalchemy.orm import Session, SessionTransaction

from archiver import items
from archiver.store import models, shapes
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


def optimize(connection: Connection, progress: Callable[[int, int], object]) -> None:
    """Make the index as small and quick as it can be; a server's is so at any time.

    `progress` is told how many tables are done, and of how many.
    """
    if _arrays(connection):
        return
    for done, table in enumerate(TABLES, 1):
        _optimize(connection, table)
        progress(done, len(TABLES))


@dataclass(frozen=True, slots=True)
class _Held:
    """What the index holds of rows that have changed in this transaction; true after a savepoint's rollback too."""

    words: dict[str, dict[int, tuple[str, ...] | None]] = field(default_factory=dict)
    """By table of rows and number, the texts its entry was made of; None where there is no entry."""
    formulas: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """Number and source of formulas, by post."""

    def of(self, table: str) -> dict[int, tuple[str, ...] | None]:
        """Return the words of a table's rows."""
        return self.words.setdefault(table, {})

    def clear(self) -> None:
        """Forget all of it: from here on others may change the index."""
        self.words.clear()
        self.formulas.clear()


_HELD = "what the search index holds"
"""Key of a session's `info`."""


def _held(session: Session) -> _Held:
    if _HELD not in session.info:
        session.info[_HELD] = _Held()
        event.listen(session, "before_commit", _write)
        event.listen(session, "after_transaction_end", _forget)
    found: _Held = session.info[_HELD]
    return found


def _write(session: Session) -> None:
    """Bring the index up to the rows.

    They are read again: what a savepoint took back is as it was.
    """
    held, connection = _held(session), session.connection()
    for rows in held.words:
        # In order: at a lower number than the one before FTS5 writes what it has, as at a savepoint.
        for numbers in shapes.batches(sorted(held.words[rows])):
            _replace(connection, rows, {number: held.words[rows][number] for number in numbers})
    if gone := [each for formulas in held.formulas.values() for each in formulas]:
        connection.exec_driver_sql(_DELETE_FORMULA, gone)
    if new := _formulas(connection, held.formulas):
        connection.exec_driver_sql(_INSERT_FORMULA, new)


def _forget(session: Session, _: SessionTransaction) -> None:
    _held(session).clear()


def _replace(connection: Connection, rows: str, before: Mapping[int, tuple[str, ...] | None]) -> None:
    now = _texts(connection, rows, before)
    changed = [number for number, texts in before.items() if texts != now.get(number)]
    for table in (each for each in TABLES if each.rows == rows):
        for statement, texts in ((table.delete, before), (table.insert, now)):
            entries = [(number, *table.entry(*found)) for number in changed if (found := texts.get(number))]
            if entries:
                connection.exec_driver_sql(statement, entries)


_COLUMNS = {table.rows: table.made_of or tuple(table.columns) for table in TABLES if not table.is_exact}
"""What entries are made of, by table of rows; those of formulas are put in by post."""


def _texts(connection: Connection, rows: str, numbers: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the texts of rows, by number."""
    found = (connection.execute(_stored(rows), {"ids": batch}) for batch in shapes.batches(numbers))
    return {number: tuple(texts) for stored in found for number, *texts in stored}


@cache
def _stored(rows: str) -> Any:
    stored = f"SELECT id, {', '.join(_COLUMNS[rows])} FROM {rows} WHERE id IN :ids"  # noqa: S608
    return text(stored).bindparams(bindparam("ids", expanding=True))


def reword_post(session: Session, number: int, title: str, body: str, *, anew: bool) -> None:
    """Give a post these words, before its row has them; `anew` says that it has no row yet."""
    _reword(session, "posts", {number: (title, body)}, {} if anew else None)


def reword_page(session: Session, number: int, title: str, body: str) -> None:
    """Give an independent page these words, before its row has them."""
    _reword(session, "pages", {number: (title, body)})


def reword_comments(
    session: Session, words: Mapping[int, tuple[str, str]], before: Mapping[int, tuple[str, str]]
) -> None:
    """Give comments these words, author and text by number, before their rows have them; `before` are those they have.

    Comments without a row have none.
    """
    _reword(session, "comments", words, before)


def _reword(
    session: Session,
    rows: str,
    words: Mapping[int, tuple[str, str]],
    before: Mapping[int, tuple[str, str]] | None = None,
) -> None:
    """Put words in, in place of those of before, which are asked for unless they are known."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put(connection, rows, words)
        return
    held = _held(session).of(rows)
    if unknown := words.keys() - held.keys():
        known = _texts(connection, rows, unknown) if before is None else before
        held |= {number: known.get(number) for number in unknown}


def forget_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas out; their rows must still be there."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.forget_formulas(connection, post_id)
    elif post_id not in (held := _held(session).formulas):
        held[post_id] = _formulas(connection, [post_id])


def put_formulas(session: Session, post_id: int) -> None:
    """Take a post's formulas in."""
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put_formulas(connection, post_id)
    else:
        _held(session).formulas.setdefault(post_id, [])


def _formulas(connection: Connection, posts: Collection[int]) -> list[tuple[int, str]]:
    """Return number and source of the formulas of posts, in the order of numbers."""
    found = (connection.execute(_OF_POSTS, {"ids": batch}) for batch in shapes.batches(posts))
    return sorted((number, tex) for rows in found for number, tex in rows)


_OF_POSTS = text("SELECT id, tex FROM formulas WHERE post_id IN :ids").bindparams(bindparam("ids", expanding=True))
_DELETE_FORMULA = "INSERT INTO formulas_fts (formulas_fts, rowid, tex) VALUES ('delete', ?, ?)"
_INSERT_FORMULA = "INSERT INTO formulas_fts (rowid, tex) VALUES (?, ?)"  # SQLite makes a savepoint for many at once


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
    else:
        held = _held(session).of("shapes")
        held |= {number: (tokens,) for number, tokens in gone.items() if number not in held}
    shapes.remove(connection, gone)


def _index_shapes(session: Session, new: Mapping[int, str]) -> None:
    if not new:
        return
    connection = session.connection()
    if arrays := _arrays(connection):
        arrays.put(connection, "shapes", {number: (tokens,) for number, tokens in new.items()})
    else:
        held = _held(session).of("shapes")
        held |= dict.fromkeys(number for number in new if number not in held)


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
