"""content guidelines: a third document, that nobody is locked out by.

Whoever agreed to what held counts as having agreed to the sample guidelines as well: nobody is
interrupted because of a new version of the software. No consent is written down for them, since
they saw nothing; they are asked as soon as the operator publishes guidelines.
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The kinds stand in the order of the alphabet.
    op.execute(
        "UPDATE users SET agreed = 'guidelines=sample-1;' || agreed WHERE agreed IS NOT NULL"
    )
    op.execute("UPDATE agreement SET current = 'guidelines=sample-1;' || current")
