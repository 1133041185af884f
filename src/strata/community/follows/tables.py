"""Who follows whom."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

follows = sa.Table(
    "follows",
    metadata,
    identity(),  # grows, so it is also the order
    sa.Column("follower_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("followed_id", sa.ForeignKey("namespaces.id"), nullable=False),  # or organisation
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("follower_id", "followed_id"),
    sa.Index(None, "followed_id", "id"),
    sa.Index(None, "follower_id", "id"),
)
