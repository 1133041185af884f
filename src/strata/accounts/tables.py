"""People and their names, and what strangers repeated too often."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# Users and organisations share one namespace; `key` is the case-folded name.
namespaces = sa.Table(
    "namespaces",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),  # canonical casing
    sa.Column("kind", sa.Text, nullable=False),  # a `names.Kind`
    # What the name looks like (`lib.lookalikes.names`); None: its owner is gone.
    sa.Column("skeleton", sa.Text, index=True),
    sqlite_autoincrement=True,  # the id of a removed account must never become somebody else's
)

# Nobody else may take a name for a while after it was given up, or links would lead to strangers.
former_names = sa.Table(
    "former_names",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # case-folded
    sa.Column("namespace_id", sa.ForeignKey("namespaces.id"), nullable=False, index=True),
    sa.Column("left_at", Moment, nullable=False),
    sa.Column("skeleton", sa.Text, index=True),  # as of `namespaces`
)

users = sa.Table(
    "users",
    metadata,
    # The user's id is the id of the namespace that bears the name.
    sa.Column("id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False),
    sa.Column("public_id", sa.Text, nullable=False, unique=True),  # 24 hex, `_id` on the wire
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),  # as typed
    sa.Column("email_key", sa.Text, nullable=False, index=True),  # case-folded, IDNA
    # The address belongs to another account. Such an account looks like any other that waits for
    # its confirmation, so that a sign-up reveals nobody; it can never confirm this address.
    sa.Column("address_taken", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("verified_at", Moment),
    sa.Column("password_hash", sa.Text),
    sa.Column("password_at", Moment),  # when it was chosen; before 2027 not noted
    sa.Column("admin", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False, server_default="active"),  # a `Standing`
    sa.Column("standing_reason", sa.Text),  # told to the person
    sa.Column("standing_until", Moment),  # a suspension ends, a deletion happens
    # Their password opens nothing but the page where they choose another one.
    sa.Column("must_reset_password", sa.Boolean, nullable=False, server_default=sa.false()),
    # They have a second factor: `factors.held` keeps this true, every request reads it.
    sa.Column("has_factor", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("agreed", sa.Text),  # the versions of the documents that were agreed to last
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_login_at", Moment),
    sa.Column("removal_told_at", Moment),  # when an unconfirmed account was told of its end
    sa.Index(
        "ix_users_standing_until",
        "standing_until",
        sqlite_where=sa.text("standing_until IS NOT NULL"),
        postgresql_where=sa.text("standing_until IS NOT NULL"),
    ),
    sa.Index(
        "uq_users_email_key",
        "email_key",
        unique=True,
        sqlite_where=sa.text("NOT address_taken"),
        postgresql_where=sa.text("NOT address_taken"),
    ),
)

# Every confirmed address belongs to one account; an account may have several. `users.email` names
# the primary one, which is confirmed or still waits for it.
emails = sa.Table(
    "emails",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # as `users.email_key`
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("email", sa.Text, nullable=False),  # as typed
    sa.Column("confirmed_at", Moment, nullable=False),
)

# Sliding-window counters for what strangers may repeat; one row per act, subject and minute.
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # e.g. "signup.address:203.0.113.7"
    sa.Column("subject", sa.Text, primary_key=True),  # what was tried, where that is counted too
    sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),  # since 1970
    sa.Column("count", sa.Integer, nullable=False),
    sa.Index(None, "minute"),
)

# Who must wait, and how often that happened lately.
blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # e.g. "login.pair:…"
    sa.Column("until", Moment, nullable=False),
    sa.Column("strikes", sa.Integer, nullable=False),
)
