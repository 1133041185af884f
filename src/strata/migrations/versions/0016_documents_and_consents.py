"""documents and consents."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("current", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_table(
        "legal_documents",
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("document", "version", "language", name=op.f("pk_legal_documents")),
    )
    op.add_column("users", sa.Column("agreed", sa.Text(), nullable=True))
    # Everybody so far agreed to the sample texts, or an operator opened their account.
    op.execute("UPDATE users SET agreed = 'privacy=sample-1;terms=sample-1'")
