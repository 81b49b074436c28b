"""A database on a PostgreSQL server: where in it an archive's tables are, who writes to them, and queries.

Each archive has a schema of its own, the first of the connection's search path: `?options=-csearch_path=name` in the
URL names one, else it is the role's own or `public`.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from archiver import extras
from archiver.config import without_secrets
from archiver.errors import ArchiveLocked, ArchiverError, DiskFull, UsageError
from archiver.store.location import DRIVER

UPGRADING = 0x61726368_69766501
"""Number of the lock that a program holds while it changes tables: the word `archive` in ASCII, and one."""


_MOST_IDLE = 8  # connections
_LONGEST_NAME = 63  # bytes that the server keeps of a connection's name


_FIRST = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))')
"""The first name of a search path, quoted or not."""


_POSTGRESQL = (
    (r"\bgroup_concat\(", "string_agg("),
    (r"\bjson_extract\((\w+), '\$\.(\w+)'\)", r"CAST(CAST(\1 AS json) ->> '\2' AS bigint)"),
    (r"\binstr\(((?:[^()]|\([^()]*\))*)\)", r"(strpos(\1) > 0)"),
    (r"([\w.]+) = \? COLLATE NOCASE", r"lower(\1) = lower(?)"),
    (r"\blower\((\?|[\w.]+)\)", r'lower(CAST(\1 AS text) COLLATE "C")'),  # SQLite's changes A to Z alone
)
"""Patterns of SQLite's own words in this program's queries and what PostgreSQL has in their place."""


@cache
def spelled(sql: str) -> str:
    """Return one of this program's queries in PostgreSQL's dialect."""
    for written, meant in _POSTGRESQL:
        sql = re.sub(written, meant, sql)
    return sql


def quoted(name: str) -> str:
    """Return a name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def settle(connection: Connection) -> None:
    """Prepare a change of an archive's tables until the transaction ends: by no other program, and only in our schema.

    A schema that the URL names is created if missing. Raises UsageError for a database that is not in UTF-8.
    """
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADING})")
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise UsageError(
            f"{place(connection)}: expected a database in UTF8, found {encoding}: make one with "
            "`createdb --encoding=UTF8 --template=template0 NAME`"
        )
    name = schema(connection)
    if not connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,)).first():
        connection.exec_driver_sql(f"CREATE SCHEMA {quoted(name)}")
    connection.exec_driver_sql(f"SET LOCAL search_path TO {quoted(name)}")


def schema(connection: Connection) -> str:
    """Return the schema that an archive's tables are in, or would be made in."""
    path, own, there = connection.exec_driver_sql(
        "SELECT current_setting('search_path'), session_user::text, current_schema()"
    ).one()
    found = _FIRST.match(path)
    if not found or found[1] == "$user":
        return str(there or own)
    return found[1].replace('""', '"') if found[1] is not None else found[2].lower()


def rights(connection: Connection, names: Sequence[str]) -> list[str]:
    """Return the statements that grant others again the rights they have on these tables and views of our schema."""
    found = connection.exec_driver_sql(
        """
        SELECT c.relname, a.privilege_type, CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END
        FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace, aclexplode(c.relacl) AS a
        WHERE s.nspname = current_schema() AND c.relname = ANY(%s) AND a.grantee <> c.relowner
        """,
        (list(names),),
    )
    return [f"GRANT {right} ON {quoted(name)} TO {quoted(who) if who else 'PUBLIC'}" for name, right, who in found]


def in_schema(url: str, name: str) -> str:
    """Return the URL of another schema of the same database."""
    parsed = make_url(url)
    given = parsed.query.get("options", "")
    path = quoted(name).replace("\\", "\\\\").replace(" ", "\\ ")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -csearch_path={path}".strip()
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def conninfo(url: str) -> str:
    """Return a URL for PostgreSQL's own library, for code that uses it without SQLAlchemy."""
    from psycopg.conninfo import make_conninfo

    parsed = make_url(url)
    given = {name: " ".join([value] if isinstance(value, str) else value) for name, value in parsed.query.items()}
    where = parsed.translate_connect_args(username="user", database="dbname")
    return make_conninfo(**where | given)


def shown(url: str | URL) -> str:
    """Return a URL as it may be shown: without the secrets in it."""
    return without_secrets(make_url(url).render_as_string(hide_password=True))


def reason(error: BaseException) -> str:
    """Return what went wrong, in one line: the server's own words, or the driver's."""
    if isinstance(error, ModuleNotFoundError) and error.name == DRIVER:
        return extras.missing("postgres")
    original = getattr(error, "orig", None) or error
    told = getattr(original, "diag", None)
    said = ": ".join(filter(None, (getattr(told, "message_primary", None), getattr(told, "message_hint", None))))
    return " ".join((said or str(original)).split())


