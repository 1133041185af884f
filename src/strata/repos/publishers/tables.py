"""Jobs of CI services that may act for a repo, or read for a person, without a stored secret."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

publishers = sa.Table(
    "publishers",
    metadata,
    identity(),
    # For a repo, which its jobs may write; without one: for the person who set it up.
    sa.Column("repo_id", sa.ForeignKey("repos.id"), index=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("claims", Json, nullable=False),  # name → text; all must be the same
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
)

# ID tokens that were exchanged, until they end by themselves: each gives one token.
publisher_statements = sa.Table(
    "publisher_statements",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
