"""Large files: which bytes there are, how they are kept, and which repo was given them."""

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.columns import Bytewise, Moment

# Bytes the hub has, or is about to have. Kept as one object, as a Xet file, or both.
blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False, server_default=sa.false()),  # one whole object
    sa.Column("xet_hash", sa.Text, index=True),  # 64 hex of the Xet file
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_referenced_at", Moment, nullable=False, index=True),
)

# This repo was given these bytes by someone who had them. Knowing a sha256 is never enough.
repo_blobs = sa.Table(
    "repo_blobs",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.ForeignKey("blobs.sha256"), primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_referenced_at", Moment, nullable=False),
    # Where git has it, for people who look for what takes space (content/rewriting/naming.py).
    sa.Column("filename", sa.Text),  # None: not looked for yet; empty: looked for in vain
    sa.Column("ref", sa.Text),  # "refs/heads/main"
    sa.Index(None, "sha256"),
    sa.Index(None, "repo_id", "created_at", "sha256"),
)

# What git itself keeps of a repo: its small files in all their versions (blobs/quota/small.py).
git_sizes = sa.Table(
    "git_sizes",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
)

# Large files whose bytes the owner of a repo took away for good: a pointer to them is no damage.
given_up_blobs = sa.Table(
    "given_up_blobs",
    metadata,
    sa.Column("repo_id", sa.ForeignKey("repos.id"), primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    # Out of history too.
    sa.Column("everywhere", sa.Boolean, nullable=False, server_default=sa.false()),
)

# What the files of a bucket are now; the bucket's own word for bytes, as a pointer is git's. The
# foreign key keeps the sweep from dropping what is named here.
bucket_files = sa.Table(
    "bucket_files",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", Bytewise, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("xet_hash", sa.Text, nullable=False),  # 64 hex, as the client named it
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime", Moment),  # of the client's own file
    sa.Column("content_type", sa.Text),  # what the client says it is
    sa.Column("uploaded_at", Moment, nullable=False),
    sa.ForeignKeyConstraint(["repo_id", "sha256"], ["repo_blobs.repo_id", "repo_blobs.sha256"]),
    sa.Index(None, "repo_id", "sha256"),
)

# LFS uploads in parts that are under way.
uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # 24 hex
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),  # as promised
    sa.Column("size", sa.BigInteger, nullable=False),  # as promised
    sa.Column("part_bytes", sa.BigInteger, nullable=False),
    sa.Column("store_upload_id", sa.Text),  # the object store takes the parts itself
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

# Xorbs: runs of chunks, each at most 64 MiB raw.
xorbs = sa.Table(
    "xorbs",
    metadata,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("stored", sa.Boolean, nullable=False),  # false: announced, on its way into the store
    sa.Column("chunk_count", sa.Integer, nullable=False),
    sa.Column("raw_bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_referenced_at", Moment, nullable=False, index=True),
    # lib.xet.table.ChunkTable, 41 bytes a chunk
    sa.Column("chunks", sa.LargeBinary, nullable=False),
)

xet_files = sa.Table(
    "xet_files",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),  # 64 hex as on the wire
    sa.Column("sha256", sa.ForeignKey("blobs.sha256"), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("terms", sa.LargeBinary, nullable=False),  # lib.xet.table.Terms, 44 bytes a term
)

xet_file_xorbs = sa.Table(
    "xet_file_xorbs",
    metadata,
    sa.Column("file_hash", sa.ForeignKey("xet_files.hash"), primary_key=True),
    sa.Column("xorb", sa.ForeignKey("xorbs.hash"), primary_key=True),
    sa.Index(None, "xorb"),
)

# The chunks clients ask about: one in 1,024, and the first of each file.
xet_dedup = sa.Table(
    "xet_dedup",
    metadata,
    sa.Column("chunk", sa.LargeBinary(32), primary_key=True),
    sa.Column("xorb", sa.ForeignKey("xorbs.hash"), primary_key=True),
    sa.Index(None, "xorb"),
)

# Permissions to send one xorb by one PUT.
xet_grants = sa.Table(
    "xet_grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # 24 hex
    sa.Column("repo_id", sa.ForeignKey("repos.id"), nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("xorb", sa.LargeBinary(32), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("crc64", sa.Text, nullable=False),  # CRC-64/NVME, decimal
    sa.Column("direct", sa.Boolean, nullable=False),  # the object store takes the PUT itself
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
