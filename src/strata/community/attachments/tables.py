"""Files that people put into their texts."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

# Pictures, films and sounds in texts; see `placing` for who may see them.
attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # 32 hex, random
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),  # "image/png"
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes
    sa.Column("created_at", Moment, nullable=False),
    sa.Index(None, "user_id", "created_at"),
)

# In whose texts the person who sent a file has used it.
attachment_places = sa.Table(
    "attachment_places",
    metadata,
    sa.Column("key", sa.ForeignKey("attachments.key"), primary_key=True),
    sa.Column(
        "repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False, index=True
    ),
)
