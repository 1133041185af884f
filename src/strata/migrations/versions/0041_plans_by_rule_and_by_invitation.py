"""plans by rule and by invitation."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "domain_plans",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plans.name"], name=op.f("fk_domain_plans_plan")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_plans")),
    )
    op.create_table(
        "plan_claims",
        sa.Column(
            "owner_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("granted_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["namespaces.id"], name=op.f("fk_plan_claims_owner_id")
        ),
        sa.ForeignKeyConstraint(["plan"], ["plans.name"], name=op.f("fk_plan_claims_plan")),
        sa.PrimaryKeyConstraint("owner_id", "source", name=op.f("pk_plan_claims")),
    )
    op.add_column("invites", sa.Column("plan", sa.Text(), nullable=True))
    op.add_column("invites", sa.Column("plan_days", sa.Integer(), nullable=True))
