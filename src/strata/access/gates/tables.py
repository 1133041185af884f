"""Who asked to be let through which gate, and who is told of it."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

# One row a person and repo. A gate that is taken away and put back finds its list again.
access_requests = sa.Table(
    "access_requests",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex: `requestId` on the wire
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # access.gates.record.Standing
    # The person asked, and so agreed to share the e-mail address; false: access was granted.
    sa.Column("asked", sa.Boolean, nullable=False),
    sa.Column("answers", Json, nullable=False),  # field of the form → what was filled in
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("reviewed_at", Moment),
    sa.Column("reviewed_by", sa.ForeignKey("users.id")),
    sa.Column("reason", sa.Text),  # of a rejection or a reset, for the person
    sa.Column("told_at", Moment),  # when those who decide were told, or left to their own digests
    sa.UniqueConstraint("repo_id", "user_id"),  # also the index behind every gated download
    sa.Index(None, "repo_id", "status", "requested_at", "id"),
    sa.Index(None, "user_id", "requested_at", "id"),
)

# How those who decide want to hear of requests; without a row the owner hears of each at once.
gate_notices = sa.Table(
    "gate_notices",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("email", sa.Text),  # null: the owner's own
    sa.Column("mode", sa.Text, nullable=False),  # "real-time", or "bulk": a digest a day
)

# Whose own digest is to tell of requests to a repo: of those that wait since then. Written when
# others would be mailed, and taken away when the digest is: each request is told by one mail.
gathered_requests = sa.Table(
    "gathered_requests",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("since", Moment, nullable=False),
    sa.Index(None, "repo_id"),
)
