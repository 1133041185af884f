"""Accounts that wait until those who run the hub let them in (product §3.1)."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.tables import users
from strata.core.actor import Standing
from strata.core.call import Call, Work
from strata.core.errors import Conflict
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.membership.confirming import letters


def hold(work: Work, user: people.User) -> people.User:
    """Let a new account wait for its approval; returns it as it stands then."""
    _stand(work, user.id, Standing.PENDING)
    return replace(user, standing=Standing.PENDING.value)


def ask_for(work: Work, user: people.User) -> None:
    """Tell those who run the hub of an account that waits, once its address is confirmed."""
    for admin in people.site_admins(work):
        letter = letters.approval_wanted(work, people.reader(admin), newcomer=user.name)
        outbox.post(work, letter)


def approve(work: Work, user: people.User) -> None:
    """Let an account in.

    Raises:
        Conflict: it does not wait.
    """
    people.locked(work, user.id)  # another operator may let it in, and close it, at this moment
    _require_waiting(work, user)
    _stand(work, user.id, Standing.ACTIVE)
    record(work, "admin.user_approve", target=user.name, whose=Whose(subject_id=user.id))
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.approved(work, reader))


def waiting(call: Call) -> list[people.User]:
    """The accounts that wait, the oldest first."""
    rows = sa.select(users.c.id).where(users.c.standing == Standing.PENDING.value)
    found = (people.by_id(call, key) for key in call.db.scalars(rows.order_by(users.c.id)).all())
    return [user for user in found if user is not None]


def is_waiting(call: Call, user_id: int) -> bool:
    """Whether an account waits for its approval."""
    held = call.db.scalar(sa.select(users.c.standing).where(users.c.id == user_id))
    return bool(held == Standing.PENDING.value)


def _require_waiting(call: Call, user: people.User) -> None:
    if not is_waiting(call, user.id):
        raise Conflict(f"{user.name} does not wait for approval.")


def _stand(work: Work, user_id: int, standing: Standing) -> None:
    change = sa.update(users).where(users.c.id == user_id)
    work.db.execute(change.values(standing=standing.value))
