"""since when a mail is due."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("mail_since", Moment(), nullable=True))
    op.execute("UPDATE notifications SET mail_since = at WHERE mail_due")
