"""Who works on which repo, or is invited to; how they come and go is `repos.collaborating`'s."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

collaborators = sa.Table(
    "collaborators",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    # Every request of a person asks whether they have any.
    sa.Column(
        "user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False, index=True
    ),
    sa.Column("role", sa.Text, nullable=False),  # of `core.actor.Role`: read, write or admin
    sa.Column("added_by", sa.ForeignKey("users.id")),  # who invited; null: they are gone
    sa.Column("added_at", Moment, nullable=False),
)

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
