"""Whom organisations let ask, and who asked."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

# One row an organisation that takes somebody; without one nobody may ask.
organization_joining = sa.Table(
    "organization_joining",
    metadata,
    sa.Column(
        "organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("anybody", sa.Boolean, nullable=False),  # may ask
    sa.Column("domain", sa.Text, nullable=False),  # whose confirmed addresses count; or empty
    # An admin has a confirmed address there; until then the domain lets nobody in.
    sa.Column("proved", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("at_once", sa.Boolean, nullable=False),  # those of the domain need no approval
)

join_requests = sa.Table(
    "join_requests",
    metadata,
    sa.Column(
        "organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False
    ),
    sa.Column(
        "user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False, index=True
    ),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
