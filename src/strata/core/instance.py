"""The identity of a database: whoever starts over with an empty one is another hub.

Xet clients remember for 21 days which chunks a hub has, keyed by the address of its chunk store. A
hub that was set up anew at the same address must not be believed to hold them, so the address
carries this identity.

It also keeps, sealed with the server's secret, the key under which digests are looked up: that one
stays when the secret is changed, so that sessions and access tokens do.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

import sqlalchemy as sa

from strata.core.secrets import Secrets
from strata.core.settings.refusal import BadSettings
from strata.core.tables import metadata
from strata.lib.db.database import Database
from strata.lib.db.statements import upsert

instance = sa.Table(
    "instance",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one"), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("lasting", sa.LargeBinary),  # the key of digests, by `Secrets.seal`
)

_PURPOSE = "lasting.key"
ANOTHER_KEY = (
    "This database was made with another secret. Set STRATA_SECRET_KEY to that one; if you have "
    "changed it, name the former one in STRATA_FORMER_SECRET_KEYS. If it is lost, "
    "`strata secrets lost` starts anew: nobody stays logged in, and no access token works."
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


def with_lasting(database: Database, held: Secrets) -> Secrets:
    """The same secrets with the key of digests; a changed secret seals it anew.

    Raises:
        BadSettings: it was sealed with none of them.
    """
    with database.reading() as db:
        sealed: bytes | None = db.scalar(sa.select(instance.c.lasting))
    if sealed is None:
        sealed = _keep(database, held)
    opened = held.unseal(_PURPOSE, sealed)
    if opened is None:
        raise BadSettings(ANOTHER_KEY)
    if not held.is_newest(sealed):
        with database.writing() as db:
            same = sa.update(instance).where(instance.c.lasting == sealed)
            db.execute(same.values(lasting=held.seal(_PURPOSE, opened)))
    return replace(held, lasting=bytes.fromhex(opened))


def forget_lasting(database: Database) -> None:
    """Let the next start make another one: nothing is found by its digest any more."""
    with database.writing() as db:
        db.execute(sa.update(instance).values(lasting=None))


def _keep(database: Database, held: Secrets) -> bytes:
    """Keep what digests were made with so far: the oldest secret. Of two that try, one wins."""
    oldest = (held.root, *held.former)[-1]
    with database.writing() as db:
        empty = sa.update(instance).where(instance.c.lasting.is_(None))
        db.execute(empty.values(lasting=held.seal(_PURPOSE, oldest.hex())))
        return bytes(db.execute(sa.select(instance.c.lasting)).scalar_one())
