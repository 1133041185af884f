"""Addresses that wait to be confirmed as further ones of an account."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

email_changes = sa.Table(
    "email_changes",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("email", sa.Text, nullable=False),  # as typed
    sa.Column("email_key", sa.Text, nullable=False),  # case-folded, IDNA
    sa.Column("primary", sa.Boolean, nullable=False),  # it becomes the primary one
    sa.Column("link_digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("replaced_at", Moment),  # withdrawn, or a newer mail made this one invalid
)
