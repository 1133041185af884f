"""Follow somebody, or no longer; doing either twice is fine."""

from __future__ import annotations

from strata.access.policy.persons import require_writer
from strata.community.follows import queries
from strata.core.call import Work
from strata.core.errors import Malformed
from strata.core.permissions import Permission

ACT = "follow people and organizations"


def follow(work: Work, namespace_id: int) -> None:
    """Follow a user or an organisation.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        Malformed: it is the caller.
    """
    follower = require_writer(work.actor, ACT, Permission.SETTINGS_WRITE)
    if follower == namespace_id:
        raise Malformed("You cannot follow yourself.")
    queries.add(work, follower, namespace_id)


def unfollow(work: Work, namespace_id: int) -> None:
    """Follow it no longer.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
    """
    queries.remove(work, require_writer(work.actor, ACT, Permission.SETTINGS_WRITE), namespace_id)
