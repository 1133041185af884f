"""withheld things."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("repos", "collections"):
        op.add_column(
            table, sa.Column("withheld", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
