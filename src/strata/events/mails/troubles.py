"""Addresses that take no mail: noted when one is refused for good or comes back (product S-021)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.events.jobs import enqueue_row
from strata.events.mails.tables import undeliverable
from strata.lib.db.statements import upsert
from strata.lib.mail.message import address_key

WARNED_AFTER: Final = 3  # hard bounces in a row
LONGEST_REASON: Final = 500  # characters
NOTED: Final = "mail.undeliverable"  # jobs that react to it get `address`, a key


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an address."""

    key: str
    reason: str
    bounces: int
    since: datetime
    at: datetime

    @property
    def is_grave(self) -> bool:
        """Whether it happened too often to be a mishap."""
        return self.bounces >= WARNED_AFTER


def note(work: Work, address: str, reason: str, *, returned: bool) -> None:
    """Note one hard bounce.

    Args:
        returned: the mail was taken at first and came back.
    """
    key = address_key(address)
    again = troubles(work, [key])
    fresh = upsert(work.db, undeliverable).values(
        key=key, reason=reason[:LONGEST_REASON], bounces=1, since=work.now, at=work.now,
        returned=returned,
    )  # fmt: skip
    newer = {
        "reason": fresh.excluded.reason,
        "at": fresh.excluded.at,
        "bounces": undeliverable.c.bounces + 1,
        "returned": sa.or_(undeliverable.c.returned, fresh.excluded.returned),
    }
    work.db.execute(fresh.on_conflict_do_update(index_elements=["key"], set_=newer))
    if not again:
        for kind in work.hub.reactions.get(NOTED, ()):
            enqueue_row(work, kind, {"address": key}, key=f"{kind}:{key}")


def clear(work: Work, address: str) -> None:
    """Somebody proved that they read what is sent there."""
    work.db.execute(sa.delete(undeliverable).where(undeliverable.c.key == address_key(address)))


def clear_refusals(work: Work, address: str) -> None:
    """A mail server took a mail to it, as far as that says something."""
    refused = sa.and_(
        undeliverable.c.key == address_key(address), sa.not_(undeliverable.c.returned)
    )
    work.db.execute(sa.delete(undeliverable).where(refused))


def troubles(call: Call, keys: Collection[str]) -> dict[str, Trouble]:
    """What is wrong with which of these addresses."""
    columns = [undeliverable.c[name] for name in Trouble.__dataclass_fields__]
    rows = call.db.execute(sa.select(*columns).where(undeliverable.c.key.in_(sorted(keys))))
    return {row.key: Trouble(*row) for row in rows}
