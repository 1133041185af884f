"""What lists know of a repo besides its record: an index, rebuilt from git."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment
from strata.repos.tables import repos

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
    sa.Column("summaries", Json),  # what the weights and small files say, by wire name
    sa.Column("siblings", Json, nullable=False),  # file names, for old clients' lists
    sa.Column("used_storage", sa.BigInteger, nullable=False),  # bytes of the files at head
    sa.Column("counted_public", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("indexed_at", Moment, nullable=False),
)

# By what a repo is found: its tags, and words that no client is shown (`search/saying/words.py`).
repo_tags = sa.Table(
    "repo_tags",
    metadata,
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),  # case-folded
    sa.Column(
        "repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False, index=True
    ),
    sqlite_with_rowid=False,
)

# How many repos have a tag; what facets and `tags-by-type` show without counting.
tag_counts = sa.Table(
    "tag_counts",
    metadata,
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),  # case-folded
    sa.Column("label", sa.Text, nullable=False),  # as the first card spelled it
    sa.Column("kind", sa.Text, nullable=False),  # "library", "license", …: `search/saying/words.py`
    sa.Column("public", sa.Integer, nullable=False),  # repos that everybody may see
    sa.Column("total", sa.Integer, nullable=False),  # all; never shown
    sa.Index("ix_tag_counts_by_kind", "type", "kind", "public", "tag"),
    sqlite_with_rowid=False,
)

# Substrings of ids. Both indexes keep themselves: a repo is found by its name from the transaction
# on that gave it. SQLite's is a table of its own that shadows `repos.path_key`.
_FORGET: Final = (
    "INSERT INTO repo_names(repo_names, rowid, path_key) VALUES ('delete', old.id, old.path_key);"
)
_REMEMBER: Final = "INSERT INTO repo_names(rowid, path_key) VALUES (new.id, new.path_key);"
_RENAMED: Final = f"BEGIN {_FORGET} {_REMEMBER} END"
_SHADOW: Final = "content='repos', content_rowid='id', tokenize='trigram', detail='none'"
NAMES_ON_SQLITE: Final = (
    f"CREATE VIRTUAL TABLE repo_names USING fts5(path_key, {_SHADOW})",
    f"CREATE TRIGGER repo_names_insert AFTER INSERT ON repos BEGIN {_REMEMBER} END",
    f"CREATE TRIGGER repo_names_delete AFTER DELETE ON repos BEGIN {_FORGET} END",
    f"CREATE TRIGGER repo_names_update AFTER UPDATE OF path_key ON repos {_RENAMED}",
)
NAMES_ON_POSTGRESQL: Final = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_repos_names ON repos USING gin (path_key gin_trgm_ops)",
)
# What of these a comparison of the schema with the tables would take for leftovers.
NAMES_OBJECTS: Final = frozenset(
    {"repo_names", "ix_repos_names"}
    | {f"repo_names_{part}" for part in ("config", "data", "docsize", "idx")}
)

for dialect, statements in (("sqlite", NAMES_ON_SQLITE), ("postgresql", NAMES_ON_POSTGRESQL)):
    for statement in statements:
        ddl = sa.DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
        sa.event.listen(repos, "after_create", ddl)
