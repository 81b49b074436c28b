"""Views over the tables of several archives on one server: those of each name together, with the blog's name first.

A view on an archive's table would block whatever replaces that table, a rebuild or a migration. So each view
shows a function in SQL, whose text names the tables and is read at each query: the server puts it in place of
the call, so that conditions reach each table and its indexes (PostgreSQL documentation, "SQL Functions Returning
TABLE"; "Function Volatility Categories": it has to be STABLE for that).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from archiver.errors import ArchiverError
from archiver.store import schema, server
from archiver.store.server import quoted

Columns = tuple[tuple[str, str, bool], ...]
"""Name and type of each column, and whether it has a collation: texts have."""


@dataclass(frozen=True, slots=True)
class _Relation:
    """A table or view as archives have it."""

    described: schema.Described
    held: dict[str, Columns]
    """Its columns in each schema that has it."""

    @property
    def columns(self) -> Columns:
        """Those of all archives, in the order in which they are described, the blog's name first."""
        known = {column[0]: column for columns in self.held.values() for column in columns}
        known[schema.BLOG.name] = (schema.BLOG.name, "text", True)
        return tuple(known[column.name] for column in self.described.columns if column.name in known)

    @property
    def function(self) -> str:
        """The statement that creates the function, or changes its text."""
        given = ", ".join(f"{quoted(name)} {type_}" for name, type_, _ in self.columns)
        text = "\nUNION ALL\n".join(map(self._rows, sorted(self.held)))
        return (
            f"CREATE OR REPLACE FUNCTION {quoted(self.described.name)}() RETURNS TABLE ({given}) LANGUAGE sql STABLE "
            f"AS {_literal(text)}"
        )

    def _rows(self, archive: str) -> str:
        there = {name for name, _, _ in self.held[archive]}
        cells = [f"CAST({quoted(name) if name in there else 'NULL'} AS {type_})" for name, type_, _ in self.columns[1:]]
        blog = f"CAST({_literal(archive)} AS text)"
        return f"SELECT {', '.join([blog, *cells])} FROM {quoted(archive)}.{quoted(self.described.name)}"  # noqa: S608

    @property
    def view(self) -> Iterator[str]:
        """The statements that create the view, and say what it and its columns mean."""
        name = quoted(self.described.name)
        # A function's texts are in the database's order, an archive's in that of their bytes, and so are its indexes.
        cells = ", ".join(
            f'{quoted(column)} COLLATE "C" AS {quoted(column)}' if ordered else quoted(column)
            for column, _, ordered in self.columns
        )
        yield f"CREATE VIEW {name} AS SELECT {cells} FROM {name}()"  # noqa: S608
        yield f"COMMENT ON VIEW {name} IS {_literal(self.described.about)}"
        about = {column.name: column.about for column in self.described.columns}
        for column, _, _ in self.columns:
            yield f"COMMENT ON COLUMN {name}.{quoted(column)} IS {_literal(about[column])}"


def refresh(url: str, archives: Sequence[str], *, into: str) -> bool:
    """Make the views over these archives in the schema `into`, or bring them up to date; return whether they changed.

    An archive that does not exist yet is left out; columns that older tables lack are NULL. A role
    that may not make views leaves them as they are. Raises ArchiverError where the server refuses, as it does when the
    columns of a view have changed and people's own views show it.
    """
    try:
        with server.engine(url, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql("SELECT set_config('search_path', %s, true)", (quoted(into),))
            if not connection.exec_driver_sql("SELECT has_schema_privilege(%s, 'CREATE')", (into,)).scalar_one():
                return False
            if _mark(connection, archives) == _kept_mark(connection):
                return False
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (server.UPGRADING,))
            # To look at the tables now would take a lock on each of them.
            connection.exec_driver_sql("SET LOCAL check_function_bodies = off")
            _make(connection, archives)
            return True
    except SQLAlchemyError as error:
        raise server.failure(server.shown(url), error) or ArchiverError(
            f"{server.shown(url)}: {server.reason(error)}"
        ) from error


