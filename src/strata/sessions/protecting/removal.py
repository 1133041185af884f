"""Take all second factors of an account away, at once or after a while in which that is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.factors import held, letters, passkeys
from strata.accounts.factors.tables import factor_removals
from strata.core.call import Call, Work, working
from strata.core.errors import NotFound
from strata.events.facts import Whose, record
from strata.events.jobs import Later, enqueue
from strata.lib.db.statements import upsert
from strata.sessions.identities.linking import needs_its_passkey
from strata.sessions.signed_in import sessions

ADMIN_WAIT: Final = timedelta(hours=72)  # so that a stolen machine's owner hears of it


@dataclass(frozen=True, slots=True)
class Removal:
    """What is going to happen."""

    due_at: datetime
    by_operator: bool


@dataclass(frozen=True, slots=True)
class RemoveFactors:
    """Do it, if nobody has stopped it."""

    kind: ClassVar[str] = "accounts.remove_factors"
    user_id: int

    def run(self, call: Call) -> None:
        with working(call) as work:
            people.locked(work, self.user_id)
            waiting, user = of(work, self.user_id), people.by_id(work, self.user_id)
            if waiting is None or user is None:
                return
            if waiting.due_at > work.now:
                raise Later(waiting.due_at - work.now)
            if not waiting.by_operator and needs_its_passkey(work, user):
                cancel(work, user)  # the other way in went meanwhile
            else:
                remove(work, user)


def of(call: Call, user_id: int) -> Removal | None:
    """When the factors of an account are taken away; None: they are not."""
    columns = (factor_removals.c.due_at, factor_removals.c.by_operator)
    row = call.db.execute(sa.select(*columns).where(factor_removals.c.user_id == user_id)).first()
    return Removal(*row) if row else None


def schedule(
    work: Work, user: people.User, wait: timedelta, *, by_operator: bool, proof: str = ""
) -> datetime:
    """Take them away later, and tell every address of it; a second wish does not move the first.

    Args:
        proof: how an operator knew the person.
    """
    fresh = upsert(work.db, factor_removals).values(
        user_id=user.id, due_at=work.now + wait, by_operator=by_operator
    )
    if work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1:
        enqueue(work, RemoveFactors(user.id), after=wait)
        _note(work, "account.2fa_removal", user, _by(proof))
    waiting = of(work, user.id)
    due = waiting.due_at if waiting else work.now
    letters.send(work, user, letters.removal(work, user, due))
    return due


def cancel(work: Work, user: people.User) -> bool:
    """Leave the factors as they are; False: nobody wanted to take them away."""
    people.locked(work, user.id)  # they may be taken away at this moment
    theirs = sa.delete(factor_removals).where(factor_removals.c.user_id == user.id)
    if work.db.execute(theirs).rowcount == 0:
        return False
    record(work, "account.2fa_removal_cancel", target=user.name, whose=Whose(subject_id=user.id))
    return True


def remove(work: Work, user: people.User, *, but: int | None = None, proof: str = "") -> None:
    """Leave the account with its password alone; its sessions end.

    Args:
        but: the session that goes on. proof: how an operator knew the person.
    """
    for one in passkeys.of(work, user.id):
        _note(work, "account.passkey_remove", user, {"name": one.name})
    held.remove_all(work, user.id)
    sessions.end_all(work, user.id, but=but)
    _note(work, "account.2fa_disable", user, _by(proof))
    letters.send(work, user, letters.REMOVED)


def _by(proof: str) -> dict[str, str]:
    return {"proof": proof} if proof else {}


def _note(work: Work, name: str, user: people.User, detail: Mapping[str, str]) -> None:
    record(work, name, target=user.name, detail=detail, whose=Whose(subject_id=user.id))


def reset_by_operator(work: Work, user: people.User, proof: str) -> datetime | None:
    """Help somebody who has lost everything.

    Args:
        proof: how they have shown who they are (`membership.identity`).

    Raises:
        NotFound: the account has none.

    Returns:
        When it happens, for the admins of the site; None: it is done.
    """
    there = people.latest(work, user.id)
    if there is None or not there.has_factor:
        raise NotFound(f"{user.name} has no second factor.")
    if there.admin:
        return schedule(work, there, ADMIN_WAIT, by_operator=True, proof=proof)
    remove(work, there, proof=proof)
    return None
