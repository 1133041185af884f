"""scopes and uses of tokens."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_organizations",
        sa.Column(
            "token_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "organization_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_token_organizations_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["tokens.id"],
            name=op.f("fk_token_organizations_token_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_id", "organization_id", name=op.f("pk_token_organizations")),
    )
    op.create_index(
        op.f("ix_token_organizations_organization_id"),
        "token_organizations",
        ["organization_id"],
        unique=False,
    )

    op.create_table(
        "token_uses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_token_uses_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_uses")),
    )
    op.create_index("token_uses_recent", "token_uses", ["token_id", "at"], unique=False)

    op.add_column(
        "organizations", sa.Column("token_policy", sa.Text(), server_default="any", nullable=False)
    )
    op.add_column("organizations", sa.Column("token_days", sa.Integer(), nullable=True))

    op.add_column("tokens", sa.Column("last_used_ip", sa.Text(), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("last_used_by", sa.Text(), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("former_digest", sa.Text(), nullable=True))
    op.add_column("tokens", sa.Column("former_until", Moment(), nullable=True))
    op.add_column("tokens", sa.Column("told_days", sa.Integer(), nullable=True))
    op.add_column("tokens", sa.Column("leaked_at", Moment(), nullable=True))
    op.add_column("tokens", sa.Column("leaked_in", sa.Text(), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("form_mark", sa.Text(), nullable=True))
    op.create_index(op.f("ix_tokens_former_digest"), "tokens", ["former_digest"], unique=False)
