"""Sign-ups on their way, and who may sign up."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# The first step of a sign-up, waiting for the second; see `pending.py` for what `sealed` is.
pending_sign_ups = sa.Table(
    "pending_sign_ups",
    metadata,
    identity(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of the cookie
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Who may sign up where that needs an invitation.
invites = sa.Table(
    "invites",
    metadata,
    identity(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of the code
    sa.Column("email_key", sa.Text),  # the only address that may use it
    sa.Column("note", sa.Text, nullable=False),  # for those who run the hub
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("plan", sa.Text),  # that whoever uses it gets
    sa.Column("plan_days", sa.Integer),  # after which that ends; null: never
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

# What the first account of a hub has to show, where the hub made that up; one row at most.
first_codes = sa.Table(
    "first_codes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 1
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
