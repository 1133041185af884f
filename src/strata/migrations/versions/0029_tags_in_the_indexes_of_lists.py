"""Tags in the indexes of lists.

The index of each order also says who owns a repo and which tags it may have, so that a list passes
those that do not match without a look at them.
"""

import hashlib
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

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
BATCH = 5_000


def upgrade() -> None:
    op.add_column(
        "repos", sa.Column("tag_bits", sa.BigInteger(), server_default="0", nullable=False)
    )
    for column in ORDERS:
        op.drop_index(f"ix_repos_by_{column}", table_name="repos")
    write_bits()
    for column in ORDERS:
        op.create_index(
            f"ix_repos_by_{column}",
            "repos",
            ["type", "private", column, "id", "owner_id", "tag_bits"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def write_bits() -> None:
    """Write the bits of what each repo is indexed with."""
    db = op.get_bind()
    bits = bits_of_all(db)
    statement = sa.text("UPDATE repos SET tag_bits = :bits WHERE id = :repo_id")
    while batch := list(islice(bits, BATCH)):
        db.execute(statement, batch)


def bits_of_all(db: sa.Connection) -> Iterator[dict[str, int]]:
    """The bits of each repo with tags, as `search/bits.py` made them when this was written."""
    last = -1
    while True:
        ids = db.scalars(
            sa.text(
                "SELECT DISTINCT repo_id FROM repo_tags WHERE repo_id > :last"
                " ORDER BY repo_id LIMIT :batch"
            ),
            {"last": last, "batch": BATCH},
        ).all()
        if not ids:
            return
        rows = db.execute(
            sa.text(
                "SELECT repo_id, tag FROM repo_tags WHERE repo_id > :last AND repo_id <= :upto"
                " ORDER BY repo_id"
            ),
            {"last": last, "upto": ids[-1]},
        ).all()
        last = ids[-1]
        for repo_id, tags in groupby(rows, itemgetter(0)):
            yield {"repo_id": repo_id, "bits": bits_of(tag for _, tag in tags)}


def bits_of(tags: Iterator[str]) -> int:
    found = 0
    for tag in tags:
        for byte in hashlib.blake2b(tag.encode(), digest_size=2).digest():
            found |= 1 << byte % 64
    return found - (1 << 64) if found >> 63 else found
