"""Names that were given up: they lead to whoever had them, and nobody else may take them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from strata.accounts.names import KEPT, Namespace
from strata.accounts.tables import former_names, namespaces
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.lib.lookalikes.names import skeleton


def holder(call: Call, name: str) -> Namespace | None:
    """Who had this name until lately, under the name they have now."""
    if "\0" in name:  # PostgreSQL refuses even to look for it
        return None
    row = call.db.execute(
        sa.select(namespaces.c.id, namespaces.c.name, namespaces.c.kind)
        .join(former_names, former_names.c.namespace_id == namespaces.c.id)
        .where(
            former_names.c.key == name.lower(),
            former_names.c.left_at > call.now - KEPT,
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


def take_back(work: Work, name: str) -> None:
    """Forget that a name was given up: somebody bears it again."""
    work.db.execute(sa.delete(former_names).where(former_names.c.key == name.lower()))


def kept_for(call: Call, namespace_id: int) -> int:
    """How many names are kept from others for this account."""
    kept = sa.select(sa.func.count()).where(
        former_names.c.namespace_id == namespace_id, former_names.c.left_at > call.now - KEPT
    )
    return call.db.scalar(kept) or 0


def left_since(call: Call, namespace_id: int, age: timedelta) -> bool:
    """Whether this account gave up a name less than `age` ago."""
    recent = sa.select(former_names.c.key).where(
        former_names.c.namespace_id == namespace_id, former_names.c.left_at > call.now - age
    )
    return call.db.execute(recent.limit(1)).first() is not None
