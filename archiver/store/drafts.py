"""An archive's tables rebuilt on a server: in a schema next to theirs, to replace them in one transaction.

The former ones stay in a schema of their own, `SCHEMA_bak_20261126t152553z`. Tables are moved and no schema is renamed,
so `public` works too, and other things in a schema stay there. Whoever may read them may read the new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, count

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from archiver.clock import timestamp
from archiver.errors import ArchiverError, UsageError
from archiver.store import server, views
from archiver.store.models import Base
from archiver.store.search_tables import TABLES

KEPT = 2
"""How many former schemas stay, not counting those that hold what no WARC file does."""

ALONE = "_only_copy"
"""Ending of the name of one that holds what no WARC file does: it is never removed."""

_LONGEST_NAME = 63 - len("_bak_20261126t152553z_99") - len(ALONE)
"""Bytes of a schema's name that leave room for those of its backups: PostgreSQL cuts names after 63."""

_VERSION = "alembic_version"


def draft_of(url: str) -> str:
    """Return the URL of an empty schema to make an archive's tables in.

    Raises UsageError when the tables there could not be replaced by it, ArchiverError when the server refuses.
    """
    with _changing(url) as connection:
        name = server.schema(connection)
        if len(name.encode()) > _LONGEST_NAME:
            raise UsageError(
                f"{server.place(connection)}: expected a schema with a name of at most {_LONGEST_NAME} bytes, so that "
                f"a former one can be named after it, found {name!r}"
            )
        if others := _others(connection, name):
            raise UsageError(
                f"{server.place(connection)}: expected no views of your own on the archive's tables and views, found "
                f"{', '.join(others)}, which would still show the former ones: drop them, and create them again later"
            )
        draft = f"{name}_new"
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {server.quoted(draft)} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {server.quoted(draft)}")
    return server.in_schema(url, draft)


def discard(url: str) -> None:
    """Remove what a failed rebuild has left behind."""
    with _changing(url) as connection:
        draft = f"{server.schema(connection)}_new"
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {server.quoted(draft)} CASCADE")


def swap(url: str, *, alone: bool) -> str:
    """Put the draft in place of an archive's tables; return the schema where these are now.

    `alone` says that they hold what exists nowhere else.
    """
    with _changing(url) as connection:
        server.settle(connection)
        name = server.schema(connection)
        rights = server.rights(connection, [*_ours(), *_VIEWS])
        views.drop(connection)
        backup = _free(connection, name, alone=alone)
        connection.exec_driver_sql(f"CREATE SCHEMA {server.quoted(backup)}")
        _move(connection, name, backup)
        _move(connection, f"{name}_new", name)
        connection.exec_driver_sql(f"DROP SCHEMA {server.quoted(f'{name}_new')} CASCADE")
        views.create(connection)
        for statement in rights:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"SET LOCAL search_path TO {server.quoted(backup)}")
        views.create(connection)
        _prune(connection, name, backup)
    return backup


@contextmanager
def _changing(url: str) -> Iterator[Connection]:
    """Give a transaction."""
    try:
        with server.engine(url, poolclass=NullPool).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        place = server.shown(url)
        raise server.failure(place, error) or ArchiverError(f"{place}: {server.reason(error)}") from error


def _ours() -> Iterator[str]:
    yield from Base.metadata.tables
    yield from (table.name for table in TABLES)
    yield _VERSION


def _there(connection: Connection, schema: str, names: Iterable[str]) -> list[str]:
    found = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
    there = {name for (name,) in found}
    return [name for name in names if name in there]


def _move(connection: Connection, source: str, target: str) -> None:
    for table in _there(connection, source, _ours()):
        connection.exec_driver_sql(
            f"ALTER TABLE {server.quoted(source)}.{server.quoted(table)} SET SCHEMA {server.quoted(target)}"
        )


def _others(connection: Connection, schema: str) -> list[str]:
    """Return the views in any schema that show the archive's tables or views and are not the program's."""
    found = connection.exec_driver_sql(
        """
        SELECT DISTINCT n.nspname || '.' || v.relname
        FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class
        JOIN pg_namespace AS n ON n.oid = v.relnamespace
        JOIN pg_class AS t ON t.oid = d.refobjid JOIN pg_namespace AS s ON s.oid = t.relnamespace
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND s.nspname = %(schema)s
          AND t.relname = ANY(%(ours)s) AND NOT (n.nspname = %(schema)s AND v.relname = ANY(%(views)s))
        ORDER BY 1
        """,
        {"schema": schema, "ours": [*_ours(), *_VIEWS], "views": _VIEWS},
    )
    return [name for (name,) in found]


_VIEWS = [view.name for view in views.VIEWS]


def _schemas(connection: Connection) -> set[str]:
    return {name for (name,) in connection.exec_driver_sql("SELECT nspname FROM pg_namespace")}


def _free(connection: Connection, schema: str, *, alone: bool) -> str:
    stamp = timestamp().replace(":", "").replace("-", "").lower()
    first = f"{schema}_bak_{stamp}{ALONE if alone else ''}"
    there = _schemas(connection)
    return next(name for name in chain([first], (f"{first}_{number}" for number in count(2))) if name not in there)


def _prune(connection: Connection, schema: str, newest: str) -> None:
    """Remove all but the last former schemas; those that people named are theirs."""
    ours = re.compile(re.escape(schema) + r"_bak_(\d{8}t\d{6}z)(?:_(\d+))?")
    found = [match for name in _schemas(connection) - {newest} if (match := ours.fullmatch(name))]
    former = sorted(found, key=lambda match: (match[1], int(match[2] or 1)))
    for match in former[: max(len(former) - (KEPT - 1), 0)]:
        connection.exec_driver_sql(f"DROP SCHEMA {server.quoted(match[0])} CASCADE")
