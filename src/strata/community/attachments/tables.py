"""Files that people put into their texts."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Moment

# Pictures, films and sounds in texts; whoever knows the key may see them.
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
