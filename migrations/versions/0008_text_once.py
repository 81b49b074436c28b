"""A post's text stored once where it is current: revisions keep the texts that posts no longer has.

The former table `post_revisions` is a view now, with all texts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: None = None
depends_on: None = None

COLUMNS = (
    "id, post_id, capture_id, seen_at, content_sha256, title, markdown, text, extractor_version, engine, status, "
    "issues, notes"
)


def upgrade() -> None:
    """Make the table, move the rows, and let the current ones do without their text."""
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String()),
        sa.Column("text", sa.String()),
        sa.Column("extractor_version", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("issues", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.CheckConstraint("status IN ('good', 'review')", name=op.f("ck_revisions_status")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_revisions_capture_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_revisions_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_capture_id"), "revisions", ["capture_id"])
    op.create_index(op.f("ix_revisions_post_id_content_sha256"), "revisions", ["post_id", "content_sha256"])
    op.execute(f"INSERT INTO revisions ({COLUMNS}) SELECT {COLUMNS} FROM post_revisions")  # noqa: S608  # ours
    op.execute("UPDATE revisions SET markdown = NULL, text = NULL WHERE id IN (SELECT current_revision_id FROM posts)")
    if op.get_bind().dialect.name == "postgresql":
        last = "(SELECT coalesce(max(id), 0) + 1 FROM revisions)"
        op.execute(f"SELECT setval(pg_get_serial_sequence('revisions', 'id'), {last}, false)")
    with op.batch_alter_table("posts") as posts:
        posts.drop_constraint(op.f("fk_posts_current_revision_id"), type_="foreignkey")
    with op.batch_alter_table("posts") as posts:
        posts.create_foreign_key(op.f("fk_posts_current_revision_id"), "revisions", ["current_revision_id"], ["id"])
    op.drop_table("post_revisions")
