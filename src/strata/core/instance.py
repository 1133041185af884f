"""The identity of a database: whoever starts over with an empty one is another hub.

Xet clients remember for 21 days which chunks a hub has, keyed by the address of its chunk store. A
hub that was set up anew at the same address must not be believed to hold them, so the address
carries this identity.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from strata.core.tables import metadata
from strata.lib.db.database import Database
from strata.lib.db.statements import upsert

instance = sa.Table(
    "instance",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one"), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
)


def key_of(database: Database) -> str:
    """Eight hex digits, made once per database."""
    with database.reading() as db:
        key: str | None = db.scalar(sa.select(instance.c.key))
    if key is not None:
        return key
    with database.writing() as db:
        fresh = upsert(db, instance).values(id=1, key=secrets.token_hex(4))
        db.execute(fresh.on_conflict_do_nothing())
        return str(db.scalar(sa.select(instance.c.key)))
