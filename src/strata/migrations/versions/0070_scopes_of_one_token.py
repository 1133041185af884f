"""scopes of one token: what a refresh asked for that wanted less than its log-in has."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_accesses", sa.Column("scopes", sa.Text(), nullable=True))
