"""Plans and who has them, what is used of them, and what each process counted of busy callers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

rate_counts = sa.Table(
    "rate_counts",
    metadata,
    sa.Column("window", sa.BigInteger, primary_key=True, autoincrement=False),  # of five minutes
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("caller", sa.Text, primary_key=True),  # "account 12" or "address 203.0.113.7"
    sa.Column("count", sa.Integer, nullable=False),
)

# Named bundles of quotas.
plans = sa.Table(
    "plans",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("quotas", Json, nullable=False),  # key of `quotas.Quotas` → number
    sa.Column("created_at", Moment, nullable=False),
)

# Who has which plan; whoever has none has what the settings say.
plan_grants = sa.Table(
    "plan_grants",
    metadata,
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("plan", sa.ForeignKey("plans.name"), nullable=False),
    sa.Column("granted_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),  # null: never
)

# Plans that nobody gave by hand, and where they come from: "invite", "group <site>", "domain".
plan_claims = sa.Table(
    "plan_claims",
    metadata,
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("plan", sa.ForeignKey("plans.name"), nullable=False),
    sa.Column("granted_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),  # null: never
)

# The plan that comes with a confirmed address of a domain.
domain_plans = sa.Table(
    "domain_plans",
    metadata,
    sa.Column("domain", sa.Text, primary_key=True),  # "example.com" or "*.example.com"
    sa.Column("plan", sa.ForeignKey("plans.name"), nullable=False),
)

# Quotas that an operator gave to one owner alone.
quota_overrides = sa.Table(
    "quota_overrides",
    metadata,
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Moment),
)

plan_requests = sa.Table(
    "plan_requests",
    metadata,
    identity(),
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), nullable=False),
    sa.Column("asked_by", sa.BigInteger, nullable=False),  # id of the person
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),  # in which they asked
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # "open", "approved" or "declined"
    sa.Column("answer", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_at", Moment),
    sa.Index(None, "owner_id", "id"),
    sa.Index(None, "state", "id"),
)

# What the large files of an owner have together, each counted once among the public and once among
# the private repos. Kept as files come and go; `strata doctor` counts again.
usages = sa.Table(
    "usages",
    metadata,
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("private", sa.Boolean, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    # Of which percentage a mail told last; 101: of a refusal.
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),
)
