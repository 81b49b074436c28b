"""What is not believed yet, how often an address has failed, and which blog a run was about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Make the table and the columns; what failed before counts as having failed once."""
    # SQLite makes the table anew, and so can give a column a place; a server adds it at the end.
    sqlite = op.get_bind().dialect.name == "sqlite"
    recreate = "always" if sqlite else "never"
    op.create_table(
        "doubts",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        sa.Column("last_run", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(create_constraint=True, name=op.f("ck_doubts_accepted")), nullable=False),
        sa.CheckConstraint("kind IN ('list', 'pages', 'part')", name=op.f("ck_doubts_kind")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_doubts")),
    )
    with op.batch_alter_table("frontier", recreate=recreate) as frontier:
        failures = sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
        frontier.add_column(failures, insert_after="attempts" if sqlite else None)
        frontier.add_column(sa.Column("failed_since", sa.String()), insert_after="failures" if sqlite else None)
        frontier.drop_constraint(op.f("fk_frontier_cycle"), type_="foreignkey")
        frontier.alter_column("cycle", new_column_name="run_id")
    with op.batch_alter_table("frontier") as frontier:
        frontier.alter_column("failures", server_default=None)
        frontier.create_foreign_key(op.f("fk_frontier_run_id"), "runs", ["run_id"], ["id"])
    op.execute("UPDATE frontier SET failures = 1, failed_since = first_seen_at WHERE state = 'failed'")
    with op.batch_alter_table("runs", recreate=recreate) as runs:
        runs.add_column(sa.Column("blog", sa.String()), insert_after="command" if sqlite else None)
        runs.add_column(sa.Column("site", sa.String()), insert_after="blog" if sqlite else None)


def downgrade() -> None:
    """Take them away."""
    op.drop_column("runs", "site")
    op.drop_column("runs", "blog")
    with op.batch_alter_table("frontier") as frontier:
        frontier.drop_constraint(op.f("fk_frontier_run_id"), type_="foreignkey")
        frontier.alter_column("run_id", new_column_name="cycle")
        frontier.drop_column("failed_since")
        frontier.drop_column("failures")
    with op.batch_alter_table("frontier") as frontier:
        frontier.create_foreign_key(op.f("fk_frontier_cycle"), "runs", ["cycle"], ["id"])
    op.drop_table("doubts")
