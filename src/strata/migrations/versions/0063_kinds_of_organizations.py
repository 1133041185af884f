"""kinds of organizations: what they say that they are, and domains that nobody proved yet."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("kind", sa.Text(), nullable=False, server_default=""))
    # Until now no domain was kept that an admin had not proved.
    op.add_column(
        "organization_joining",
        sa.Column("proved", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
