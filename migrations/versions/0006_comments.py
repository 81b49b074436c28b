"""Comments by kind, what they quote, what is odd about them; their former wordings; their pages as read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the tables and columns; the kind of a comment that is there is as far known as whether it is a notice."""
    with op.batch_alter_table("comments") as table:
        table.add_column(sa.Column("quotes_id", sa.Integer()))
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="comment"))
        table.add_column(sa.Column("content_sha256", sa.String()))
        table.add_column(sa.Column("capture_id", sa.Integer()))
        table.add_column(sa.Column("notes", sa.String(), nullable=False, server_default="[]"))
        table.create_check_constraint(op.f("ck_comments_kind"), "kind IN ('comment', 'pingback', 'trackback')")
        table.create_foreign_key(op.f("fk_comments_capture_id"), "captures", ["capture_id"], ["id"])
        table.create_index(op.f("ix_comments_post_id_page_deleted_at"), ["post_id", "page", "deleted_at"])
    op.execute("UPDATE comments SET kind = 'trackback' WHERE is_trackback")
    op.create_table(
        "comment_revisions",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("capture_id", sa.Integer()),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_url", sa.String()),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_revisions_comment_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_comment_revisions_capture_id")),
        sa.PrimaryKeyConstraint("comment_id", "replaced_at", name=op.f("pk_comment_revisions")),
    )
    op.create_table(
        "comment_pages",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("issues", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_comment_pages_post_id")),
        sa.PrimaryKeyConstraint("post_id", "page", name=op.f("pk_comment_pages")),
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("comment_pages", "comment_revisions"):
        op.drop_table(name)
    with op.batch_alter_table("comments") as table:
        table.drop_index(op.f("ix_comments_post_id_page_deleted_at"))
        table.drop_constraint(op.f("fk_comments_capture_id"), type_="foreignkey")
        table.drop_constraint(op.f("ck_comments_kind"), type_="check")
        for name in ("notes", "capture_id", "content_sha256", "kind", "quotes_id"):
            table.drop_column(name)
