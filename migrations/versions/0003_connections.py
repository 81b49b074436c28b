"""Tables of how posts belong together: series, and works elsewhere that several cite.

Both are worked out from posts and links, so they stay empty here: the end of the next crawl fills them, and
`archiver migrate` does at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "external_references",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("url", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('arxiv', 'doi', 'github')", name=op.f("ck_external_references_kind")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_external_references_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_external_references")),
    )
    op.create_index(op.f("ix_external_references_kind_identifier"), "external_references", ["kind", "identifier"])
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["posts.id"], name=op.f("fk_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_table(
        "series_posts",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_series_posts_post_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_posts_series_id")),
        sa.PrimaryKeyConstraint("series_id", "position", name=op.f("pk_series_posts")),
        sa.UniqueConstraint("post_id", name=op.f("uq_series_posts_post_id")),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("series_posts", "series", "external_references"):
        op.drop_table(table)
