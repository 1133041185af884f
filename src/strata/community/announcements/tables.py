"""What those who run the hub told everybody."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

announcements = sa.Table(
    "announcements",
    metadata,
    identity(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("texts", Json, nullable=False),  # Markdown by language; the first line is the heading
    sa.Column("reached", sa.BigInteger, nullable=False, server_default="0"),  # up to this account
)
