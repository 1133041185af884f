"""What people are told of: one row for each person and thread."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment, identity

# SQLite takes an index only when a query spells its condition as the index does.

notifications = sa.Table(
    "notifications",
    metadata,
    identity(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    # What it is about, such as "discussion:12"; everything else but the six last columns tells of
    # the newest that happened there.
    sa.Column("thread", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),  # a `record.Topic`
    sa.Column("reason", sa.Text, nullable=False),  # a `record.Reason`: the best since it was read
    sa.Column("event", sa.Text, nullable=False),  # the fact, such as "discussion.comment.create"
    sa.Column("fact_id", sa.BigInteger, nullable=False),  # grows: an older fact changes nothing
    sa.Column("at", Moment, nullable=False),
    sa.Column("repo_id", sa.BigInteger),
    sa.Column("namespace_id", sa.BigInteger),  # the organisation, or whose storage it is
    sa.Column("discussion_id", sa.BigInteger),
    sa.Column("actor_id", sa.BigInteger),  # null: nobody, or the hub itself
    sa.Column("detail", Json, nullable=False),
    # Only for as long as the person manages the namespace of the repo, or `namespace_id`.
    sa.Column("for_managers", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("shown", sa.Boolean, nullable=False),  # false: the person wants it by mail alone
    sa.Column("unread", sa.Boolean, nullable=False),  # never of what is not shown, or done
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("muted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("mail_due", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("mail_since", Moment),  # when the first of the news happened that a mail is due for
    sa.UniqueConstraint("user_id", "thread"),
    sa.Index(None, "thread"),
    sa.Index(None, "at"),
    sa.Index(
        "ix_notifications_unread",
        "user_id",
        sqlite_where=sa.text("unread = 1"),
        postgresql_where=sa.text("unread"),
    ),
    sa.Index(
        "ix_notifications_listed",
        "user_id",
        "at",
        "id",
        sqlite_where=sa.text("shown = 1 AND done = 0"),
        postgresql_where=sa.text("shown AND NOT done"),
    ),
    sa.Index(
        "ix_notifications_mail_due",
        "user_id",
        "at",
        sqlite_where=sa.text("mail_due = 1"),
        postgresql_where=sa.text("mail_due"),
    ),
)
