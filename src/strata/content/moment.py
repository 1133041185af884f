"""The right to change what is in a repo, asked for once more when the change lands."""

from __future__ import annotations

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.content.rights import require_push
from strata.core.call import Work
from strata.credentials.tokens.presented.bearers import of_now
from strata.repos.moment import held_now
from strata.repos.record import Repo


def require_still_push(work: Work, repo: Repo, ref: str) -> None:
    """Ask once more whether the caller may move a ref, as both they and the repo are by now.

    Raises:
        RepoNotFound, BadCredentials, AccountSuspended, Forbidden, …: as `repos.moment.held_now`,
            `bearers.of_now` and `rights.require_push`.
    """
    here = held_now(work, repo)
    require_push(of_now(work), here, ref)


def require_still_may(work: Work, repo: Repo, action: Action) -> None:
    """The same for an action; raises as `access.gates.admit`, too."""
    here = held_now(work, repo)
    admit(of_now(work), action, here)
