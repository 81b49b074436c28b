"""Where each WARC file is, and what it was when it was closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Add the table; files get their rows when they are written, uploaded or read by a rebuild."""
    server = op.get_bind().dialect.name == "postgresql"
    text = sa.String(collation="C") if server else sa.String()
    number = sa.BigInteger() if server else sa.Integer()
    op.create_table(
        "warc_files",
        sa.Column("name", text, nullable=False),
        sa.Column("url", text),
        sa.Column("spool", text),
        sa.Column("size", number),
        sa.Column("sha256", text),
        sa.Column("closed_at", text),
        sa.Column("uploaded_at", text),
        sa.Column("lost_at", text),
        sa.PrimaryKeyConstraint("name", name="pk_warc_files"),
    )


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("warc_files")
