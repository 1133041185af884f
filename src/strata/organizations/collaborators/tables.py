"""Who works on which repo; how they come and go is `repos.collaborating`'s."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

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
