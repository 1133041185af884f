"""scopes in organisations: what a person agreed to for the organisations that they chose."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of what was agreed to before nobody knows it: then the person is asked once more.
    op.add_column(
        "oauth_consents", sa.Column("scopes_there", sa.Text(), server_default="", nullable=False)
    )
