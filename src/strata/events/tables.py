"""Facts that happened and the seals on them, and jobs that react."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

# The audit log too: rows are added and sealed into a chain (`events.audit`), and never change. The
# triggers of `events.audit.sealing.guards` hold the database itself to that.
facts = sa.Table(
    "facts",
    metadata,
    identity(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # scope.action, e.g. "repo.create"
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("actor_kind", sa.Text, nullable=False, server_default="nobody"),  # a `facts.By`
    sa.Column("token_id", sa.BigInteger),
    sa.Column("on_behalf_of", sa.BigInteger),
    sa.Column("subject_id", sa.BigInteger),  # whose account it concerns
    sa.Column("owner_id", sa.BigInteger),  # in whose namespace it happened
    sa.Column("repo_id", sa.BigInteger),
    sa.Column("target", sa.Text),  # what it happened to, readable
    sa.Column("detail", Json, nullable=False),
    sa.Column("result", sa.Text, nullable=False, server_default="success"),  # or "failure"
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    # What could tell of a person was taken out when they left.
    sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()),
    # Written once, when the row is sealed: its place in the chain and what binds it there. The salt
    # goes with the personal parts, so that the mark tells nothing of them.
    sa.Column("chain_no", sa.BigInteger),
    sa.Column("salt", sa.Text),
    sa.Column("mark", sa.Text),
    sa.Column("link", sa.Text),
    sa.Index(None, "repo_id", "id"),
    sa.Index(None, "actor_id", "id"),
    sa.Index(None, "subject_id", "id"),
    sa.Index(None, "owner_id", "id"),
    sa.Index(None, "name", "id"),
    sa.Index(None, "at", "id"),
    sa.Index(None, "target", "id"),
    sa.Index("uq_facts_chain_no", "chain_no", unique=True),
    sa.Index(
        "ix_facts_unsealed",
        "id",
        sqlite_where=sa.text("chain_no IS NULL"),
        postgresql_where=sa.text("chain_no IS NULL"),
    ),
)

# How far the chain had come by the end of each day (UTC), and today so far. What is older than the
# log is kept is removed up to one of these, from which the rest is still checked.
audit_seals = sa.Table(
    "audit_seals",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),  # "2026-11-26"
    sa.Column("at", Moment, nullable=False),
    sa.Column("chain_no", sa.BigInteger, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("mark", sa.Text, nullable=False),  # keyed, over the others
    sa.Column("removed_at", Moment),  # of the rows up to here
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
    sa.Column("told_at", Moment),  # when those who run the hub were told of that
    sa.Index(None, "failed_at", "due"),
)
