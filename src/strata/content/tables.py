"""Who opened which pull request: the one thing beyond refs that the right to push depends on."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

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
