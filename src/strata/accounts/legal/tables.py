"""The documents that people agree to, and what each agreed to."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# What the operator has published; without any, the sample texts hold.
legal_documents = sa.Table(
    "legal_documents",
    metadata,
    sa.Column("document", sa.Text, primary_key=True),  # a `DocumentKind`
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),  # Markdown
    sa.Column("sha256", sa.Text, nullable=False),  # of the text
    sa.Column("published_at", Moment, nullable=False),
)

# One row: the key of the versions that hold now. It comes along with each lookup of a caller.
agreement = sa.Table(
    "agreement",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("current", sa.Text, nullable=False),  # as `users.agreed`
    sa.Column("since", Moment),
)

consents = sa.Table(
    "consents",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),  # a `DocumentKind`
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),  # of the text that was shown
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("accepted_at", Moment, nullable=False),
    sa.Column("ip", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    # "signup", "oauth", "invite", "re-consent", "organization"
    sa.Column("method", sa.Text, nullable=False),
)

# What people agreed to whose accounts are gone: a proof without the person (product §3.4).
past_consents = sa.Table(
    "past_consents",
    metadata,
    identity(),
    sa.Column("pseudonym", sa.Text, nullable=False, index=True),  # one for each account
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("accepted_at", Moment, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
)
