"""What the room keeps besides git: who may push to a pull request, and what buckets are now."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Bytewise, Moment

# The room `community` knows what a pull request says; this one knows who may push to its ref.
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # refs/pr/<number>
    sa.Column("author_id", sa.BigInteger, nullable=False),
    sa.Column("base_ref", sa.Text, nullable=False),  # "refs/heads/main"
    sa.Column("created_at", Moment, nullable=False),
)

# What a bucket is besides its files (`blobs.tables.bucket_files`). Every change of the files locks
# this row, so changes of one bucket come one after the other and the sums stay true.
buckets = sa.Table(
    "buckets",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes of all files
    sa.Column("files", sa.BigInteger, nullable=False),
    sa.Column("last_change", sa.BigInteger, nullable=False),  # number in `bucket_changes`
    sa.Column("changed_at", Moment, nullable=False),  # never goes back
)

# When something below a folder was last uploaded; which folders there are, the files say.
bucket_folders = sa.Table(
    "bucket_folders",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("path", Bytewise, primary_key=True),
    sa.Column("uploaded_at", Moment, nullable=False),
)

# The latest changes of a bucket, for those who follow it.
bucket_changes = sa.Table(
    "bucket_changes",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("op", sa.Text, nullable=False),  # add, update or delete
    sa.Column("size", sa.BigInteger),  # null: deleted
    sa.Column("xet_hash", sa.Text),
    sa.Column("mtime", Moment),
)
