"""The shapes of formulas, by which a formula is found in other spellings and with other letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from archiver.store import search_index

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: None = None
depends_on: None = None

TABLES = ("formulas", "page_formulas")


def upgrade() -> None:
    """Add the tables and columns, and fill them from the formulas there are."""
    server = op.get_bind().dialect.name == "postgresql"
    text = sa.String(collation="C") if server else sa.String()
    number = sa.BigInteger() if server else sa.Integer()
    op.create_table(
        "shapes",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("tokens", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shapes"),
    )
    op.create_table(
        "comment_formulas",
        sa.Column("comment_id", number, nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("tex", text, nullable=False),
        sa.Column("shape_id", number),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name="fk_comment_formulas_comment_id"),
        sa.ForeignKeyConstraint(["shape_id"], ["shapes.id"], name="fk_comment_formulas_shape_id"),
        sa.PrimaryKeyConstraint("comment_id", "position", name="pk_comment_formulas"),
    )
    op.create_index("ix_comment_formulas_shape_id", "comment_formulas", ["shape_id"])
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("shape_id", number))
            table.create_foreign_key(f"fk_{name}_shape_id", "shapes", ["shape_id"], ["id"])
            table.create_index(f"ix_{name}_shape_id", ["shape_id"])
    search_index.rebuild(op.get_bind())


def downgrade() -> None:
    """Take them away."""
    op.get_bind().exec_driver_sql("DROP TABLE IF EXISTS shapes_fts")
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_index(f"ix_{name}_shape_id")
            table.drop_constraint(f"fk_{name}_shape_id", type_="foreignkey")
            table.drop_column("shape_id")
    op.drop_table("comment_formulas")
    op.drop_table("shapes")
