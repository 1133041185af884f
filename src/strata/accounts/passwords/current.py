"""Whether a password that was just compared is still the one: comparing takes a while."""

from __future__ import annotations

from strata.accounts import people
from strata.core.call import Work


def still(work: Work, user: people.User) -> people.User | None:
    """The account as it is now; None: another password was chosen since `user` was read.

    Until the transaction ends, nobody chooses another one.
    """
    people.locked(work, user.id)
    there = people.by_id(work, user.id)
    if there is None or there.password_hash is None or there.password_at != user.password_at:
        return None
    return there
