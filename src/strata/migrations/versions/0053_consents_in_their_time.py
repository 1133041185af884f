"""consents in their time: since when documents hold, and consents that outlive accounts."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("accepted_at", Moment(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_consents")),
    )
    op.create_index(op.f("ix_past_consents_pseudonym"), "past_consents", ["pseudonym"])
    op.add_column("agreement", sa.Column("since", Moment(), nullable=True))
    op.execute("UPDATE agreement SET since = (SELECT max(published_at) FROM legal_documents)")
    op.execute("UPDATE consents SET method = 're-consent' WHERE method = 'renewal'")
