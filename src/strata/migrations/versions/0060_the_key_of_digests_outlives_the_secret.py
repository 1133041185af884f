"""the key of digests outlives the secret."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instance", sa.Column("lasting", sa.LargeBinary(), nullable=True))
