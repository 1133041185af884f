"""Texts that are kept sealed, and how they come under the newest secret (`Secrets.seal`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.core.call import Call, Work


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of sealed texts."""

    column: sa.Column[Any]
    purpose: str

    @property
    def table(self) -> sa.Table:
        return self.column.table


@dataclass(frozen=True, slots=True)
class Stand:
    """How many of the texts are sealed with which secret."""

    newest: int
    former: int
    unreadable: int  # sealed with a secret that the settings do not name, or damaged


def stand(call: Call, kept: Sealed) -> Stand:
    """Look at all; opens each one."""
    numbers = {"newest": 0, "former": 0, "unreadable": 0}
    held = call.hub.secrets
    for sealed in call.db.scalars(sa.select(kept.column).where(kept.column.is_not(None))):
        if held.unseal(kept.purpose, sealed) is None:
            numbers["unreadable"] += 1
        else:
            numbers["newest" if held.is_newest(sealed) else "former"] += 1
    return Stand(**numbers)


def renew(work: Work, kept: Sealed) -> int:
    """Seal with the newest secret what is sealed with a former one; how many there were."""
    held, renewed = work.hub.secrets, 0
    found = sa.select(kept.column).where(kept.column.is_not(None)).distinct()
    for sealed in work.db.scalars(found).all():
        text = None if held.is_newest(sealed) else held.unseal(kept.purpose, sealed)
        if text is not None:
            same = sa.update(kept.table).where(kept.column == sealed)
            fresh = {kept.column.name: held.seal(kept.purpose, text)}
            renewed += work.db.execute(same.values(fresh)).rowcount
    return renewed
