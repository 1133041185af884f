"""A page of one's own: interests, a text, and the address that everybody may see."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("interests", "readme", "public_email"):
        op.add_column("profiles", sa.Column(name, sa.Text(), server_default="", nullable=False))
