"""Who somebody is elsewhere."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# The key is what the other site calls them for ever, never their address there.
identities = sa.Table(
    "identities",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("provider", sa.Text, nullable=False),  # id of a `LoginProvider`
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("shown", sa.Text, nullable=False),  # how the site calls them for people
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
    sa.UniqueConstraint("provider", "issuer", "subject"),
)
