"""Mails, on their way and done, and the addresses that take none."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

mails = sa.Table(
    "mails",
    metadata,
    identity(),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    # Empty once the mail is sent: the log keeps no body, and no link of one.
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("headers", Json),  # further ones, such as List-Unsubscribe; as empty as the body
    # The same on every attempt, so that a repeat is recognised; nobody can guess it.
    sa.Column("unique_part", sa.Text, nullable=False),
    sa.Column("queued_at", Moment),  # since when it is tried; anew when an operator says so
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sent_at", Moment),
    sa.Column("failed_at", Moment),  # refused for good, or given up
    sa.Column("bounced_at", Moment),  # taken, and came back later
    # No longer on its way: sent, failed, or only kept because there was no mail server.
    sa.Column("finished_at", Moment),
    sa.Column("last_reply", sa.Text),  # what the mail server said, or the report that came back
    sa.Index(None, "recipient", "id"),
    sa.Index(None, "finished_at", "id"),
    sa.Index(None, "unique_part"),
)

# Addresses that refused a mail for good, until one is taken or somebody confirms the address.
undeliverable = sa.Table(
    "undeliverable",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # as `lib.mail.message.address_key`
    sa.Column("reason", sa.Text, nullable=False),  # the last words about it
    sa.Column("bounces", sa.Integer, nullable=False),  # in a row
    sa.Column("since", Moment, nullable=False),
    sa.Column("at", Moment, nullable=False),  # the last time
    # Its mail was taken at first and came back: that a server takes another one says nothing.
    sa.Column("returned", sa.Boolean, nullable=False),
)
