"""Sign-ups on their way, and the proofs of addresses."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

verifications = sa.Table(
    "verifications",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),  # "signup"
    sa.Column("email", sa.Text, nullable=False),  # the address this proves
    sa.Column("base_url", sa.Text, nullable=False),  # of the hub as the person knows it
    sa.Column("link_digest", sa.Text, nullable=False, unique=True),
    sa.Column("code_digest", sa.Text, nullable=False),
    sa.Column("code_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("link_expires_at", Moment, nullable=False),
    sa.Column("code_expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("replaced_at", Moment),  # a newer mail made this one invalid
)

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
