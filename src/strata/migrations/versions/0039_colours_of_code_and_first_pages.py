"""colours of code and first pages."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("code_theme", "landing"):
        column = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("preferences", column)
