"""How pages of each kind end, so that one which was cut short is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the table; the next pages fill it."""
    op.create_table(
        "page_endings",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "ending", name=op.f("pk_page_endings")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("page_endings")
