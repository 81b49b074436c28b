"""The full-text index without a copy of the texts: they are in the rows."""

from __future__ import annotations

from alembic import op

from archiver.store import search_index

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the index anew from the rows; what it took on the disk is used for what comes."""
    search_index.rebuild(op.get_bind())
