"""SQL for people and programs that only reads, whatever it says.

SQLite is opened read-only, told to refuse writes, and asked before each step of a statement whether it may be taken;
a clock stops what takes too long. So a query from anywhere can be run on the archive, even while a crawl writes to it.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.config import without_secrets
from archiver.durable import in_place_of
from archiver.errors import ArchiverError, UsageError
from archiver.store import location
from archiver.store.faults import file_fault
from archiver.store.results import Result, Row, Stream, held

if TYPE_CHECKING:
    from sqlalchemy import Connection

TIMEOUT = 30.0
"""Seconds a query may take by default."""

MOST_BYTES = 100_000_000
"""Longest text or blob a query may make: all posts of the blog in one are half of that."""

GRACE = 1.0
"""Seconds beyond its time limit that a query has to stop by itself, before it counts as stuck."""

_STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock: about a millisecond
_BATCH = 200  # rows

_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}

_FUNCTIONS_REFUSED = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}
"""Functions that reach outside the database, in the builds that have them."""

_TELLING = {
    # data_version is what full-text tables ask for
    "application_id", "collation_list", "compile_options", "data_version", "database_list", "encoding",
    "freelist_count", "function_list", "journal_mode", "module_list", "page_count", "page_size", "pragma_list",
    "schema_version", "user_version",
}  # fmt: skip
"""Pragmas that report something when given no value; with one, many of them set it."""

_ASKING = {
    "foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check",
    "quick_check", "table_info", "table_list", "table_xinfo",
}  # fmt: skip
"""Pragmas whose value only says what the question is about."""

_SCHEMA = {"sqlite_master", "sqlite_temp_master"}

_WORDS = {
    sqlite3.SQLITE_ALTER_TABLE: "ALTER TABLE",
    sqlite3.SQLITE_ANALYZE: "ANALYZE",
    sqlite3.SQLITE_ATTACH: "ATTACH or VACUUM",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_REINDEX: "REINDEX",
    sqlite3.SQLITE_SAVEPOINT: "SAVEPOINT",
    sqlite3.SQLITE_TRANSACTION: "a transaction",
    sqlite3.SQLITE_UPDATE: "UPDATE",
}

Parameters = Sequence[Any] | Mapping[str, Any]
Found = tuple[tuple[str, ...], Iterator[Row]]


def run(
    archive: str | Path,
    sql: str,
    parameters: Parameters = (),
    *,
    timeout: float = TIMEOUT,
    limit_rows: int | None = None,
) -> Result:
    """Return what a query finds: `archive` is the SQLite file or a database URL, `limit_rows` the most rows to read.

    Raises UsageError for a query that is wrong, writes, takes longer than `timeout` seconds or finds more rows than
    memory should hold, and when there is no archive; ArchiveDamaged when its file is.
    """
    with stream(archive, sql, parameters, timeout=timeout, limit_rows=limit_rows) as found:
        return Result(found.columns, held(found.rows))


@contextmanager
def stream(
    archive: str | Path,
    sql: str,
    parameters: Parameters = (),
    *,
    timeout: float = TIMEOUT,
    limit_rows: int | None = None,
    stuck: Callable[[str], object] | None = None,
) -> Iterator[Stream]:
    """Run a query and hand out its rows while they are read, for as long as the block lasts.

    Only the time spent in the database counts against `timeout`. SQLite looks at the clock between the steps of a
    query; one step, such as instr() on two huge texts, may take hours. `stuck` is then called in a thread of its own,
    with what to say: all it can do is to end the process. Raises as `run` does, also while rows are read.
    """
    file = sqlite_file(archive)
    if file is None:
        asked = _ask_server(str(archive), sql, parameters, timeout)
    else:
        asked = _ask(file, sql, parameters, _QueryGuard(timeout, stuck))
    with asked as (columns, rows):
        yield Stream(columns, islice(rows, limit_rows))


def connect(file: Path) -> sqlite3.Connection:
    """Open an archive's SQLite file for reading only.

    A database in WAL mode needs a place for its shared index next to it. On a medium that gives none, or a full one,
    the file is opened as one that never changes, which is only right if nothing waits in a log. What a killed program
    left half written in a database of another mode, as each is before its first table, is taken back first.

    Raises UsageError when there is no archive, and sqlite3.Error when the file cannot be read or is not a database.
    """
    _find(file)
    try:
        return _opened(file, "mode=ro")
    except sqlite3.OperationalError as error:
        if not _name(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR_SHM")):
            raise
        if _name(error) == "SQLITE_READONLY_ROLLBACK":
            with suppress(sqlite3.OperationalError):
                return _opened(file, "mode=rw")
        for log in (file.with_name(file.name + end) for end in ("-wal", "-journal")):
            if log.exists() and log.stat().st_size:
                raise UsageError(
                    f"{file}: its folder cannot be written and its latest changes are still in {log.name}: copy both "
                    f"where you may write, and name that folder with --home ({error})"
                ) from error
        return _opened(file, "mode=ro&immutable=1")


def _find(file: Path) -> None:
    try:
        found = in_place_of(file) or (None if file.exists() else "nothing")
    except OSError as error:
        found = str(error.strerror)
    if found:
        raise UsageError(
            f"{file}: expected the database of an archive, found {found}: make one with `archiver crawl`, a small one "
            "with `archiver demo`, or name where it is with --home"
        )


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name for an error; those that Python's driver raises by itself have none."""
    return getattr(error, "sqlite_errorname", "")


