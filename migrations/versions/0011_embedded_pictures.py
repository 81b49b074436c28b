"""Pictures whose bytes stand in pages themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the table; `archiver rebuild` fills it with what was fetched before."""
    op.create_table(
        "embedded_pictures",
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_embedded_pictures")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("embedded_pictures")
