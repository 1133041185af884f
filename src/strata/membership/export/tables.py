"""Copies of what is kept of a person, for that person."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

exports = sa.Table(
    "exports",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex, of its address and its object
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("ready_at", Moment),
    sa.Column("expires_at", Moment, index=True),
    sa.Column("size", sa.BigInteger),  # bytes
)
