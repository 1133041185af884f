"""grants of applications."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain, as SQLite's batch mode would rebuild a table that others refer to.
    op.add_column(
        "oauth_apps", sa.Column("refreshes", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
