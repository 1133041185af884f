"""copies of personal data."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("ready_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("key", name=op.f("uq_exports_key")),
    )
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_exports_user_id"), ["user_id"], unique=False)

    op.create_index(
        "ix_users_standing_until",
        "users",
        ["standing_until"],
        unique=False,
        sqlite_where=sa.text("standing_until IS NOT NULL"),
        postgresql_where=sa.text("standing_until IS NOT NULL"),
    )
