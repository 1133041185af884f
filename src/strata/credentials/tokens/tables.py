"""Access tokens, what organisations say of them, and when they were used."""

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
    # Use is flushed in bulk, never written on the request itself.
    sa.Column("last_used_at", Moment),
    sa.Column("last_used_ip", sa.Text, nullable=False, server_default=""),
    sa.Column("last_used_by", sa.Text, nullable=False, server_default=""),  # the client's name
    sa.Column("use_written_at", Moment),  # when these three were; no oftener than once a minute
    # The value before the last refresh, for as long as it still works.
    sa.Column("former_digest", sa.Text, index=True),
    sa.Column("former_until", Moment),
    sa.Column("told_days", sa.Integer),  # how many days before the end its owner was told last
    sa.Column("leaked_at", Moment),  # since then it opens nothing
    sa.Column("leaked_in", sa.Text, nullable=False, server_default=""),  # where it was seen
    # The browser session in which it was made; that may be over. Null: an operator made it.
    sa.Column("session_id", sa.BigInteger),
    sa.Column("form_mark", sa.Text),  # of the page it was asked for on: sent twice, made once
    sa.UniqueConstraint("user_id", "name_key"),
)

token_organizations = sa.Table(
    "token_organizations",
    metadata,
    sa.Column(
        "token_id",
        sa.ForeignKey("tokens.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        "organization_id",
        sa.ForeignKey("organizations.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    sa.Column("state", sa.Text, nullable=False),  # an `Approval`
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("decided_at", Moment),
    sa.Column("decided_by", sa.BigInteger),
)

token_uses = sa.Table(
    "token_uses",
    metadata,
    identity(),
    sa.Column("token_id", sa.ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Index("token_uses_recent", "token_id", "at"),
)

# What applications refresh with; here, as a text that everybody reads may hold one, too.
oauth_refreshes = sa.Table(
    "oauth_refreshes",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column(
        "family_id",
        sa.ForeignKey("oauth_families.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Column("used_at", Moment),  # kept, so that a second use is noticed
)
