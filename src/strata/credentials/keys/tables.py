"""The public keys of people."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

ssh_keys = sa.Table(
    "ssh_keys",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),  # "ssh-ed25519"
    # "SHA256:…"; one key, one account
    sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),  # flushed in bulk, never on the connection itself
    sqlite_autoincrement=True,  # a signed link names the id: it must never become another key's
)

gpg_keys = sa.Table(
    "gpg_keys",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),  # lowercase hex
    sa.Column("blob", sa.LargeBinary, nullable=False),
    sa.Column("addresses", Json, nullable=False),  # lowercase e-mails of its user ids
    sa.Column("subkeys", Json, nullable=False),  # fingerprints
    sa.Column("created_at", Moment, nullable=False),  # when it was added here
    sa.Column("expires_at", Moment),
    # Whoever adds another person's public key gains nothing and must not shut that person out.
    sa.UniqueConstraint("user_id", "fingerprint"),
)

# Which keys a signature may mean that names its key by this id.
gpg_issuers = sa.Table(
    "gpg_issuers",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),  # 16 hex digits, uppercase
    sa.Column(
        "key_id",
        sa.ForeignKey("gpg_keys.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
)
