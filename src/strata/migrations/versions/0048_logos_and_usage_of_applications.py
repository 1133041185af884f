"""Logos of applications, and how much they are used."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_app_days",
        sa.Column(
            "app_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("authorized", sa.Integer(), server_default="0", nullable=False),
        sa.Column("log_ins", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["oauth_apps.id"], name=op.f("fk_oauth_app_days_app_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("app_id", "day", name=op.f("pk_oauth_app_days")),
    )
    op.create_index(op.f("ix_oauth_app_days_day"), "oauth_app_days", ["day"])
    op.add_column("oauth_apps", sa.Column("picture", sa.Text(), nullable=True))
