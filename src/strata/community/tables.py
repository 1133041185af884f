"""Discussions and pull requests of a repo; both share one sequence of numbers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

discussions = sa.Table(
    "discussions",
    metadata,
    identity(),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # from repos.next_discussion
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("author_id", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # "open", "draft", "closed" or "merged"
    sa.Column("is_pull_request", sa.Boolean, nullable=False),
    sa.Column("base_ref", sa.Text),  # pull requests: "refs/heads/main"
    sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("comments", sa.Integer, nullable=False),  # how many
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.UniqueConstraint("repo_id", "number"),
)

discussion_events = sa.Table(
    "discussion_events",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 lowercase hex on the wire
    sa.Column("discussion_id", sa.ForeignKey("discussions.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # "comment", "commit", "status-change", …
    sa.Column("author_id", sa.BigInteger, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("content", Json, nullable=False),  # see community/queries.py
    sa.Index(None, "discussion_id", "id"),
)
