"""The full-text index on a server: what `search_index` keeps in SQLite, in tables with an array of keys.

A row has the number of the one it is of, its words (`search_words`) and how many they are, and the keys that every text
with a phrase must have: words and pairs of neighbouring characters; of a formula, three characters each; of a shape,
words and pairs of words. The keys find candidates, the words decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from archiver.store import search_shapes
from archiver.store.search_conditions import TRIGRAM
from archiver.store.search_words import words

FORMULAS = "formulas"
"""The table whose index has keys alone: texts as they are, which are short, are in its rows."""

_BATCH = 500  # rows

_HELD = {
    "posts": ("title", "text", "size", "keys"),
    "pages": ("title", "text", "size", "keys"),
    "comments": ("author", "text", "size", "keys"),
    FORMULAS: ("keys",),
    "shapes": ("keys",),
}
"""What the index of each table has besides numbers."""
_TEXT = 'text COLLATE "C"'
_TYPES = {"size": "integer", "keys": 'text[] COLLATE "C"'}

Texts = Mapping[int, Sequence[str]]
"""The texts of each column, by number of the row."""


def rebuild(connection: Connection, rows: str, columns: Collection[str]) -> int:
    """Rebuild the index of a table from these columns, and return how many rows it has."""
    index = f"{rows}_fts"
    held = ", ".join(f"{name} {_TYPES.get(name, _TEXT)} NOT NULL" for name in _HELD[rows])
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {index}")
    connection.exec_driver_sql(f"CREATE TABLE {index} (id bigint PRIMARY KEY, {held})")
    count = 0
    for batch in _stored(connection, f"SELECT id, {', '.join(columns)} FROM {rows}"):  # noqa: S608
        put(connection, rows, {number: texts for number, *texts in batch})
        count += len(batch)
    connection.exec_driver_sql(f"CREATE INDEX ix_{index}_keys ON {index} USING gin (keys)")
    connection.exec_driver_sql(f"ANALYZE {index}")
    return count


def put(connection: Connection, rows: str, texts: Texts) -> None:
    """Give rows of a table these words, in place of those they had."""
    values = [(number, *_entry(rows, each)) for number, each in texts.items()]
    if not values:
        return
    columns = ("id", *_HELD[rows])
    again = ", ".join(f"{name} = excluded.{name}" for name in _HELD[rows])
    places = ", ".join(["%s"] * len(columns))
    connection.exec_driver_sql(
        f"INSERT INTO {rows}_fts ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {again}",  # noqa: S608
        values,
    )


def forget(connection: Connection, rows: str, numbers: Collection[int]) -> None:
    """Take rows of a table out."""
    connection.exec_driver_sql(f"DELETE FROM {rows}_fts WHERE id = ANY(%s)", (list(numbers),))  # noqa: S608


def forget_formulas(connection: Connection, post_id: int) -> None:
    """Take a post's formulas out; their rows must still be there."""
    connection.exec_driver_sql(
        "DELETE FROM formulas_fts WHERE id IN (SELECT id FROM formulas WHERE post_id = %s)", (post_id,)
    )


def put_formulas(connection: Connection, post_id: int) -> None:
    """Take a post's formulas in."""
    found = connection.exec_driver_sql("SELECT id, tex FROM formulas WHERE post_id = %s", (post_id,))
    put(connection, FORMULAS, {number: (tex,) for number, tex in found})


def holds_the_rows(connection: Connection, rows: str, columns: Collection[str]) -> bool:
    """Return whether the index of a table is what its rows make it."""
    index = f"{rows}_fts"
    if connection.exec_driver_sql("SELECT to_regclass(%s)", (index,)).scalar() is None:
        return False
    texts = ", ".join(f"r.{name}" for name in columns)
    held = ", ".join(f"i.{name}" for name in ("id", *_HELD[rows]))
    joined = f"{rows} AS r FULL JOIN {index} AS i ON i.id = r.id"
    for batch in _stored(connection, f"SELECT r.id, {texts}, {held} FROM {joined}"):  # noqa: S608
        for row in batch:
            number, wanted, found = row[0], row[1 : 1 + len(columns)], row[1 + len(columns) :]
            if number is None or (number, *_entry(rows, wanted)) != tuple(found):
                return False
    return True


def _entry(rows: str, texts: Sequence[str]) -> Iterator[Any]:
    """Yield what the index has of a row, without its number."""
    if rows in _KEYS:
        yield _KEYS[rows](texts[0])
        return
    found = [words(text) for text in texts]
    yield from (each.held for each in found)
    yield sum(len(each.words) for each in found)
    yield sorted(frozenset[str]().union(*(each.keys for each in found)))


def formula_keys(tex: str) -> list[str]:
    """Return the keys of a formula, or of a piece of one."""
    return sorted({tex[at : at + TRIGRAM] for at in range(len(tex) - TRIGRAM + 1)})


_KEYS: Mapping[str, Callable[[str], list[str]]] = {FORMULAS: formula_keys, "shapes": search_shapes.keys}
"""What gives the keys of a table whose index has nothing else."""


def _stored(connection: Connection, sql: str) -> Iterator[Sequence[Any]]:
    """Yield rows in batches; the connection may be used in between."""
    found = connection.exec_driver_sql(sql, execution_options={"yield_per": _BATCH})
    yield from found.partitions()