def failure(where: str, error: BaseException | None) -> ArchiverError | None:
    """Return a failure of a server as an error of ours; None for one that is about rows alone."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == "53100":
        return DiskFull(f"{where}: no room left on the server's disk; free some and run again, nothing is lost")
    if isinstance(error, (OperationalError, InterfaceError, InternalError, ProgrammingError)):
        return ArchiverError(f"{where}: {reason(error)}; is the server there, and may this role write to its tables?")
    return None


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold an archive on a server while the block runs, whatever home its other writers have.

    The lock is its schema's, and the connection's: the server takes it from a program that has died. Raises
    ArchiveLocked when another program has it, ArchiverError when the server cannot be asked.
    """
    name = f"archiver, process {os.getpid()} on {platform.node()}".encode()[:_LONGEST_NAME].decode(errors="ignore")
    holding = engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"application_name": name})
    try:
        connection = holding.connect()
    except SQLAlchemyError as error:
        raise ArchiverError(f"{shown(url)}: {reason(error)}") from error
    with connection:
        number = connection.exec_driver_sql(
            "SELECT hashtextextended('archiver ' || %s, 0)", (schema(connection),)
        ).scalar_one()
        # The connection has nothing to do while the archive is written to: it must not be closed for that.
        connection.exec_driver_sql(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
        )
        if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (number,)).scalar_one():
            holder = connection.exec_driver_sql(_HOLDER, {"number": number}).first()
            who = f"{holder[0] or 'unknown'}, since {holder[1]}" if holder else "unknown"
            raise ArchiveLocked(
                f"{place(connection)}: another run is writing to this archive ({who}), perhaps from another home; "
                "wait for it, or end that process"
            )
        try:
            yield
        finally:
            # A server notes only some time later that a connection is closed: the next run may begin before.
            with suppress(SQLAlchemyError):
                connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (number,))


_HOLDER = """
SELECT a.application_name, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint = (%(number)s::bigint >> 32) & 4294967295 AND l.objid::bigint = %(number)s::bigint & 4294967295
"""


def place(connection: Connection) -> str:
    """Return the URL of a connection as it may be shown."""
    return shown(connection.engine.url)


def is_server(url: str) -> bool:
    """Return whether a URL names a database on a server."""
    return make_url(url).get_backend_name() != "sqlite"


def engine(url: str | URL, **options: Any) -> Engine:
    """Return an engine that stores any text: PostgreSQL cannot hold zero bytes, which become U+FFFD.

    Raises UsageError where the driver is not installed.
    """
    try:
        made = create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise UsageError(reason(error)) from error
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: Any, _record: object) -> None:
    from psycopg.adapt import Loader
    from psycopg.types.string import StrDumperUnknown

    class Number(Loader):
        """A server gives sums of large numbers and means as decimals; here they are what SQLite gives."""

        def load(self, data: Any) -> int | float:
            digits = bytes(data)
            return int(digits) if digits.lstrip(b"-").isdigit() else float(digits)

    class Whole(StrDumperUnknown):
        def dump(self, text: str) -> Any:
            return super().dump(text.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, Whole)
    connection.adapters.register_loader("numeric", Number)


class Readers:
    """Connections to a server, lent for one query each, in transactions that only read; may be shared by threads."""

    def __init__(self, url: str, *, kept: bool = False) -> None:
        """Take the database's URL; with `kept` connections stay open for the next query."""
        pooled: dict[str, Any] = {"poolclass": QueuePool, "pool_size": _MOST_IDLE, "max_overflow": -1}
        # A kept one may have been closed by a server that was restarted.
        pooled["pool_pre_ping"] = True
        self._engine = engine(url, **(pooled if kept else {"poolclass": NullPool}))

    @contextmanager
    def lent(self, timeout: float) -> Iterator[Connection]:
        """Lend a connection for as long as the block lasts; a statement may take `timeout` seconds.

        Raises UsageError when the server cannot be reached, SQLAlchemy's errors for what goes wrong then.
        """
        try:
            asked = self._engine.connect()
        except SQLAlchemyError as error:
            raise UsageError(f"{shown(self._engine.url)}: {reason(error)}") from error
        with asked.execution_options(postgresql_readonly=True) as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(timeout * 1000)}")
            yield connection

    def close(self) -> None:
        """Let go of the server."""
        self._engine.dispose()
