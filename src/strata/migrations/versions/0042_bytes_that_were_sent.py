"""bytes that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("downloads", column)
