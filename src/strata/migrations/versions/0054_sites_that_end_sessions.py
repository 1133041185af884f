"""sites that end sessions."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logout_statements",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_logout_statements")),
    )
    op.create_index(op.f("ix_logout_statements_expires_at"), "logout_statements", ["expires_at"])
    for table in ("halfway", "sessions"):
        for column in ("vouched_identity", "vouched_session"):
            op.add_column(table, sa.Column(column, sa.Text(), nullable=True))
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
