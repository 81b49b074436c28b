"""The full-text index of posts, comments and formulas: SQLite only."""

from __future__ import annotations

from alembic import op

from archiver.store import search_index

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the index and take in what the archive holds; it is made from the rows, so the newest form will do."""
    search_index.rebuild(op.get_bind())
