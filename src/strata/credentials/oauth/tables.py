"""Applications that people let in, and everything they were given."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

oauth_apps = sa.Table(
    "oauth_apps",
    metadata,
    identity(),
    sa.Column("client_id", sa.Text, nullable=False, unique=True),
    # Nobody: it came with the hub, or registered itself.
    sa.Column("owner_id", sa.ForeignKey("users.id"), index=True),
    sa.Column("origin", sa.Text, nullable=False),  # an `apps.Origin`
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("homepage", sa.Text, nullable=False, server_default=""),
    sa.Column("redirect_uris", Json, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),  # what it may ask for, separated by spaces
    sa.Column("secret_digest", sa.Text),  # none: a public application, which can keep no secret
    sa.Column("secret_suffix", sa.Text, nullable=False, server_default=""),
    sa.Column("device_flow", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("refreshes", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("picture", sa.Text),  # the upload of its logo; none: drawn from its name
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("read_at", Moment),  # when the document that its client_id names was read last
)

# How often an application was let in and logged people in: numbers, which outlive what they count.
oauth_app_days = sa.Table(
    "oauth_app_days",
    metadata,
    sa.Column(
        "app_id",
        sa.ForeignKey("oauth_apps.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # days since 1970
    sa.Column("authorized", sa.Integer, nullable=False, server_default="0"),
    sa.Column("log_ins", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "day"),
)

# Whom a person let in: one row a person and application, and what they agreed to.
oauth_consents = sa.Table(
    "oauth_consents",
    metadata,
    identity(),
    sa.Column("app_id", sa.ForeignKey("oauth_apps.id"), nullable=False, index=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),  # all that was ever agreed to
    sa.Column("organizations", Json, nullable=False),  # ids; as chosen last
    # Of the scopes, those that were agreed to for these organisations.
    sa.Column("scopes_there", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.UniqueConstraint("user_id", "app_id"),
)

# The repos that it made for them; they outlive what it was let in with.
oauth_made = sa.Table(
    "oauth_made",
    metadata,
    sa.Column(
        "app_id",
        sa.ForeignKey("oauth_apps.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column(
        "repo_id",
        sa.ForeignKey("repos.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    sa.Index(None, "user_id"),
)

# One log-in of an application: all tokens that grew out of it live and end together.
oauth_families = sa.Table(
    "oauth_families",
    metadata,
    identity(),
    sa.Column(
        "consent_id",
        sa.ForeignKey("oauth_consents.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("organizations", Json, nullable=False),
    sa.Column("lifetime_s", sa.Integer, nullable=False),  # of each of its access tokens
    sa.Column("created_at", Moment, nullable=False),
)

# Their refresh tokens: `tokens.tables`.
oauth_accesses = sa.Table(
    "oauth_accesses",
    metadata,
    sa.Column(
        "token_id",
        sa.ForeignKey("tokens.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        "family_id",
        sa.ForeignKey("oauth_families.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    # Which of the log-in's scopes it has, where a refresh asked for fewer; none: all of them.
    sa.Column("scopes", sa.Text),
)

oauth_codes = sa.Table(
    "oauth_codes",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column(
        "consent_id",
        sa.ForeignKey("oauth_consents.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("organizations", Json, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("challenge", sa.Text, nullable=False),  # of PKCE; empty: none was sent
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("entered_at", Moment, nullable=False),  # when the person last proved who they are
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Column("used_at", Moment),
    # What it gave: ended when the code is shown a second time.
    sa.Column("family_id", sa.ForeignKey("oauth_families.id", ondelete="SET NULL"), index=True),
)

oauth_devices = sa.Table(
    "oauth_devices",
    metadata,
    identity(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of the code the program holds
    sa.Column("user_code_digest", sa.Text, nullable=False, unique=True),
    sa.Column("app_id", sa.ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # a `device.State`
    sa.Column("consent_id", sa.ForeignKey("oauth_consents.id", ondelete="CASCADE"), index=True),
    sa.Column("organizations", Json, nullable=False),
    sa.Column("entered_at", Moment),
    sa.Column("interval_s", sa.Integer, nullable=False),
    sa.Column("polled_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Index(None, "app_id"),
)

# What the hub signs its statements about people with; every node reads the same.
oauth_keys = sa.Table(
    "oauth_keys",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("public", Json, nullable=False),  # a JWK
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the private JWK
    sa.Column("created_at", Moment, nullable=False, index=True),
)