def _opened(file: Path, options: str) -> sqlite3.Connection:
    # Rows may be handed from thread to thread, as web servers do; never to two at once.
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?{options}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    # sqlite3 gives up a whole query because of one text that is not UTF-8.
    connection.text_factory = _decoded
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    return connection


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def sqlite_file(archive: str | Path) -> Path | None:
    """Return the SQLite file a path or URL stands for, or None for a server.

    Raises UsageError for an invalid URL.
    """
    if isinstance(archive, Path) or "://" not in archive:
        return Path(archive)
    if file := location.plain_file(archive):
        return file
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(archive)
    except (ArgumentError, ValueError) as error:
        found = without_secrets(archive)
        raise UsageError(f"expected a database URL such as sqlite:////path/archive.db, found {found!r}") from error
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise UsageError(f"expected the URL of a database file, found {without_secrets(archive)!r}, which is in memory")
    return Path(url.database)


@contextmanager
def _ask(file: Path, sql: str, parameters: Parameters, guard: _QueryGuard) -> Iterator[Found]:
    with _explained(file, guard):
        connection = connect(file)
    with closing(connection):
        connection.set_authorizer(guard.allow)
        connection.set_progress_handler(guard.expired, _STEPS)
        with _explained(file, guard), guard.counting():
            cursor = _executed(connection, sql, parameters)
        if cursor.description is None:
            raise UsageError("SQL: expected a query, found nothing that asks for rows")
        yield tuple(column[0] for column in cursor.description), _rows(cursor, file, guard)


