"""What whoever pushes may do once the pack is here, which can be many minutes after they asked."""

from __future__ import annotations

from dataclasses import replace

from strata.core.call import Work
from strata.core.errors import BadCredentials
from strata.credentials.tokens.presented.bearers import actor_of, bearer_of

ENDED = "The credentials of this push ended while it came in."


def of_now(work: Work) -> Work:
    """The same work with all that its person may do by now, with what they showed.

    Raises:
        BadCredentials: the account is gone, or the access token or the key ended.
        AccountSuspended, Forbidden: the account is not open any more.
    """
    if work.actor.user_id is None:
        return work
    try:
        today = actor_of(work, bearer_of(work.actor))
    except BadCredentials:
        raise BadCredentials(ENDED) from None
    return replace(work, actor=today)
