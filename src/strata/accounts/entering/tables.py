"""Signed-in browsers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

sessions = sa.Table(
    "sessions",
    metadata,
    identity(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),  # written at most once in ten minutes
    sa.Column("idle_expires_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("remember", sa.Boolean, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
)
