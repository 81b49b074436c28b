"""When a list says that a post was last changed: sitemaps do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Add the column; no list that was read before said it."""
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("sightings", recreate=recreate) as table:
        table.add_column(sa.Column("modified_at", sa.String()))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("sightings") as table:
        table.drop_column("modified_at")
