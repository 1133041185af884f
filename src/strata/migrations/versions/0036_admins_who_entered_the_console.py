"""admins who entered the console."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("console_at", Moment(), nullable=True))
