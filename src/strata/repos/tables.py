"""The repo record, its refs, and the names under which it also answers."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment, identity

# What lists can be ordered by.
ORDERS = (
    "trending",
    "created_at",
    "updated_at",
    "downloads",
    "likes",
    "likes_30d",
    "num_parameters",
    "main_size",
)
_LIVING = sa.text("deleted_at IS NULL")


def _ordered_by(column: str) -> sa.Index:
    """An index that lists walk: public and private repos apart, so that none has to be skipped.

    It ends in what most questions ask of a repo, so that those it passes need no look at the row.
    """
    return sa.Index(
        f"ix_repos_by_{column}",
        "type",
        "private",
        column,
        "id",
        "owner_id",
        "tag_bits",
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    )


repos = sa.Table(
    "repos",
    metadata,
    identity(),
    # 24 hex: `_id` on the wire and the folder on disk
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("owner_id", sa.ForeignKey("namespaces.id"), nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),  # canonical casing, follows the owner's name
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("path_key", sa.Text, nullable=False),  # "namespace/name", case-folded
    sa.Column("private", sa.Boolean, nullable=False),
    # Was public and is private only as long as its owner's account is closed.
    sa.Column("withheld", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("gated", sa.Text),  # "auto" or "manual"; null: open
    sa.Column("gate_members", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("discussions_disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("description", sa.Text),
    sa.Column("sdk", sa.Text),  # spaces
    sa.Column("created_by", sa.BigInteger),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),  # last move of a ref or setting
    # Grows with each move of a ref.
    sa.Column("generation", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("next_discussion", sa.Integer, nullable=False, server_default="1"),
    sa.Column("likes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("downloads", sa.BigInteger, nullable=False, server_default="0"),  # last 30 days
    sa.Column("downloads_all_time", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("likes_30d", sa.Integer, nullable=False, server_default="0"),  # of the last 30 days
    sa.Column("trending", sa.Float, nullable=False, server_default="0"),
    # What lists order by and only the head of main knows; 0 when it says nothing.
    sa.Column("num_parameters", sa.BigInteger, nullable=False, server_default="0"),  # numbers
    sa.Column("main_size", sa.BigInteger, nullable=False, server_default="0"),  # bytes of the files
    # Bits of the tags by which lists find it (search/bits.py); 0 when it has none.
    sa.Column("tag_bits", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("deleted_at", Moment),  # gone for everyone; the sweep removes what it held
    # A deleted repo frees its name: only living repos take part.
    sa.Index(
        "uq_repos_type_path_key",
        "type",
        "path_key",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    sa.Index(None, "owner_id", "type"),
    *(_ordered_by(column) for column in ORDERS),
    # Few repos have a gate: a list of them starts from here.
    sa.Index(
        "ix_repos_gated",
        "type",
        "gated",
        sqlite_where=sa.text("gated IS NOT NULL"),
        postgresql_where=sa.text("gated IS NOT NULL"),
    ),
)

refs = sa.Table(
    "refs",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),  # "refs/heads/main"
    sa.Column("target", sa.Text, nullable=False),  # commit, or the object of an annotated tag
    sa.Column("commit_sha", sa.Text, nullable=False),  # what the target peels to
    sa.Column("moved_at", Moment, nullable=False),
)

# Where a repo used to live; clients are sent on with a 307 until someone takes the old name.
redirects = sa.Table(
    "redirects",
    metadata,
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("path_key", sa.Text, primary_key=True),  # "namespace/name", or a legacy "name"
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False, index=True),
)

likes = sa.Table(
    "likes",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index(None, "user_id", "created_at"),
    sa.Index(None, "created_at"),
)

downloads = sa.Table(
    "downloads",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # days since 1970
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),  # sent, or handed out
    sa.Index(None, "day"),
)

# Repos whose likes or downloads changed since they were last counted (search/trending/scores.py).
stirred = sa.Table(
    "stirred",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
)
