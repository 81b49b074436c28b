"""Several archives in one database on a server, each in a schema of its own, queried at once over a few connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from archiver.errors import ArchiverError
from archiver.store import query
from archiver.store.results import Row, held
from archiver.store.server import Readers, quoted, spelled

if TYPE_CHECKING:
    from sqlalchemy import Connection

Found = TypeVar("Found")

Statement = tuple[str, Mapping[str, Any]]
"""A query in SQL, and the values of its names."""

CONNECTIONS = 4
"""How many archives are queried at a time."""

PATIENCE = 10.0
"""Seconds after which no further archive is queried, and no statement continues."""

LOCK_PATIENCE = 1.0
"""Seconds to wait for tables that a rebuild or migration holds: it takes them for a moment, at its end."""


@dataclass(frozen=True, slots=True)
class Answers(Generic[Found]):
    """The answers of archives."""

    found: dict[str, Found] = field(default_factory=dict)
    """By the name of the schema, in the order in which they were named."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why the others did not answer."""
    absent: tuple[str, ...] = ()
    """Those that do not exist: their blogs have nothing archived yet."""


class Schemas:
    """The archives in schemas of one database, for reading; may be shared by threads, and used in a `with` statement.

    All of them are queried over the same connections: to open one takes longer than most queries.
    """

    def __init__(self, url: str, names: Sequence[str], *, readers: Readers | None = None) -> None:
        """Take the database's URL and the names of the schemas; `readers` are connections to it that there are.

        Raises UsageError where the driver is not installed.
        """
        self.url = url
        self.names = tuple(names)
        self._readers = readers or Readers(url, kept=True)

    def of(self, names: Sequence[str]) -> Schemas:
        """Return others of this database, asked over the same connections."""
        return Schemas(self.url, names, readers=self._readers)

    def there(self, names: Sequence[str]) -> set[str]:
        """Return which of these schemas exist; raise UsageError where the server cannot be asked."""
        with query.explained_by_server(), self._readers.lent(PATIENCE) as connection:
            found = connection.exec_driver_sql(
                "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", (list(names),)
            )
            return {str(name) for (name,) in found}

    def ask(
        self,
        question: Callable[[str, Connection], Found],
        names: Sequence[str] | None = None,
        *,
        patience: float = PATIENCE,
    ) -> Answers[Found]:
        """Put a query to all archives, or to those named, and return what each answered.

        None is queried after `patience` seconds, and no statement takes longer than what is left of them. The query
        gets the name of the schema and a connection that finds its tables there. What an archive cannot answer is told
        with its name. Raises UsageError where the server cannot be asked at all.
        """
        until = time.monotonic() + patience
        asked = self.names if names is None else tuple(names)
        there = self.there(asked)
        answers: Answers[Found] = Answers(absent=tuple(name for name in asked if name not in there))
        asked = tuple(name for name in asked if name in there)

        def ask_one(name: str) -> tuple[bool, Any]:
            left = until - time.monotonic()
            if left <= 0:
                return False, f"not asked, as the others took {patience:g} seconds"
            try:
                with self.lent(name, left) as connection:
                    return True, question(name, connection)
            except ArchiverError as error:
                return False, str(error).removeprefix("SQL: ")

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for name, (answered, found) in zip(asked, pool.map(ask_one, asked), strict=True):
                if answered:
                    answers.found[name] = found
                else:
                    answers.failed[name] = found
        return answers

    def rows(self, asked: Mapping[str, Sequence[Statement]]) -> Answers[list[list[Row]]]:
        """Return the rows that each archive finds for statements of its own, in the words of SQLite; raise as `ask`."""

        def answered(name: str, connection: Connection) -> list[list[Row]]:
            return [held(query.ask_by(connection, spelled(sql), values)[1]) for sql, values in asked[name]]

        return self.ask(answered, list(asked))

    @contextmanager
    def lent(self, name: str, timeout: float) -> Iterator[Connection]:
        """Lend a connection that finds the tables of one archive; a statement may take `timeout` seconds.

        Whatever the server refuses in the block raises UsageError.
        """
        with query.explained_by_server(), self._readers.lent(timeout) as connection:
            connection.exec_driver_sql(
                f"SET LOCAL search_path TO {quoted(name)}; SET LOCAL lock_timeout TO {int(LOCK_PATIENCE * 1000)}"
            )
            yield connection

    def close(self) -> None:
        """Disconnect from the server."""
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
