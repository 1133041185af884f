"""From what an owner names to what a webhook watches, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from strata.access.policy.namespaces import require_watch
from strata.access.policy.seeing import may_see
from strata.access.policy.verbs import Action
from strata.accounts.naming import names
from strata.accounts.naming.names import Kind
from strata.community.webhooks import queries
from strata.community.webhooks.faults import MOST_WATCHED, BadWebhook
from strata.community.webhooks.payload import TYPES
from strata.core.call import Call
from strata.core.errors import Moved, RepoNotFound
from strata.core.names import RepoId, RepoType
from strata.events.webhooks.record import Watched
from strata.repos.lookup import lookup
from strata.repos.queries import repos_by_ids
from strata.repos.record import Repo

USER, ORGANIZATION = "user", "org"  # the wire's words, beside those for repos
NAMESPACE = "namespace"  # either of the two: pages ask for a name alone
_KINDS = {USER: Kind.USER, ORGANIZATION: Kind.ORGANIZATION}


def watched_of(call: Call, wanted: Sequence[Watched]) -> list[Watched]:
    """Settle what shall be watched: each thing once, under its canonical name.

    Raises:
        BadWebhook: nothing, too much, or a name that nobody has or that the caller may not know.
        TokenTooNarrow, Forbidden: as `access.policy.namespaces.require_watch`.
    """
    if not wanted:
        raise BadWebhook("watched", "webhook.watch_nothing")
    if len(wanted) > MOST_WATCHED:
        raise BadWebhook("watched", "webhook.watch_too_many")
    return list(dict.fromkeys(_settled(call, one) for one in wanted))


def _settled(call: Call, one: Watched) -> Watched:
    if one.type in (USER, ORGANIZATION, NAMESPACE):
        return _account(call, one)
    return _repo(call, one)


def _account(call: Call, one: Watched) -> Watched:
    found = names.known(call, one.name)
    if found is None or found.kind is not _KINDS.get(one.type, found.kind):
        key = "name" if one.type == NAMESPACE else one.type
        raise BadWebhook("watched", f"webhook.unknown_{key}", name=one.name)
    require_watch(call.actor, found.id)
    kind = next(word for word, kind in _KINDS.items() if kind is found.kind)
    return Watched(kind, found.name, namespace_id=found.id)


def _repo(call: Call, one: Watched) -> Watched:
    try:
        repo = _known(call, RepoId.parse(_type(one.type), one.name))
    except RepoNotFound as missing:
        raise BadWebhook("watched", "webhook.unknown_repo", name=one.name) from missing
    return Watched(one.type, repo.full_name, repo_id=repo.id)


def _type(word: str) -> RepoType:
    if word not in TYPES:
        raise RepoNotFound
    return RepoType(word)


def _known(call: Call, repo_id: RepoId) -> Repo:
    """The repo that answers to an id, also to one that it had before."""
    try:
        return lookup(call, repo_id, Action.LOOK)
    except Moved as moved:
        return lookup(call, RepoId.parse(repo_id.type, moved.target), Action.LOOK)


def shown_names(call: Call, watched: Sequence[Watched]) -> dict[Watched, Watched]:
    """Each thing under the name that it has today, where the caller may know that name.

    A repo that became private, or was deleted, keeps the name that its watcher knew.
    """
    repo_ids = [one.repo_id for one in watched if one.repo_id is not None]
    namespace_ids = [one.namespace_id for one in watched if one.namespace_id is not None]
    repos = repos_by_ids(call, repo_ids)
    accounts = queries.names_by_id(call, namespace_ids)
    shown = {}
    for one in watched:
        name = accounts.get(one.namespace_id or 0, one.name)
        repo = repos.get(one.repo_id or 0)
        if repo is not None and may_see(call.actor, repo):
            name = repo.full_name
        shown[one] = dataclasses.replace(one, name=name)
    return shown
