"""requests in digests of their own: whose digest tells of which."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gathered_requests",
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "repo_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("since", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repos.id"], name=op.f("fk_gathered_requests_repo_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_gathered_requests_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "repo_id", name=op.f("pk_gathered_requests")),
    )
    op.create_index("ix_gathered_requests_repo_id", "gathered_requests", ["repo_id"])
