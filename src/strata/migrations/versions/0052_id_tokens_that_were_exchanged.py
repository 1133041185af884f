"""ID tokens of jobs that were exchanged."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publisher_statements",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_publisher_statements")),
    )
    op.create_index(
        op.f("ix_publisher_statements_expires_at"), "publisher_statements", ["expires_at"]
    )
