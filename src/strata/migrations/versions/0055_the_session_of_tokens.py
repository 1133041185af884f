"""the session of tokens: in which browser session each was made."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("session_id", sa.BigInteger(), nullable=True))
