"""A database on a PostgreSQL server: where in it an archive's tables are, and questions that only read.

Each archive has a schema of its own, the first of the connection's search path: `?options=-csearch_path=name` in the
URL names one, else it is the role's own or `public`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, QueuePool

from archiver.errors import UsageError

UPGRADING = 0x61726368_69766501
"""Number of the lock that a program holds while it changes tables: the word `archive` in ASCII, and one."""

_MOST_IDLE = 8  # connections


def quoted(name: str) -> str:
    """Return a name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


def settle(connection: Connection) -> None:
    """Prepare a change of an archive's tables until the transaction ends: no other program's, and in our schema alone.

    A schema that the URL names is made if it is not there. Raises UsageError for a database that is not in UTF-8.
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
    first = str(path).partition(",")[0].strip()
    if first == '"$user"':
        return str(there or own)
    return first[1:-1].replace('""', '"') if first.startswith('"') else first.lower()


def place(connection: Connection) -> str:
    """Return the URL of a connection as it may be shown."""
    return connection.engine.url.render_as_string(hide_password=True)


def is_server(url: str) -> bool:
    """Return whether a URL names a database on a server."""
    return make_url(url).get_backend_name() != "sqlite"


def prepare(engine: Engine) -> None:
    """Have an engine store any text: PostgreSQL's holds no zero bytes, and shows them as what cannot be read."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        from psycopg.types.string import StrDumperUnknown

        class Whole(StrDumperUnknown):
            def dump(self, text: str) -> Any:
                return super().dump(text.replace("\0", "\ufffd"))

        connection.adapters.register_dumper(str, Whole)


class Readers:
    """Connections to a server, lent for one question each, in transactions that only read; may be shared by threads."""

    def __init__(self, url: str, *, kept: bool = False) -> None:
        """Take the database's URL; `kept` says that connections stay open for the next question."""
        pooled: dict[str, Any] = {"poolclass": QueuePool, "pool_size": _MOST_IDLE, "max_overflow": -1}
        # One that was kept may have been closed by a server that was started again.
        pooled["pool_pre_ping"] = True
        self._engine = create_engine(url, **(pooled if kept else {"poolclass": NullPool}))
        prepare(self._engine)

    @contextmanager
    def lent(self, timeout: float) -> Iterator[Connection]:
        """Lend a connection for as long as the block lasts; a statement may take `timeout` seconds.

        Raises SQLAlchemy's errors.
        """
        with self._engine.connect().execution_options(postgresql_readonly=True) as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(timeout * 1000)}")
            yield connection

    def close(self) -> None:
        """Let go of the server."""
        self._engine.dispose()