def _make(connection: Connection, archives: Sequence[str]) -> None:
    wanted = _relations(connection, archives)
    there = _made(connection)
    changed = [name for name in there if name not in wanted or there[name] != wanted[name].columns]
    rights = server.rights(connection, [name for name in changed if name in wanted])
    for name in changed:
        _run(connection, f"DROP VIEW IF EXISTS {quoted(name)}")
        _run(connection, f"DROP FUNCTION {quoted(name)}()")
    for name, relation in wanted.items():
        _run(connection, relation.function)
        if name in changed or name not in there:
            for statement in relation.view:
                _run(connection, statement)
    for right in rights:
        _run(connection, right)
    if _MARKED in wanted:
        _run(connection, f"COMMENT ON FUNCTION {_MARKED}() IS {_literal(_mark(connection, archives))}")


_MARKED = "posts"
"""The function whose comment says what tables all of them were made of."""


def _relations(connection: Connection, archives: Sequence[str]) -> dict[str, _Relation]:
    """Return what archives have under each described name."""
    wanted = {one.name: _Relation(one, {}) for one in _described()}
    values = {"archives": list(archives), "names": list(wanted)}
    for name, columns, having in connection.exec_driver_sql(_COLUMNS, values):
        known = tuple((column, type_, ordered == "true") for column, type_, ordered in columns)
        wanted[name].held.update(dict.fromkeys(having, known))
    return {name: relation for name, relation in wanted.items() if relation.held}


_COLUMNS = """
SELECT relname, columns, array_agg(nspname) FROM (
    SELECT c.relname::text, n.nspname::text, array_agg(
        ARRAY[a.attname::text, format_type(a.atttypid, NULL), (a.attcollation <> 0)::text] ORDER BY a.attnum
    ) AS columns
    FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE n.nspname = ANY(%(archives)s) AND c.relname = ANY(%(names)s) AND c.relkind IN ('r', 'v')
      AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY c.oid, c.relname, n.nspname
) AS held
GROUP BY relname, columns
"""


def _made(connection: Connection) -> dict[str, Columns]:
    """Return the columns that the functions of this schema give."""
    found = connection.exec_driver_sql(
        """
        SELECT p.proname::text, array_agg(
            ARRAY[a.name, format_type(a.type, NULL), (t.typcollation <> 0)::text] ORDER BY a.place
        )
        FROM pg_proc AS p, unnest(p.proargnames, p.proallargtypes) WITH ORDINALITY AS a (name, type, place)
        JOIN pg_type AS t ON t.oid = a.type
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = ANY(%s) GROUP BY p.oid, p.proname
        """,
        ([one.name for one in _described()],),
    )
    return {name: tuple((c, type_, ordered == "true") for c, type_, ordered in columns) for name, columns in found}


def _mark(connection: Connection, archives: Sequence[str]) -> str:
    """Return what identifies the tables that archives have and the version of this program that describes them."""
    described = [(one.name, [column.name for column in one.columns]) for one in _described()]
    known = hashlib.sha256(repr((sorted(archives), described)).encode()).hexdigest()
    return str(
        connection.exec_driver_sql(
            """
            SELECT md5(%(known)s || coalesce(string_agg(concat_ws(' ', n.nspname, c.relname, c.relnatts), ','
                                                        ORDER BY n.nspname, c.relname), ''))
            FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
            WHERE n.nspname = ANY(%(archives)s) AND c.relname = ANY(%(names)s) AND c.relkind IN ('r', 'v')
            """,
            {"known": known, "archives": list(archives), "names": [name for name, _ in described]},
        ).scalar_one()
    )


def _kept_mark(connection: Connection) -> Any:
    return connection.exec_driver_sql(
        "SELECT obj_description(to_regprocedure(%s), 'pg_proc')", (f"{_MARKED}()",)
    ).scalar_one()


def _described() -> tuple[schema.Described, ...]:
    return schema.of_fleet((*schema.tables(), *schema.views()))


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
