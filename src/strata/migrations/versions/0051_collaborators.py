"""Collaborators."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collaborators",
        sa.Column(
            "repo_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("added_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_collaborators_added_by")),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], name=op.f("fk_collaborators_repo_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_collaborators_user_id")),
        sa.PrimaryKeyConstraint("repo_id", "user_id", name=op.f("pk_collaborators")),
    )
    with op.batch_alter_table("collaborators", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collaborators_user_id"), ["user_id"], unique=False)

    op.create_table(
        "repo_invites",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("repo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "inviter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["users.id"], name=op.f("fk_repo_invites_inviter_id")
        ),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], name=op.f("fk_repo_invites_repo_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_repo_invites_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repo_invites")),
        sa.UniqueConstraint("digest", name=op.f("uq_repo_invites_digest")),
        sa.UniqueConstraint("key", name=op.f("uq_repo_invites_key")),
    )
    with op.batch_alter_table("repo_invites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repo_invites_email_key"), ["email_key"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_repo_invites_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_repo_invites_inviter_id"), ["inviter_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_repo_invites_repo_id"), ["repo_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_repo_invites_user_id"), ["user_id"], unique=False)
