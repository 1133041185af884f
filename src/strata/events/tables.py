"""Facts that happened, jobs that react, and mails that wait."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

facts = sa.Table(
    "facts",
    metadata,
    identity(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # scope.action, e.g. "repo.create"
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("token_id", sa.BigInteger),
    sa.Column("repo_id", sa.BigInteger),
    sa.Column("target", sa.Text),  # what it happened to, readable
    sa.Column("detail", Json, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Index(None, "repo_id", "id"),
    sa.Index(None, "actor_id", "id"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    identity(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # the same key is queued once
    sa.Column("body", Json, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("locked_until", Moment),
    sa.Column("last_error", sa.Text),
    sa.Column("failed_at", Moment),  # gave up; kept for `strata doctor` and a person
    sa.Index(None, "failed_at", "due"),
)

mails = sa.Table(
    "mails",
    metadata,
    identity(),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column(
        "unique_part", sa.Text, nullable=False
    ),  # the same on every attempt, so a repeat is recognised
    sa.Column("sent_at", Moment),
    sa.Column("failed_at", Moment),
    sa.Column("last_reply", sa.Text),  # what the mail server said
    sa.Index(None, "recipient", "id"),
)
