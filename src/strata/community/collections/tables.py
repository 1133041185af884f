"""Collections, what is in them, and who likes them."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

collections = sa.Table(
    "collections",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex: the end of every slug
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_key", sa.Text, nullable=False),  # case-folded; an owner has it once
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # title and description, case-folded
    sa.Column("private", sa.Boolean, nullable=False),
    # Was public and is private only as long as its owner's account is closed.
    sa.Column("withheld", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("theme", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),  # among those of the owner
    sa.Column("upvotes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("trending", sa.Float, nullable=False, server_default="0"),  # see votes.py
    sa.Column("created_by", sa.BigInteger),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.UniqueConstraint("owner_id", "title_key"),
    # One index per listing order, so that a page costs the same wherever it starts.
    sa.Index(None, "updated_at", "id"),
    sa.Index(None, "upvotes", "id"),
    sa.Index(None, "trending", "id"),
)

# One item is one repo or one other collection.
collection_items = sa.Table(
    "collection_items",
    metadata,
    identity(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # 24 hex, `_id` on the wire
    sa.Column("collection_id", sa.ForeignKey("collections.id"), nullable=False),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), index=True),
    sa.Column("child_id", sa.ForeignKey("collections.id"), index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("added_by", sa.BigInteger),
    sa.Column("added_at", Moment, nullable=False),
    sa.UniqueConstraint("collection_id", "repo_id"),
    sa.UniqueConstraint("collection_id", "child_id"),
    sa.CheckConstraint("(repo_id IS NULL) <> (child_id IS NULL)", name="one_target"),
    sa.Index(None, "collection_id", "position"),
)

collection_upvotes = sa.Table(
    "collection_upvotes",
    metadata,
    sa.Column(
        "collection_id", sa.ForeignKey("collections.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
)
