"""Organisations and who belongs to them."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

organizations = sa.Table(
    "organizations",
    metadata,
    # The organisation's id is the id of the namespace that bears the name.
    sa.Column("id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("public_id", sa.Text, nullable=False, unique=True),  # 24 hex, `_id` on the wire
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("private_by_default", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("members_hidden", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("token_policy", sa.Text, nullable=False, server_default="any"),  # a `TokenPolicy`
    sa.Column("token_days", sa.Integer),  # the longest life of a token that names it
    # From then on members without a second factor are kept out; null: never.
    sa.Column("factor_from", Moment),
    sa.Column("kind", sa.Text, nullable=False, server_default=""),  # an `OrganizationKind`
    sa.Column("created_at", Moment, nullable=False),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column(
        "organization_id",
        sa.ForeignKey("organizations.id"),
        primary_key=True,
        autoincrement=False,
    ),
    # Every request of a person asks for their memberships.
    sa.Column(
        "user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False, index=True
    ),
    sa.Column("role", sa.Text, nullable=False),  # a `core.actor.Role`
    sa.Column("joined_at", Moment, nullable=False),
)
