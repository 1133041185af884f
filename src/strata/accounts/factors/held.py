"""Which second factors an account has, all in all."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.factors import codes, halfway, passkeys, remembered, totp
from strata.accounts.factors.tables import factor_removals
from strata.accounts.tables import users
from strata.core.call import Call, Work


@dataclass(frozen=True, slots=True)
class Held:
    """The factors of an account."""

    authenticator: bool
    passkeys: int

    @property
    def any(self) -> bool:
        return self.authenticator or self.passkeys > 0


def of(call: Call, user_id: int) -> Held:
    """What an account has beside its password."""
    return Held(totp.is_on(call, user_id), len(passkeys.of(call, user_id)))


def are_going(call: Call, user_id: int) -> bool:
    """Whether all of them are taken away after a wait that goes on."""
    waits = sa.select(factor_removals.c.user_id).where(factor_removals.c.user_id == user_id)
    return call.db.execute(waits).first() is not None


def settle(work: Work, user_id: int) -> Held:
    """Write down whether an account has any; call it after every change of its factors.

    Without one, recovery codes and remembered browsers have no meaning any more.
    """
    people.locked(work, user_id)  # who adds or removes another one at once must see this
    held = of(work, user_id)
    here = sa.update(users).where(users.c.id == user_id)
    work.db.execute(here.values(has_factor=held.any))
    if not held.any:
        codes.remove(work, user_id)
        remembered.forget(work, user_id)
        halfway.forget(work, user_id)
        work.db.execute(sa.delete(factor_removals).where(factor_removals.c.user_id == user_id))
    return held


def remove_all(work: Work, user_id: int) -> None:
    """Leave an account with its password alone."""
    people.locked(work, user_id)
    totp.remove(work, user_id)
    passkeys.remove(work, user_id)
    settle(work, user_id)
