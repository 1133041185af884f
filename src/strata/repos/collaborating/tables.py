"""Invitations to work on a repo; who accepted is `organizations.collaborators`'s."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# For one account, or for one address. A row goes when it is answered, taken back, or over.
repo_invites = sa.Table(
    "repo_invites",
    metadata,
    identity(),
    # 24 hex, by which doors name it: ids come back when rows go.
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False, index=True),
    # Who invited: the invitation holds as long as this person may invite.
    sa.Column("inviter_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), index=True),
    sa.Column("email", sa.Text),  # as typed
    sa.Column("email_key", sa.Text, index=True),  # equal for equal addresses
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of the token in the link
    sa.Column("role", sa.Text, nullable=False),  # of `core.actor.Role`: read, write or admin
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
