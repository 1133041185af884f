"""Access tokens."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

tokens = sa.Table(
    "tokens",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False),  # case-folded
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="access"),  # a `TokenKind`
    sa.Column("grants", Json),  # what a narrowed token lets through
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("prefix", sa.Text, nullable=False),  # "hf_aBcD"
    sa.Column("suffix", sa.Text, nullable=False),  # "wXyZ"
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("rotated_at", Moment),
    sa.Column("expires_at", Moment, index=True),
    sa.Column("last_used_at", Moment),  # flushed in bulk, never on the request itself
    sa.UniqueConstraint("user_id", "name_key"),
)
