"""On a server, numbers that hold any post's, text in the order of its bytes, and a full-text index; a file has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from archiver.store import search_index

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: None = None
depends_on: None = None

TYPES = {"integer": "bigint", "character varying": 'varchar COLLATE "C"'}
COLUMNS = sa.text("""
SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> 'alembic_version'
ORDER BY c.table_name, c.ordinal_position
""")


def upgrade() -> None:
    """Change the columns, table by table, and make the index."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    changes: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(COLUMNS):
        if kind in TYPES:
            changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE {TYPES[kind]}')
    for table, parts in changes.items():
        op.execute(f'ALTER TABLE "{table}" {", ".join(parts)}')
    search_index.rebuild(connection)


def downgrade() -> None:
    """Take the index away; the columns hold what they held before."""
    if op.get_bind().dialect.name != "sqlite":
        for table in search_index.TABLES:
            op.execute(f"DROP TABLE IF EXISTS {table.name}")
