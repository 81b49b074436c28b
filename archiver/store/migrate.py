"""Bring a database to the tables this program expects; the only module that imports Alembic (lazily: it takes 1 s).

An upgrade is one transaction, on SQLite too, where Python leaves it to us to begin it (SQLAlchemy documentation,
SQLite dialect, "Transactions with SQLite"): killed anywhere, it leaves the old database as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from archiver import __version__
from archiver.bundled import migrations_folder
from archiver.errors import ArchiverError, DatabaseTooNew, UsageError
from archiver.store import server, views

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
)
"""Every revision of the tables this program knows, oldest first: the numbers of the files in `migrations/versions`."""

HEAD = REVISIONS[-1]
"""The revision this program reads and writes."""

NEW = "new.sql"
"""The tables of a new archive, in the folder of the migrations; `migrations/new.py` writes it."""

_BETWEEN = ";\n\n"

_ALEMBIC = threading.Lock()
"""Alembic keeps the running migration in global proxies."""


def upgrade(database: str | URL | Engine) -> None:
    """Bring a database, new or old, to `HEAD` and make its views the current ones, or leave it as it is.

    Raises DatabaseTooNew for a database of a newer program, UsageError for one that is not an archive, and SQLAlchemy's
    DBAPIError when the database cannot be opened or written.
    """
    if isinstance(database, Engine):
        _upgrade(database)
        return
    engine = create_engine(database, poolclass=NullPool)
    try:
        _upgrade(engine)
    finally:
        engine.dispose()


def check(connection: Connection) -> bool:
    """Return whether the database needs an upgrade; plain SQL, quick enough for every start.

    Raises DatabaseTooNew for a revision this program does not know, UsageError for a database that is not an archive.
    """
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise DatabaseTooNew(
            f"{_place(connection)}: expected tables of revision {HEAD} or older, which archiver {__version__} knows, "
            f"found revision {found}: a newer archiver wrote them; upgrade the program, or choose another --home"
        )
    return found != HEAD


def revision(connection: Connection) -> str | None:
    """Return the revision of a database's tables, or None for an empty database.

    Raises UsageError when there are tables, but none that says their revision.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return None if found is None else str(found)
    if tables:
        raise UsageError(
            f"{_place(connection)}: expected an archive or an empty database, found one with other tables "
            f"({', '.join(tables[:5])}); choose another --home or --db"
        )
    return None


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether Alembic is to compare a name: full-text tables and what they keep in tables are not its own."""
    return kind != "table" or name is None or not (name.endswith("_fts") or "_fts_" in name)


def script() -> str:
    """Return the statements that turn an empty SQLite database into what all migrations would."""
    listed = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL ORDER BY rowid"
    empty = create_engine("sqlite://", poolclass=NullPool)
    with empty.connect() as connection, _rules_suspended(connection), connection.begin():
        _run_scripts(connection)
        statements = [sql for name, sql in connection.exec_driver_sql(listed) if "_fts_" not in name]
        stamp = f"INSERT INTO alembic_version VALUES ('{revision(connection)}')"  # noqa: S608  # ours
    return _BETWEEN.join([*statements, stamp])


def _upgrade(engine: Engine) -> None:
    with engine.connect() as connection, _rules_suspended(connection), connection.begin():
        _begin(connection)
        if connection.dialect.name == "postgresql":
            server.settle(connection)
        if check(connection):
            _bring_up(connection)
        views.create(connection)


def _bring_up(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and revision(connection) is None:
        _create(connection)
        if not check(connection):
            return
    views.drop(connection)  # PostgreSQL refuses to change a column a view shows
    _run_scripts(connection)
    _check_references(connection)


@contextmanager
def _rules_suspended(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild a table that others, and people's own views, refer to; neither works within a transaction.

    The steps are those of "Making Other Kinds Of Table Schema Changes", https://www.sqlite.org/lang_altertable.html.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    sqlite: Any = connection.connection.driver_connection
    enforced = sqlite.execute("PRAGMA foreign_keys").fetchone()[0]
    sqlite.execute("PRAGMA foreign_keys = OFF")
    sqlite.execute("PRAGMA legacy_alter_table = ON")
    try:
        yield
    finally:
        if not connection.invalidated:  # as an interrupt amid a statement leaves it: closed
            sqlite.execute("PRAGMA legacy_alter_table = OFF")
            sqlite.execute(f"PRAGMA foreign_keys = {enforced}")


def _begin(connection: Connection) -> None:
    """Begin the transaction on SQLite, unless the engine's own hook has."""
    sqlite: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not sqlite.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _create(connection: Connection) -> None:
    """Make the tables of a new archive by the statements that came of all migrations: a tenth of their time."""
    for statement in (migrations_folder() / NEW).read_text(encoding="utf-8").split(_BETWEEN):
        connection.exec_driver_sql(statement)


def _run_scripts(connection: Connection) -> None:
    with _ALEMBIC:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check_references(connection: Connection) -> None:
    """Make sure that no row refers to one that is gone, since SQLite was told not to look."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise ArchiverError(
            f"{_place(connection)}: row {broken[1]} of {broken[0]} refers to a row of {broken[2]} that is not there; "
            "the database stays as it was: move it away and run `archiver rebuild` to make it from the WARC files"
        )


def _place(connection: Connection) -> str:
    url = connection.engine.url
    return (url.get_backend_name() == "sqlite" and url.database) or server.shown(url)
