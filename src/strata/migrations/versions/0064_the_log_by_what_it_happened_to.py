"""the log by what it happened to: an index, so that nobody reads all of it for one name."""

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_facts_target_id", "facts", ["target", "id"])
