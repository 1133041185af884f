"""A repo at the moment when somebody's work on it lands, which can be long after they asked.

It may be another's by then, and so may their rights.
"""

from __future__ import annotations

from strata.access.policy.verbs import Action
from strata.core.call import Work
from strata.core.errors import RepoNotFound
from strata.core.names import RepoId
from strata.credentials.tokens.presented.bearers import of_now
from strata.repos import queries
from strata.repos.lookup import lookup
from strata.repos.record import Repo


def held_now(work: Work, repo: Repo) -> Repo:
    """The repo as it is by now; whoever gives it away, changes or deletes it waits for us.

    Raises:
        RepoNotFound: it was deleted meanwhile.
    """
    here = queries.repo_by_id(work, repo.id) if queries.hold(work, repo.id) else None
    if here is None:
        raise RepoNotFound
    return here


def held(work: Work, repo_id: RepoId, action: Action) -> Repo:
    """A repo with which the caller may do something, as it is until the transaction ends.

    Raises:
        RepoNotFound, Moved, Forbidden, …: as `repos.lookup.lookup`, asked once more when nobody
            else changes it, and as `bearers.of_now`.
    """
    if not queries.hold(work, lookup(work, repo_id, action).id):
        raise RepoNotFound
    return lookup(of_now(work), repo_id, action)
