"""What lists know of a repo besides its record: an index, rebuilt from git."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("commit_sha", sa.Text, nullable=False),  # head of main that was indexed
    sa.Column("card_data", Json),  # front matter of README.md
    sa.Column("tags", Json, nullable=False),  # in the Hub's order
    sa.Column("pipeline_tag", sa.Text),
    sa.Column("library_name", sa.Text),
    sa.Column("config", Json),  # architectures, model_type, … of config.json
    sa.Column("siblings", Json, nullable=False),  # file names, for old clients' lists
    sa.Column("used_storage", sa.BigInteger, nullable=False),  # bytes of the files at head
    sa.Column("indexed_at", Moment, nullable=False),
)

repo_tags = sa.Table(
    "repo_tags",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),  # case-folded
    sa.Column(
        "repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False, index=True
    ),
)
