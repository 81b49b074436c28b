"""Posts as vectors, for search by meaning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Add the table; `archiver search --vectors` fills it."""
    server = op.get_bind().dialect.name == "postgresql"
    text = sa.String(collation="C") if server else sa.String()
    number = sa.BigInteger() if server else sa.Integer()
    op.create_table(
        "post_vectors",
        sa.Column("post_id", number, nullable=False),
        sa.Column("revision_id", number, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name="pk_post_vectors"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_post_vectors_post_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_post_vectors_revision_id"),
    )


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("post_vectors")
