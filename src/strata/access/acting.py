"""The account that acts."""

from __future__ import annotations

from strata.access.policy.persons import require_writer
from strata.accounts import people
from strata.core.call import Work
from strata.core.errors import Unauthenticated


def acting(work: Work, act: str) -> people.User:
    """The caller's account, which may write.

    Args:
        act: what for, e.g. "join organizations".

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
    """
    person = people.by_id(work, require_writer(work.actor, act))
    if person is None:
        raise Unauthenticated("Log in first.")
    return person
