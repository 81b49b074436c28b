"""The index of pairs of Chinese characters, by which sentences are looked for."""

from __future__ import annotations

from alembic import op

from archiver.store import search_index

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Rebuild the index from the rows; one on a server stays as it is."""
    if op.get_bind().dialect.name == "sqlite":
        search_index.rebuild(op.get_bind())


def downgrade() -> None:
    """Take the table away."""
    op.get_bind().exec_driver_sql("DROP TABLE IF EXISTS pairs_fts")
