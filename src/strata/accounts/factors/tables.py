"""What somebody has beside a password, and where they were asked for it."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# One authenticator app an account.
authenticators = sa.Table(
    "authenticators",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the secret, by `Secrets.seal`
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("confirmed_at", Moment),  # null: being set up, opens nothing
    sa.Column("last_step", sa.BigInteger, nullable=False),  # of the last code; it works once
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),  # hex, the same for all codes of an account
    sa.Column("used_at", Moment),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("credential_id", sa.Text, nullable=False, unique=True),  # base64url
    sa.Column("public_key", sa.LargeBinary, nullable=False),  # COSE
    sa.Column("uses", sa.BigInteger, nullable=False),  # the authenticator's counter; 0: it has none
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sqlite_autoincrement=True,
)

# Challenges that were answered; each is good for one answer.
spent_challenges = sa.Table(
    "spent_challenges",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Browsers between the password and the second factor. They may enter nothing.
halfway = sa.Table(
    "halfway",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("browser", sa.Text, nullable=False),  # digest of its form cookie
    sa.Column("how", sa.Text, nullable=False),  # by which means they came this far
    sa.Column("remember", sa.Boolean, nullable=False),
    # As those of the session that it will be.
    sa.Column("vouched_identity", sa.Text, index=True),
    sa.Column("vouched_session", sa.Text, index=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Browsers that need no second factor for a while.
remembered_devices = sa.Table(
    "remembered_devices",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# Accounts whose factors are all taken away at a certain moment.
factor_removals = sa.Table(
    "factor_removals",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("by_operator", sa.Boolean, nullable=False),
)

# Codes by mail, for accounts that have nothing else to show who they are.
mailed_codes = sa.Table(
    "mailed_codes",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)
