"""standing, proofs and kinds of tokens."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Json, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # People stay logged in: a keyed digest is as good a mark as a random text.
    op.add_column("sessions", sa.Column("mark", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("proved_until", Moment(), nullable=True))
    op.execute("UPDATE sessions SET mark = digest")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("mark", nullable=False)

    op.add_column("tokens", sa.Column("kind", sa.Text(), server_default="access", nullable=False))
    op.add_column("tokens", sa.Column("grants", Json, nullable=True))
    op.add_column("tokens", sa.Column("expires_at", Moment(), nullable=True))
    op.create_index(op.f("ix_tokens_expires_at"), "tokens", ["expires_at"], unique=False)

    op.add_column(
        "users", sa.Column("standing", sa.Text(), server_default="active", nullable=False)
    )
    op.add_column("users", sa.Column("standing_reason", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("standing_until", Moment(), nullable=True))
    op.add_column(
        "users",
        sa.Column("must_reset_password", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
