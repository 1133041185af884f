"""The proofs of addresses."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

verifications = sa.Table(
    "verifications",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),  # "signup"
    sa.Column("email", sa.Text, nullable=False),  # the address this proves
    sa.Column("base_url", sa.Text, nullable=False),  # of the hub as the person knows it
    sa.Column("link_digest", sa.Text, nullable=False, unique=True),
    sa.Column("code_digest", sa.Text, nullable=False),
    sa.Column("code_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("link_expires_at", Moment, nullable=False),
    sa.Column("code_expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("replaced_at", Moment),  # a newer mail made this one invalid
)
