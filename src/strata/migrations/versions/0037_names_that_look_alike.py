"""Names that look alike: what each name looks like, as `lib.lookalikes.names` drew it then."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

BATCH = 5_000
ALIKE = str.maketrans({"I": "l", "1": "l", "0": "o"})
JOINTS = re.compile(r"(?<![0-9])[-._]+|[-._]+(?![0-9])")


def upgrade() -> None:
    for table in ("namespaces", "former_names"):
        op.add_column(table, sa.Column("skeleton", sa.Text(), nullable=True))
    draw_names()
    draw_former_names()
    for table in ("namespaces", "former_names"):
        op.create_index(op.f(f"ix_{table}_skeleton"), table, ["skeleton"], unique=False)


def draw_names() -> None:
    """Draw every name whose owner is still there."""
    db = op.get_bind()
    read = sa.text("SELECT id, key, name FROM namespaces WHERE id > :last ORDER BY id LIMIT :batch")
    write = sa.text("UPDATE namespaces SET skeleton = :skeleton WHERE id = :id")
    last = 0
    while rows := db.execute(read, {"last": last, "batch": BATCH}).all():
        drawn = [
            {"id": row.id, "skeleton": skeleton(row.name)}
            for row in rows
            if not row.key.startswith("~")
        ]
        if drawn:
            db.execute(write, drawn)
        last = rows[-1].id


def draw_former_names() -> None:
    """Draw the names that were given up; their casing is not known any more."""
    db = op.get_bind()
    read = sa.text("SELECT key FROM former_names WHERE key > :last ORDER BY key LIMIT :batch")
    write = sa.text("UPDATE former_names SET skeleton = :skeleton WHERE key = :key")
    last = ""
    while rows := db.scalars(read, {"last": last, "batch": BATCH}).all():
        db.execute(write, [{"key": key, "skeleton": skeleton(key)} for key in rows])
        last = rows[-1]


def skeleton(name: str) -> str:
    joined = JOINTS.sub("\0", name)
    drawn = joined.translate(ALIKE).lower().replace("rn", "m").replace("vv", "w")
    return drawn.replace("\0", "")
