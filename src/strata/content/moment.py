"""What somebody may do at the moment when their work lands, which can be long after they asked."""

from __future__ import annotations

from dataclasses import replace

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.content.rights import require_push
from strata.core.call import Work
from strata.core.errors import BadCredentials, RepoNotFound
from strata.credentials.tokens.presented.bearers import actor_of, bearer_of
from strata.repos import queries as records
from strata.repos.record import Repo

ENDED = "The credentials of this request ended while it was carried out."


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


def held_now(work: Work, repo: Repo) -> Repo:
    """The repo as it is by now; whoever gives it away, changes or deletes it waits for us.

    Raises:
        RepoNotFound: it was deleted meanwhile.
    """
    here = records.repo_by_id(work, repo.id) if records.hold(work, repo.id) else None
    if here is None:
        raise RepoNotFound
    return here


def require_still_push(work: Work, repo: Repo, ref: str) -> None:
    """Ask once more whether the caller may move a ref, as both they and the repo are by now.

    Raises:
        RepoNotFound, BadCredentials, AccountSuspended, Forbidden, …: as `held_now`, `of_now` and
            `rights.require_push`.
    """
    here = held_now(work, repo)
    require_push(of_now(work), here, ref)


def require_still_may(work: Work, repo: Repo, action: Action) -> None:
    """The same for an action; raises as `access.gates.admit`, too."""
    here = held_now(work, repo)
    admit(of_now(work), action, here)
