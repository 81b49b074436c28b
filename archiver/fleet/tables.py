"""Tables of a fleet, in the schema `fleet` of its database: ours, and those of the job queue, Procrastinate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import extras
from archiver.errors import ArchiverError, UsageError
from archiver.store import server

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMA = "fleet"
"""Schema of a fleet's own tables; each blog has another one."""

EXTRA = "fleet"

STEPS = (
    """
    CREATE TABLE blogs (
        name text PRIMARY KEY,
        url text NOT NULL UNIQUE,
        base text NOT NULL,
        profile text,
        every interval NOT NULL,
        options text[] NOT NULL,
        warc text,
        added_at timestamptz NOT NULL DEFAULT now(),
        begun_at timestamptz,
        ended_at timestamptz,
        completed_at timestamptz,
        outcome text,
        worker text,
        refusals integer NOT NULL DEFAULT 0,
        not_before timestamptz
    );
    COMMENT ON TABLE blogs IS 'What is kept: a blog each, whose archive is in the schema of its name';
    CREATE TABLE addresses (
        host text NOT NULL,
        address text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (host, address)
    );
    COMMENT ON TABLE addresses IS 'IP addresses that hosts of blogs were seen to have';
    CREATE TABLE servers (
        key text PRIMARY KEY,
        asked_at timestamptz,
        pause double precision NOT NULL DEFAULT 0,
        rest_until timestamptz,
        reason text,
        blog text
    ) WITH (fillfactor = 50);
    COMMENT ON TABLE servers IS 'When servers, by registrable domain or IP address, were asked last, and rest till';
    CREATE TABLE workers (
        id bigint PRIMARY KEY REFERENCES procrastinate_workers (id) ON DELETE CASCADE,
        name text NOT NULL,
        home text NOT NULL
    );
    COMMENT ON TABLE workers IS 'Who the workers of the queue are: machine and process, and the folder of their files';
    """,
    """
    CREATE TABLE readings (
        blog text NOT NULL REFERENCES blogs (name) ON DELETE CASCADE,
        version text NOT NULL,
        key bytea NOT NULL,
        item bytea NOT NULL,
        PRIMARY KEY (blog, version, key)
    );
    COMMENT ON TABLE readings IS 'What pages come to, read ahead of a rebuild by a version of the program';
    """,
)
"""The steps that create the tables, and then change them, in order; new steps are appended."""


def upgrade(connection: Connection[Any]) -> None:
    """Create a fleet's tables or bring them up to date; one program at a time.

    Raises UsageError for a database that is not in UTF-8 or without the job queue's library, ArchiverError for tables
    of a newer version of this program.
    """
    engine = _migrations()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (server.UPGRADING,))
        (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
        if encoding != "UTF8":
            raise UsageError(
                f"expected a database in UTF8, found {encoding}: make one with "
                "`createdb --encoding=UTF8 --template=template0 NAME`"
            )
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute("CREATE TABLE IF NOT EXISTS version (steps integer NOT NULL, engine text NOT NULL)")
        steps, applied = connection.execute("SELECT steps, engine FROM version").fetchone() or (0, "")
        if steps > len(STEPS):
            raise ArchiverError(
                f"expected a fleet's tables of this version, found newer ones ({steps} steps, not "
                f"{len(STEPS)}); upgrade blog-archiver on this machine"
            )
        for statements in _later(engine, applied) if applied else [_whole()]:
            connection.execute(statements)
        for step in STEPS[steps:]:
            connection.execute(step)
        connection.execute("DELETE FROM version")
        newest = max(engine[-1].name, applied)
        connection.execute("INSERT INTO version (steps, engine) VALUES (%s, %s)", (len(STEPS), newest))


def are_there(connection: Connection[Any]) -> bool:
    """Return whether a database has a fleet."""
    return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone() is not None


def _later(engine: list[Path], applied: str) -> list[str]:
    return [path.read_text("utf-8") for path in engine if path.name > applied]


def _whole() -> str:
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


def _migrations() -> list[Path]:
    """Return the files by which the job queue brings its tables up to date, the oldest first."""
    try:
        from procrastinate.schema import SchemaManager
    except ModuleNotFoundError as error:
        raise UsageError(extras.missing(EXTRA)) from error
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
