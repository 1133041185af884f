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

# Statements of sites that somebody was logged out there; each counts once.
logout_statements = sa.Table(
    "logout_statements",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Browsers whose person is logged in at a site that offers to log them out again.
logins_elsewhere = sa.Table(
    "logins_elsewhere",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of the browser's `elsewhere` cookie
    sa.Column("provider", sa.Text, nullable=False),  # these three as in `identities`
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("end_session", sa.Text, nullable=False),  # the site's page that logs out
    sa.Column("id_token", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Index(None, "provider", "issuer", "subject"),
)
