"""Where each formula's source is from, and what converted it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None


TABLES = ("formulas", "page_formulas")


def upgrade() -> None:
    """Add the columns; all formulas stored before stood in the text of their pages."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("provenance", sa.String(), nullable=False, server_default="served"))
            table.add_column(sa.Column("converter", sa.String()))
            table.create_check_constraint(
                op.f(f"ck_{name}_provenance"), "provenance IN ('served', 'annotation', 'attribute', 'converted')"
            )


def downgrade() -> None:
    """Take them away."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"ck_{name}_provenance"), type_="check")
            table.drop_column("converter")
            table.drop_column("provenance")
