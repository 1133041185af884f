"""Discussions and pull requests of a repo; both share one sequence of numbers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

discussions = sa.Table(
    "discussions",
    metadata,
    identity(),
    # 24 hex, `id` on the wire. SQLite adds no column without a default.
    sa.Column("key", sa.Text, nullable=False, server_default=""),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # from repos.next_discussion
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("author_id", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # "open", "draft", "closed" or "merged"
    sa.Column("is_pull_request", sa.Boolean, nullable=False),
    sa.Column("base_ref", sa.Text),  # pull requests: "refs/heads/main"
    sa.Column("seen_head", sa.Text),  # pull requests: the timeline tells of commits up to this one
    sa.Column("merge_commit", sa.Text),  # what put a pull request into its base
    sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("comments", sa.Integer, nullable=False),  # how many
    sa.Column("reactions", sa.Integer, nullable=False, server_default="0"),  # how many
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.UniqueConstraint("repo_id", "number"),
    sa.Index(None, "author_id"),
    sa.Index(None, "key", unique=True),
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
    sa.Column("content", Json, nullable=False),  # see queries.py
    sa.Column("hidden", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("editor_id", sa.BigInteger),  # who wrote or hid what stands there now
    sa.Column("edited_at", Moment),
    sa.Index(None, "discussion_id", "id"),
)

# What comments said before they were edited.
discussion_edits = sa.Table(
    "discussion_edits",
    metadata,
    identity(),
    sa.Column("event_id", sa.ForeignKey("discussion_events.id"), nullable=False),
    sa.Column("author_id", sa.BigInteger, nullable=False),
    sa.Column("written_at", Moment, nullable=False),
    sa.Column("content", Json, nullable=False),
    sa.Index(None, "event_id", "id"),
)

discussion_reactions = sa.Table(
    "discussion_reactions",
    metadata,
    sa.Column(
        "event_id", sa.ForeignKey("discussion_events.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reaction", sa.Text, primary_key=True),  # one of thread.REACTIONS
    sa.Column("created_at", Moment, nullable=False),
)
