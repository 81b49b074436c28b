"""A pool of read-only connections to one database, for queries from many threads at once.

A connection serves one query at a time and is kept for the next; each query sees what a crawl has committed by
then, and a database that has replaced another one.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.errors import ArchiverError
from archiver.store import query, search
from archiver.store.faults import file_fault
from archiver.store.results import held
from archiver.store.search import SearchIndex

if TYPE_CHECKING:
    from archiver.store.server import Readers

Row = dict[str, Any]

_MOST_IDLE = 8


class ReadOnlyPool:
    """Read-only connections to one database; may be shared by threads."""

    def __init__(self, database: str) -> None:
        """Open the database with this URL.

        Raises UsageError when there is none.
        """
        self.database = database
        self._file = query.sqlite_file(database)
        self._idle: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._readers: Readers | None = None
        try:
            self.tuples("SELECT count(*) FROM captures WHERE id < 0")
        except BaseException:
            self.close()
            raise

    def tuples(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return what a query finds.

        Raises ArchiverError when the database cannot be read.
        """
        return self._asked(sql, values)[1]

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Return what a query finds, each row by its column names; raise as `tuples` does."""
        names, found = self._asked(sql, values)
        return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, sql: str, values: Mapping[str, Any] | None = None) -> Row | None:
        """Return the first row a query finds, or None."""
        return next(iter(self.rows(sql, values)), None)

    def _asked(self, sql: str, values: Mapping[str, Any] | None) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        if self._file is None:
            with self._server() as lent:
                from archiver.store.server import spelled

                names, found = query.ask_by(lent, spelled(sql), values or {})
                return names, held(found)
        try:
            with self._connection() as connection:
                cursor = connection.execute(sql, values or {})
                return [column[0] for column in cursor.description], cursor.fetchall()
        except (sqlite3.Error, OSError) as error:
            if fault := file_fault(self._file, error):
                raise fault from error
            raise ArchiverError(f"{self._file}: expected the database of an archive, found: {error}") from error

    @contextmanager
    def searching(self) -> Iterator[SearchIndex]:
        """Lend the full-text index; raise UsageError when there is none."""
        if self._file is None:
            with self._server() as lent:
                yield search.on_server(lent)
        else:
            with self._connection() as connection:
                yield search.in_file(connection)

    @contextmanager
    def _server(self) -> Iterator[Any]:
        """Lend a connection to a server."""
        with query.explained_by_server():
            if self._readers is None:
                from archiver.store.server import Readers

                self._readers = Readers(self.database, kept=True)
            with self._readers.lent(query.TIMEOUT) as connection:
                yield connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to the file now at the database's path: a rebuild puts a new one there.

        Raises UsageError when there is no longer an archive.
        """
        assert self._file  # noqa: S101  # a server's are lent above
        inode = _inode(self._file)
        connection = self._taken(inode) or query.connect(self._file)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((inode, connection))
                return
        connection.close()

    def close(self) -> None:
        """Close the connections."""
        if self._readers:
            self._readers.close()
        with self._lock:
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()

    def _taken(self, inode: int) -> sqlite3.Connection | None:
        with self._lock:
            while self._idle:
                opened_on, connection = self._idle.pop()
                if opened_on == inode:
                    return connection
                connection.close()
        return None


def _inode(file: Path) -> int:
    try:
        return os.stat(file).st_ino  # noqa: PTH116 - on every question
    except FileNotFoundError:
        return 0
