"""Invitations to join an organisation; those to sign up at all are `joining.tables.invites`."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# For one account, for one address, or, where neither is named, a link for whoever has it.
organization_invites = sa.Table(
    "organization_invites",
    metadata,
    identity(),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False, index=True),
    # Who invited: the invitation holds as long as this person may invite. Null: an operator.
    sa.Column("inviter_id", sa.ForeignKey("users.id"), index=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), index=True),
    sa.Column("email", sa.Text),  # as typed
    sa.Column("email_key", sa.Text, index=True),  # equal for equal addresses
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of the token in the link
    sa.Column("role", sa.Text, nullable=False),  # a `core.actor.Role`
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Who used a link: nobody comes back with it after they were removed.
organization_invite_uses = sa.Table(
    "organization_invite_uses",
    metadata,
    sa.Column(
        "invite_id",
        sa.ForeignKey("organization_invites.id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        "user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False, index=True
    ),
)
