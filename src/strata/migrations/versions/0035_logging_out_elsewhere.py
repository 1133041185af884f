"""logging out elsewhere."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logins_elsewhere",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("end_session", sa.Text(), nullable=False),
        sa.Column("id_token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_logins_elsewhere")),
    )
    with op.batch_alter_table("logins_elsewhere", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_logins_elsewhere_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_logins_elsewhere_provider_issuer_subject"),
            ["provider", "issuer", "subject"],
            unique=False,
        )
