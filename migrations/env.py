"""What Alembic runs around the migrations.

The program hands over a connection with its transaction begun (`archiver.store.migrate`). Called by hand, as in
`alembic revision --autogenerate -m "add a column"`, there is none: the models are then compared with what the
migrations make of an empty database in memory.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.operations import MigrationScript, Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from archiver.store.migrate import include_name
from archiver.store.models import Base


def numbered(_context: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
    """Give a new migration the next number, so that the folder lists them in order."""
    known = [int(script.revision) for script in ScriptDirectory.from_config(context.config).walk_revisions()]
    for directive in directives:
        directive.rev_id = f"{max(known) + 1:04}"


def run(connection: Connection) -> None:
    """Run what the command asks for on a connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_as_batch=True,  # SQLite changes a table by making it anew
        process_revision_directives=numbered,
    )
    with context.begin_transaction():
        context.run_migrations()


def prepare(connection: Connection) -> None:
    """Bring an empty database to the newest revision."""
    scripts = ScriptDirectory.from_config(context.config)
    migrations = MigrationContext.configure(connection)
    with Operations.context(migrations):
        for revision in reversed(list(scripts.walk_revisions())):
            revision.module.upgrade()
    migrations.stamp(scripts, "heads")


handed: Any = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    with create_engine("sqlite://").connect() as scratch:
        prepare(scratch)
        run(scratch)
