"""The archive's database: one connection that writes, in transactions that can be grouped.

SQLite is opened in WAL mode with foreign keys on. Nothing else in this package assumes SQLite, except the migrations'
views and read-only queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from archiver.errors import ArchiverError, DiskFull, UsageError
from archiver.store import migrate, server
from archiver.store.faults import file_fault

BUSY_TIMEOUT_MS = 60_000
"""How long a writer waits for another: longer than any reader's query (30 s by default) may take."""

CACHE_KIB = 16_000
"""KiB of the database that its writer keeps in memory. With SQLite's own 2,000, a crawl of 800 posts reads from the
file five times as often, and what a post costs in reads grows with the archive."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA cache_size = {-CACHE_KIB}",
    # Each savepoint keeps pages as they were: in files, these were five of six writes of a crawl.
    "PRAGMA temp_store = MEMORY",
    # With WAL, NORMAL may lose the last transactions on power loss, never the file; the WARC, which is synced before
    # each commit, gives them back.
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)


def connect(url: str) -> Engine:
    """Return an engine with the pragmas set and transactions begun by us.

    Python's sqlite3 begins transactions by itself, and only before some statements; savepoints need them explicit
    (SQLAlchemy documentation, SQLite dialect, section on transactions).

    Raises UsageError when `url` is no database URL.
    """
    try:
        on_server = server.is_server(url)
        engine = server.engine(url) if on_server else create_engine(url)
    except (ArgumentError, ImportError, ValueError) as error:
        raise UsageError(f"expected a database URL such as sqlite:////path/archive.db: {error}") from error
    if not on_server:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def upsert(dialect: str, table: Any) -> Any:
    """Return an INSERT that can say what to do about an existing row: each database has its own form."""
    if dialect != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # rarely needed, and slow to load

    return postgresql.insert(table)


def put_rows(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run an INSERT for rows of the same columns, two or more, whose values are texts, numbers or booleans.

    The statement has to be one that is kept, as it is compiled once. SQLAlchemy itself would prepare parameters
    again for each row.
    """
    sql, values = _as_sql(statement, connection.dialect, tuple(rows[0]))
    connection.exec_driver_sql(sql, list(map(values, rows)))


@lru_cache(128)  # bounded: each engine has a dialect of its own, which would stay with it
def _as_sql(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, Callable[..., Any]]:
    """Return a statement as SQL, and what gives it the values of a row: in its order, or by name."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else dict


class Archive:
    """The database of an archive, open for writing by this process.

    `session` is the one unit of work; nothing is kept before `commit`. Raises DatabaseTooNew for a database of a newer
    version of this program. Whatever statement the storage fails at raises DiskFull or ArchiverError.
    """

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self.url = server.shown(self.engine.url)
        self.failure: ArchiverError | None = None
        """How the storage failed. Uncommitted work is lost then, so nothing that builds on it may follow."""
        event.listen(self.engine, "handle_error", self._fail)
        try:
            migrate.upgrade(self.engine)
        except BaseException:
            self.engine.dispose()
            raise
        self.session = Session(self.engine, expire_on_commit=False)

    def _fail(self, context: ExceptionContext) -> None:
        """Raise an error of ours in place of a failure of the storage.

        A full disk makes SQLite roll back by itself, and the savepoint's end fails too: the first failure has
        to be reported.
        """
        failing = storage_failure if context.dialect.name == "sqlite" else server.failure
        found = failing(self.url, context.sqlalchemy_exception)
        self.failure = self.failure or found
        if self.failure is not None:
            raise type(self.failure)(*self.failure.args)

    @contextmanager
    def savepoint(self) -> Iterator[Session]:
        """Keep what the block does only if all of it succeeds, without a transaction of its own."""
        # Of one name: SQLAlchemy's own get a new one each time, which is a new statement each time.
        connection = self.session.connection()
        connection.exec_driver_sql("SAVEPOINT block")
        try:
            yield self.session
        except BaseException:
            if not (connection.invalidated or connection.closed):  # as an interrupt leaves it: nothing is there to undo
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT block")
                connection.exec_driver_sql("RELEASE SAVEPOINT block")
            raise
        connection.exec_driver_sql("RELEASE SAVEPOINT block")

    def commit(self) -> None:
        """Make everything since the last commit durable."""
        try:
            self.session.commit()
        except ArchiverError:
            self.session.rollback()
            raise

    def recover(self) -> None:
        """Start again after a failure, without what was not committed: the end of a run may still fit on the disk."""
        with suppress(ArchiverError):
            self.session.rollback()
        self.failure = None

    def close(self) -> None:
        """Drop what was not committed and close the file."""
        with suppress(ArchiverError):
            self.session.close()
        self.engine.dispose()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_full(error: BaseException | None) -> bool:
    """Return whether an error of SQLite means a full disk, or no room for the file that readers share."""
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")


_CHECK = "check the file and its disk"
_ADVICE = {
    "READONLY": "work on a copy, or let this user write to the file and its folder",
    "CANTOPEN": "is the folder there, and may this user write to it?",
    "BUSY": "wait for the program that writes to it, and run again",
}
"""What to do about what SQLite says, by its primary result code (sqlite.org/rescode.html)."""


def storage_failure(where: str, error: BaseException | None) -> ArchiverError | None:
    """Return a failure of the storage as an error of ours: a full disk, a file that is not a database, one locked."""
    if fault := file_fault(where, getattr(error, "orig", None)):
        return fault
    if isinstance(error, OperationalError):
        reason = str(error.orig)
        if is_full(error.orig) or "disk is full" in reason:
            return DiskFull(f"{where}: no room left on the disk; free some and run again, nothing is lost")
        kind = getattr(error.orig, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
        return ArchiverError(f"{where}: expected to read and write it, found: {reason}; {_ADVICE.get(kind, _CHECK)}")
    if type(error) is DatabaseError:  # its subclasses are about rows, not about the file
        return ArchiverError(f"{where}: expected an SQLite database of this program, found: {error.orig}")
    return None