def _executed(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> sqlite3.Cursor:
    try:
        return connection.execute(sql, parameters)
    except sqlite3.OperationalError as error:
        raise _named(connection, error, sql) from error


def _rows(cursor: sqlite3.Cursor, file: Path, guard: _QueryGuard) -> Iterator[Row]:
    while True:
        with _explained(file, guard), guard.counting():
            batch = cursor.fetchmany(_BATCH)
        if not batch:
            return
        yield from batch


class _QueryGuard:
    """What a query may do, and for how long."""

    def __init__(self, timeout: float, stuck: Callable[[str], object] | None) -> None:
        self.timeout = timeout
        self.stuck = stuck
        self.left = timeout
        self.until = float("inf")
        self.refused: str | None = None
        """What was refused first, in words for the user."""

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the time of the block against what is left."""
        self.until = time.monotonic() + self.left
        watch = threading.Timer(self.left + GRACE, self.stuck or _nothing, [self.too_long])
        watch.daemon = True
        if self.stuck:
            watch.start()
        try:
            yield
        finally:
            watch.cancel()
            self.left = self.until - time.monotonic()
            self.until = float("inf")

    @property
    def too_long(self) -> str:
        """The message for a query whose time is up."""
        return f"SQL: stopped after {self.timeout:g} seconds: ask for less, or allow more time"

    def expired(self) -> bool:
        """Return whether the time is up; SQLite calls this every so many steps."""
        return time.monotonic() > self.until

    def allow(self, action: int, first: str | None, second: str | None, _database: object, _source: object) -> int:
        """Return SQLITE_OK for a step that reads; SQLite calls this for each while it compiles a statement."""
        if action in _READS or (action == sqlite3.SQLITE_UPDATE and first in _SCHEMA):
            # A virtual table, such as those of full-text search, declares itself by what looks like a change of the
            # schema. A real one begins with an INSERT or DELETE there, and an UPDATE is refused by SQLite itself.
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            word, allowed = f"{second}()", (second or "").lower() not in _FUNCTIONS_REFUSED
        elif action == sqlite3.SQLITE_PRAGMA:
            name = (first or "").lower()
            word, allowed = f"PRAGMA {name}", name in _ASKING or (not second and name in _TELLING)
        else:
            word, allowed = _word(action, first), False
        if allowed:
            return sqlite3.SQLITE_OK
        self.refused = self.refused or word
        return sqlite3.SQLITE_DENY


def _nothing(_: str) -> None:
    pass


def _word(action: int, table: str | None) -> str:
    """Return what a statement does, as it would be written: making or removing a table begins with the schema's own."""
    return "CREATE or DROP" if table in _SCHEMA else _WORDS.get(action, "CREATE or DROP")


@contextmanager
def _explained(file: Path, guard: _QueryGuard) -> Iterator[None]:
    """Turn what SQLite and its driver raise into one line for the user."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(file, guard, error) from error
    except (sqlite3.Warning, OverflowError, UnicodeEncodeError) as error:
        # Warning is how Python 3.11 says that there is more than one statement.
        raise UsageError(f"SQL: {error}") from error


def explained(file: Path) -> AbstractContextManager[None]:
    """Return a context that turns what SQLite raises about a file into UsageError or ArchiveDamaged, as `run` does."""
    return _explained(file, _QueryGuard(TIMEOUT, None))


def _translated(file: Path, guard: _QueryGuard, error: sqlite3.Error) -> ArchiverError:
    if fault := file_fault(file, error):
        return fault
    name = _name(error)
    if guard.refused:
        return UsageError(f"SQL: expected a query that only reads, found {guard.refused}: nothing was changed")
    if name.startswith("SQLITE_INTERRUPT"):
        return UsageError(guard.too_long)
    if name.startswith("SQLITE_CANTOPEN"):
        return UsageError(f"{file}: expected the database of an archive, found a file that may not be read ({error})")
    return UsageError(f"SQL: {' '.join(str(error).split())}")


def _named(connection: sqlite3.Connection, error: sqlite3.OperationalError, sql: str) -> Exception:
    """Return the error with the existing names, if it is about a missing one."""
    found = re.match(r"no such (table|column): (\S+)", str(error))
    if not found:
        return error
    try:
        tables = _tables(connection)
    except sqlite3.Error:  # a view of somebody's own that no longer works, say
        return error
    if found[1] == "table":
        return UsageError(f"SQL: {found[0]}; there are: {', '.join(tables) or 'none, the archive is empty'}")
    return UsageError(f"SQL: {found[0]}; {_nearest(found[2], tables, sql)}")


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns of each table and view, without those that only full-text search uses."""
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
        "WHERE m.type IN ('table', 'view') AND m.name NOT GLOB 'sqlite_*' AND m.name NOT GLOB '*_fts_*' "
        "ORDER BY m.name, c.cid"
    ):
        tables.setdefault(table, []).append(column)
    return tables


