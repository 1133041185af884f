"""What people want to hear of, and how; whoever chose nothing has no row."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

# One choice for each kind that somebody changed.
notice_choices = sa.Table(
    "notice_choices",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),  # a `choices.Kind`
    sa.Column("web", sa.Boolean, nullable=False),
    sa.Column("mail", sa.Boolean, nullable=False),
)

# When mails may come.
notice_times = sa.Table(
    "notice_times",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),  # a `times.Digest`
    sa.Column("quiet_from", sa.Integer),  # minutes after midnight where the person lives
    sa.Column("quiet_until", sa.Integer),
)

# Repos whose every discussion somebody wants to hear of, or none.
heeded_repos = sa.Table(
    "heeded_repos",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("muted", sa.Boolean, nullable=False),  # else watched
    sa.Column("since", Moment, nullable=False),
    sa.Index(None, "user_id", "muted"),
)

# People and organisations all of whose repos somebody watches.
watched_accounts = sa.Table(
    "watched_accounts",
    metadata,
    sa.Column(
        "namespace_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("since", Moment, nullable=False),
    sa.Index(None, "user_id"),
)
