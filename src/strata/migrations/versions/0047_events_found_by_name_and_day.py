"""events of the log are found by name and day."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_facts_at_id"), "facts", ["at", "id"], unique=False)
    op.create_index(op.f("ix_facts_name_id"), "facts", ["name", "id"], unique=False)
