"""From an id in a URL to a repo with which the caller may do what they came for."""

from __future__ import annotations

from strata.access.gates.admit import admit
from strata.access.policy.seeing import may_see
from strata.access.policy.verbs import Action
from strata.core.call import Call
from strata.core.errors import Moved, RepoNotFound
from strata.core.names import RepoId
from strata.repos import queries
from strata.repos.legacy import CANONICAL
from strata.repos.record import Repo


def lookup(call: Call, repo_id: RepoId, action: Action = Action.READ) -> Repo:
    """Find the repo and settle that the caller may do `action`.

    Reading files is what is settled unless something else is said: a door that forgets to say it
    stands behind the gate, not before it.

    Ids are case-insensitive. A repo that moved, or a legacy name, sends the caller on; but only
    to where the caller may look, so that a redirect never reveals a private repo.

    Raises:
        RepoNotFound: no such repo, or one the caller may not know of.
        Moved: it answers under another id.
        GatedRepo, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `access.gates.admit`.
    """
    repo = queries.repo_at(call, repo_id.type, queries.path_key(repo_id))
    if repo is None:
        raise _elsewhere(call, repo_id)
    try:
        admit(call, action, repo)
    except RepoNotFound:
        _elsewhere(call, repo_id)  # the same work as for none: time must not tell them apart
        raise
    return repo


def followed(call: Call, repo_id: RepoId, action: Action = Action.READ) -> Repo:
    """The same for an id that stands in a body, where nobody can be sent on: by its old name too.

    Raises:
        RepoNotFound, GatedRepo, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `lookup`.
    """
    try:
        return lookup(call, repo_id, action)
    except Moved as moved:
        return lookup(call, RepoId.parse(repo_id.type, moved.target), action)


def _elsewhere(call: Call, repo_id: RepoId) -> Moved | RepoNotFound:
    key = queries.path_key(repo_id)
    target = queries.redirect_target(call, repo_id.type, key)
    if target is None and repo_id.namespace is None:
        canonical = CANONICAL[repo_id.type].get(key)
        target = queries.repo_at(call, repo_id.type, canonical.lower()) if canonical else None
    if target is None or not may_see(call.actor, target):
        return RepoNotFound()
    return Moved(target.full_name)
