"""The address of each link of the curated index: what is not archived is known by that alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Add the column; all archives before were of one blog."""
    with op.batch_alter_table("topic_posts") as table:
        table.add_column(sa.Column("url", sa.String()))
    op.execute("UPDATE topic_posts SET url = 'https://kexue.fm/archives/' || CAST(post_id AS TEXT)")
    with op.batch_alter_table("topic_posts") as table:
        table.alter_column("url", existing_type=sa.String(), nullable=False)


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("topic_posts") as table:
        table.drop_column("url")
