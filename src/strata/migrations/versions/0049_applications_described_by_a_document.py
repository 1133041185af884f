"""Applications that are described by a document."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_apps", sa.Column("read_at", Moment(), nullable=True))
