"""The tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make every table; each comes after those it refers to, save posts, whose current revision refers back."""
    make_runs()
    make_posts()
    make_labels()
    make_topics()
    make_comments()
    make_contents()
    make_sightings()


def make_runs() -> None:
    """Make the tables of what was done and what came back."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("finished_at", sa.String()),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer()),
        sa.Column("outcome", sa.String()),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("rest_until", sa.String()),
        sa.Column("counts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )

    op.create_table(
        "captures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("target_uri", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("payload_sha256", sa.String(), nullable=False),
        sa.Column("warc_file", sa.String(), nullable=False),
        sa.Column("warc_offset", sa.Integer(), nullable=False),
        sa.Column("warc_length", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("revisit_of", sa.String()),
        sa.Column("etag", sa.String()),
        sa.Column("last_modified", sa.String()),
        sa.Column("truncated", sa.String()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_captures_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("warc_file", "warc_offset", name=op.f("uq_captures_warc_file_warc_offset")),
    )
    op.create_index(op.f("ix_captures_payload_sha256"), "captures", ["payload_sha256"])
    op.create_index(op.f("ix_captures_run_id"), "captures", ["run_id"])
    op.create_index(op.f("ix_captures_url_fetched_at"), "captures", ["url", "fetched_at"])


def make_posts() -> None:
    """Make the tables of posts and their versions."""
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("published_on", sa.String()),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("license", sa.String()),
        sa.Column("license_url", sa.String()),
        sa.Column("reader_count", sa.Integer()),
        sa.Column("comment_count", sa.Integer()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.Column("last_changed_at", sa.String(), nullable=False),
        sa.Column("current_revision_id", sa.Integer()),
        sa.Column("missing_runs", sa.Integer(), nullable=False),
        sa.Column("comments_owed", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('live', 'gone')", name=op.f("ck_posts_status")),
        sa.ForeignKeyConstraint(
            ["current_revision_id"], ["post_revisions.id"], name=op.f("fk_posts_current_revision_id"), use_alter=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("url", name=op.f("uq_posts_url")),
    )
    op.create_index(op.f("ix_posts_published_on"), "posts", ["published_on"])

    op.create_table(
        "post_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("extractor_version", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("issues", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.CheckConstraint("status IN ('good', 'review')", name=op.f("ck_post_revisions_status")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_post_revisions_capture_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_revisions_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_revisions")),
    )
    op.create_index(op.f("ix_post_revisions_capture_id"), "post_revisions", ["capture_id"])
    op.create_index(op.f("ix_post_revisions_post_id_content_sha256"), "post_revisions", ["post_id", "content_sha256"])
    if op.get_context().dialect.supports_alter:  # SQLite has it already, in the table
        op.create_foreign_key(
            op.f("fk_posts_current_revision_id"), "posts", "post_revisions", ["current_revision_id"], ["id"]
        )


def make_labels() -> None:
    """Make the tables of how the blog sorts its posts."""
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )

    op.create_table(
        "post_categories",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_post_categories_category_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_categories_post_id")),
        sa.PrimaryKeyConstraint("post_id", "category_id", name=op.f("pk_post_categories")),
    )
    op.create_index(op.f("ix_post_categories_category_id"), "post_categories", ["category_id"])

    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
    )

    op.create_table(
        "post_tags",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_tags_post_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_post_tags_tag_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_post_tags")),
    )
    op.create_index(op.f("ix_post_tags_tag_id"), "post_tags", ["tag_id"])


def make_topics() -> None:
    """Make the tables of how the curated index sorts them."""
    op.create_table(
        "topics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("position", name=op.f("uq_topics_position")),
    )

    op.create_table(
        "topic_posts",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_posts_topic_id")),
        sa.PrimaryKeyConstraint("topic_id", "position", name=op.f("pk_topic_posts")),
    )
    op.create_index(op.f("ix_topic_posts_post_id"), "topic_posts", ["post_id"])


def make_comments() -> None:
    """Make the tables of what readers say."""
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_url", sa.String()),
        sa.Column("is_owner", sa.Boolean(create_constraint=True, name=op.f("ck_comments_is_owner")), nullable=False),
        sa.Column("published_on", sa.String()),
        sa.Column(
            "is_trackback", sa.Boolean(create_constraint=True, name=op.f("ck_comments_is_trackback")), nullable=False
        ),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.String()),
        sa.ForeignKeyConstraint(["parent_id"], ["comments.id"], name=op.f("fk_comments_parent_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_comments_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_parent_id"), "comments", ["parent_id"])
    op.create_index(op.f("ix_comments_post_id_parent_id"), "comments", ["post_id", "parent_id"])


def make_contents() -> None:
    """Make the tables of what is in a post."""
    op.create_table(
        "formulas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("display", sa.Boolean(create_constraint=True, name=op.f("ck_formulas_display")), nullable=False),
        sa.Column("environment", sa.String()),
        sa.Column("label", sa.String()),
        sa.Column("tag", sa.String()),
        sa.Column("tex", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_formulas_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formulas")),
    )
    op.create_index(op.f("ix_formulas_post_id_position"), "formulas", ["post_id", "position"])

    op.create_table(
        "code_blocks",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_code_blocks_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_code_blocks")),
    )

    op.create_table(
        "images",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("caption", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_images_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_images")),
    )
    op.create_index(op.f("ix_images_url"), "images", ["url"])

    op.create_table(
        "links",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target_post_id", sa.Integer()),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_links_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_target_post_id"), "links", ["target_post_id"])
    op.create_index(op.f("ix_links_url"), "links", ["url"])


def make_sightings() -> None:
    """Make the tables of what changes without being a revision, and what is left to do."""
    op.create_table(
        "post_stats",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("reader_count", sa.Integer()),
        sa.Column("comment_count", sa.Integer()),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_stats_post_id")),
        sa.PrimaryKeyConstraint("post_id", "seen_at", name=op.f("pk_post_stats")),
    )

    op.create_table(
        "sightings",
        sa.Column("post_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("published_on", sa.String()),
        sa.Column("comment_count", sa.Integer()),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_sightings_run_id")),
        sa.PrimaryKeyConstraint("post_id", "source", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_run_id"), "sightings", ["run_id"])

    op.create_table(
        "frontier",
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("permanent", sa.Boolean(create_constraint=True, name=op.f("ck_frontier_permanent")), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String()),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_done_at", sa.String()),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'done', 'failed', 'skipped')", name=op.f("ck_frontier_state")
        ),
        sa.ForeignKeyConstraint(["cycle"], ["runs.id"], name=op.f("fk_frontier_cycle")),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_frontier")),
    )
    op.create_index(op.f("ix_frontier_seq"), "frontier", ["seq"])
    op.create_index(op.f("ix_frontier_state_priority_seq"), "frontier", ["state", "priority", "seq"])
