"""Webhooks, what they watch, and what they were told."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

webhooks = sa.Table(
    "webhooks",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex, `id` on the wire
    sa.Column("owner_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.LargeBinary),  # sealed, see core/secrets.py
    sa.Column("on_repos", sa.Boolean, nullable=False),
    sa.Column("on_discussions", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
    sa.Column("given_up", sa.Boolean, nullable=False, server_default=sa.false()),  # by the hub
    # How its target does; see `health.py`.
    sa.Column("failing_since", Moment),  # the first failure since the last success
    sa.Column("silences", sa.Integer, nullable=False, server_default="0"),  # in a row
    sa.Column("paused_until", Moment),
    sa.Column("taken_until", Moment),  # somebody is calling it; see `turns.py`
)

# One row a watched thing; either of the two ids.
webhook_watches = sa.Table(
    "webhook_watches",
    metadata,
    identity(),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id"), nullable=False, index=True),
    sa.Column("type", sa.Text, nullable=False),  # "user", "org", "model", "dataset", "space"
    sa.Column("name", sa.Text, nullable=False),  # as it was when its owner chose it
    sa.Column("namespace_id", sa.BigInteger, index=True),
    sa.Column("repo_id", sa.BigInteger, index=True),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex, `logId` on the wire
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id"), nullable=False),
    sa.Column("origin", sa.Text, nullable=False),  # "fact", "test" or "replay"
    sa.Column("event", sa.Text, nullable=False),  # "repo.content:update"
    sa.Column("repo_id", sa.BigInteger),  # what the payload tells of; null: of nothing real
    sa.Column("private", sa.Boolean, nullable=False),  # whether that was private then
    sa.Column("payload", sa.Text, nullable=False),  # JSON
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # see `record.State`
    sa.Column("due_at", Moment),  # null: not waiting
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # The last attempt; heads and bodies at most 16 KiB, secrets masked.
    sa.Column("attempted_at", Moment),
    sa.Column("duration_ms", sa.Integer),
    sa.Column("status", sa.Integer),  # of the answer
    sa.Column("error", sa.Text),  # why there was no answer
    sa.Column("request_head", sa.Text),
    sa.Column("response_head", sa.Text),
    sa.Column("response_body", sa.Text),
    sa.Index(None, "webhook_id", "created_at"),
    sa.Index(None, "webhook_id", "due_at"),
    sa.Index(None, "created_at"),
)
