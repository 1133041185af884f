"""Signed-in browsers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

sessions = sa.Table(
    "sessions",
    metadata,
    identity(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    # Stays while the cookie is renewed, so that forms in other tabs stay good.
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),  # written at most once in ten minutes
    sa.Column("idle_expires_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("proved_until", Moment),  # as long the session counts as freshly proved
    sa.Column("proved_from", sa.Text),  # from where, the last time, see `browsers.whence`
    sa.Column("proved_by", sa.Text),  # with what, the last time: "password+totp", "passkey"
    sa.Column("console_at", Moment),  # when it entered the administration of the site
    sa.Column("remember", sa.Boolean, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    # At whose word it was opened (`core.settings.providers.Vouched`); null: a password or a
    # passkey.
    sa.Column("vouched_identity", sa.Text, index=True),
    sa.Column("vouched_session", sa.Text, index=True),
)

# Links that let somebody choose a new password.
resets = sa.Table(
    "resets",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("link_digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

# Log-ins from unknown browsers that wait for a link by mail. They opened nothing yet.
waiting_log_ins = sa.Table(
    "waiting_log_ins",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of what the browser holds
    # Null: nobody's, as the password was wrong; there so that both cost alike.
    sa.Column("user_id", sa.ForeignKey("users.id"), index=True),
    sa.Column("browser", sa.Text, nullable=False),  # digest of its form cookie
    sa.Column("link_digest", sa.Text, unique=True),  # null: no mail was sent
    sa.Column("remember", sa.Boolean, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Browsers in which somebody logged in before; another one is told to the owner.
known_browsers = sa.Table(
    "known_browsers",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("digest", sa.Text, nullable=False),  # of the browser's `device` cookie
    sa.Column("family", sa.Text, nullable=False),  # "Firefox on Linux"
    sa.Column("network", sa.Text, nullable=False),  # /16, or /32 of IPv6
    sa.Column("seen_at", Moment, nullable=False),
    sa.UniqueConstraint("user_id", "digest"),
)
