"""uses once a minute: when the last use of a token was written down."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("use_written_at", Moment(), nullable=True))
