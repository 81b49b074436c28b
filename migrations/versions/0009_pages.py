"""Independent pages with their formulas and comments, and linked files; pages in the full-text index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from archiver.store import search_index

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the tables; `archiver rebuild` fills them with what was fetched before, `crawl --full` anew."""
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("issues", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.Column("last_changed_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_pages_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("url", name=op.f("uq_pages_url")),
    )
    op.create_table(
        "page_revisions",
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_page_revisions_capture_id")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_page_revisions_page_id")),
        sa.PrimaryKeyConstraint("page_id", "replaced_at", name=op.f("pk_page_revisions")),
    )
    op.create_table(
        "page_formulas",
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("display", sa.Boolean(create_constraint=True, name=op.f("ck_page_formulas_display")), nullable=False),
        sa.Column("environment", sa.String()),
        sa.Column("label", sa.String()),
        sa.Column("tag", sa.String()),
        sa.Column("tex", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_page_formulas_page_id")),
        sa.PrimaryKeyConstraint("page_id", "position", name=op.f("pk_page_formulas")),
    )
    op.create_table(
        "page_comments",
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_url", sa.String()),
        sa.Column(
            "is_owner", sa.Boolean(create_constraint=True, name=op.f("ck_page_comments_is_owner")), nullable=False
        ),
        sa.Column(
            "is_trackback",
            sa.Boolean(create_constraint=True, name=op.f("ck_page_comments_is_trackback")),
            nullable=False,
        ),
        sa.Column("published_on", sa.String()),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.String()),
        sa.Column("quotes_id", sa.Integer()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('comment', 'pingback', 'trackback')", name=op.f("ck_page_comments_kind")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_page_comments_page_id")),
        sa.PrimaryKeyConstraint("page_id", "id", name=op.f("pk_page_comments")),
    )
    op.create_table(
        "files",
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_files_capture_id")),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_files")),
    )
    search_index.rebuild(op.get_bind())


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE pages_fts")
    for name in ("files", "page_comments", "page_formulas", "page_revisions", "pages"):
        op.drop_table(name)
