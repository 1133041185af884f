"""Names that were given up.

They lead to whoever had them until somebody else takes them, which nobody may for a while
(`accounts.former_name_days`), so that links do not lead to strangers (product §3.3).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.accounts.naming.names import Namespace, find, still_kept
from strata.accounts.tables import former_names, namespaces
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.lib.lookalikes.names import skeleton

LATELY = timedelta(days=180)  # names that are kept for ever do not count for ever


def holder(call: Call, name: str) -> Namespace | None:
    """Who had this name before, under the name they have now; None once somebody bears it."""
    if "\0" in name or find(call, name) is not None:  # PostgreSQL refuses to look for a NUL
        return None
    row = call.db.execute(
        sa.select(namespaces.c.id, namespaces.c.name, namespaces.c.kind)
        .join(former_names, former_names.c.namespace_id == namespaces.c.id)
        .where(
            former_names.c.key == name.lower(),
            sa.not_(namespaces.c.key.startswith("~")),  # who had it is gone
        )
    ).first()
    return Namespace(row.id, row.name, row.kind) if row else None


def leave(work: Work, namespace_id: int, name: str) -> None:
    """Keep a name that its owner has just given up."""
    fresh = upsert(work.db, former_names).values(
        key=name.lower(), namespace_id=namespace_id, left_at=work.now, skeleton=skeleton(name)
    )
    changed = {name: fresh.excluded[name] for name in ("namespace_id", "left_at", "skeleton")}
    work.db.execute(fresh.on_conflict_do_update(index_elements=["key"], set_=changed))


def take_back(work: Work, name: str) -> int | None:
    """Forget that a name was given up, because somebody bears it again; who had given it up."""
    mine = sa.delete(former_names).where(former_names.c.key == name.lower())
    return work.db.scalar(mine.returning(former_names.c.namespace_id))


def forget_old(work: Work) -> None:
    """Remove the names of those who are gone that are no longer kept: they lead nowhere."""
    gone = sa.select(namespaces.c.id).where(namespaces.c.key.startswith("~"))
    theirs = former_names.c.namespace_id.in_(gone)
    work.db.execute(sa.delete(former_names).where(theirs, sa.not_(still_kept(work))))


def kept_for(call: Call, namespace_id: int) -> int:
    """How many names that this account gave up lately are kept from others."""
    kept = sa.select(sa.func.count()).where(
        former_names.c.namespace_id == namespace_id,
        former_names.c.left_at > call.now - LATELY,
        still_kept(call),
    )
    return call.db.scalar(kept) or 0


def last_left(call: Call, namespace_id: int) -> datetime | None:
    """When this account last gave up a name; None: it never did."""
    mine = former_names.c.namespace_id == namespace_id
    newest = sa.select(former_names.c.left_at).where(mine).order_by(former_names.c.left_at.desc())
    left: datetime | None = call.db.scalar(newest.limit(1))
    return left
