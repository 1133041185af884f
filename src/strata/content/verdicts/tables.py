"""What was found when the signature of a commit was looked at."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Json, Moment

# As the index has it: with a value in its place neither database would use it.
NOT_VERIFIED = sa.text("verdict <> 'verified'")

# A commit is the same wherever it lies, and so is what was found. Who signed it was who they were
# when it came: a key that is removed later changes nothing.
commit_verdicts = sa.Table(
    "commit_verdicts",
    metadata,
    sa.Column("commit_sha", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),  # a `Verdict`
    sa.Column("signer", sa.Text),  # "SHA256:…", or the id of a GPG key: 16 hex digits, uppercase
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),  # where it was seen first
    sa.Column("judged_at", Moment, nullable=False),
    sa.Index(
        "ix_commit_verdicts_open",
        "signer",
        sqlite_where=NOT_VERIFIED,
        postgresql_where=NOT_VERIFIED,
    ),
)

# How far the history of a repo was looked at.
judged_tips = sa.Table(
    "judged_tips",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("tips", Json, nullable=False),  # shas; everything they reach was looked at
)