def _nearest(name: str, tables: Mapping[str, Sequence[str]], sql: str) -> str:
    """Return which columns may have been meant: similar ones of the tables in the query, or all of theirs."""
    words = set(re.findall(r"\w+", sql.lower()))
    asked = {table: columns for table, columns in tables.items() if table.lower() in words} or tables
    wanted = name.rpartition(".")[2].strip("\"'`[]").lower()
    alike = difflib.get_close_matches(wanted, {c for columns in asked.values() for c in columns}, n=3)
    if alike:
        places = [f"{table}.{column}" for column in alike for table, columns in asked.items() if column in columns]
        return f"nearest: {', '.join(places[:5])}"
    return "; ".join(f"{table} has {', '.join(columns)}" for table, columns in list(asked.items())[:3])


@contextmanager
def _ask_server(url: str, sql: str, parameters: Parameters, timeout: float) -> Iterator[Found]:
    _expect_one_query(sql)
    with asking(url, timeout) as connection:
        yield ask_by(connection, sql, parameters)


@contextmanager
def asking(url: str, timeout: float) -> Iterator[Connection]:
    """Lend a connection to a server for reading only; a statement may take `timeout` seconds.

    Whatever goes wrong in the block raises UsageError.
    """
    from archiver.store.server import Readers

    with explained_by_server():
        readers = Readers(url)
        with readers.lent(timeout) as connection:
            yield connection


def ask_by(connection: Connection, sql: str, parameters: Parameters) -> Found:
    """Ask PostgreSQL by a cursor, which takes a SELECT only, in a transaction that may only read.

    A second statement could end that transaction, so none is let through. Functions that reach outside the database
    are for the server to refuse: let strangers ask only as a role with few rights.
    """
    from sqlalchemy import text

    _expect_one_query(sql)
    streamed = {"stream_results": True}
    if isinstance(parameters, Mapping) and parameters:
        found: Any = connection.execute(text(sql), parameters, execution_options=streamed)
    elif parameters:
        found = connection.exec_driver_sql(_as_driver(sql), tuple(parameters), execution_options=streamed)
    else:  # a % or a :name in the query is then only that
        found = connection.exec_driver_sql(sql, execution_options=streamed | {"no_parameters": True})
    return tuple(found.keys()), _closing(found)


def _expect_one_query(sql: str) -> None:
    if ";" in _bare(sql).rstrip("; \t\r\n"):
        raise UsageError("SQL: expected one statement, found a `;` within; in a text write it as chr(59)")
    first = _FIRST.match(sql)
    if first and first[1].upper() not in _ASKING_WORDS:
        raise UsageError(f"SQL: expected a query that only reads, found {first[1].upper()}: nothing was changed")


_FIRST = re.compile(r"[\s(]*(\w+)")
_ASKING_WORDS = ("SELECT", "WITH", "VALUES", "TABLE")
"""How statements begin for which a server's cursor is possible."""

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*""")
_UNSURE = re.compile(r"[\\$]|/\*")
"""Signs of other quoting: a backslash in a text, dollars, comments in comments."""


def _bare(sql: str) -> str:
    """Return a statement without its quoted texts and names, if it is certain what these are."""
    return sql if _UNSURE.search(sql) else _QUOTED.sub("''", sql)


def _as_driver(sql: str) -> str:
    """Return a query with question marks as the server's driver takes it."""
    marks = re.compile(rf"{_QUOTED.pattern}|\?")
    return marks.sub(lambda found: "%s" if found[0] == "?" else found[0], sql.replace("%", "%%"))


def _closing(found: Any) -> Iterator[Row]:
    with closing(found):
        yield from (tuple(row) for row in found)


@contextmanager
def explained_by_server() -> Iterator[None]:
    """Turn what a server and its driver raise into one line for the user."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        from archiver.store.server import reason

        if getattr(getattr(error, "orig", None), "sqlstate", None) == "57014":
            raise UsageError("SQL: stopped after the time it may take: ask for less, or allow more time") from error
        raise UsageError(f"SQL: {reason(error)}") from error
