"""From what the owner of a token names to the grants that it keeps, and back (product §3.10).

Grants hold ids, so that a token follows what it opens to another name, and opens nothing else when
somebody takes the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from strata.access.policy.roles import role_in
from strata.access.policy.verbs import Action
from strata.accounts import people
from strata.community.collections import queries as collections
from strata.community.collections.tables import collections as collections_table
from strata.core.actor import NOTHING, Grants, Role
from strata.core.call import Call
from strata.core.errors import InvalidFields, RepoNotFound
from strata.core.names import RepoId
from strata.core.permissions import Permission
from strata.organizations import queries as organizations
from strata.repos.lookup import followed
from strata.repos.queries import repos_by_ids
from strata.repos.record import Repo

MOST_REPOS: Final = 50
USER: Final = "user"
ORGANIZATION: Final = "org"
# What the form offers in each place; the order in which it does.
EVERYWHERE: Final = (Permission.DISCUSSION_WRITE,)
OWN: Final = (
    Permission.CONTENT_READ,
    Permission.CONTENT_WRITE,
    Permission.REPO_WRITE,
    Permission.ACCESS_READ,
    Permission.DISCUSSION_WRITE,
    Permission.COLLECTION_READ,
    Permission.COLLECTION_WRITE,
    Permission.WEBHOOKS_READ,
    Permission.WEBHOOKS_WRITE,
    Permission.SETTINGS_WRITE,
)
INSIDE: Final = (
    Permission.CONTENT_READ,
    Permission.CONTENT_WRITE,
    Permission.REPO_WRITE,
    Permission.ACCESS_READ,
    Permission.DISCUSSION_WRITE,
    Permission.COLLECTION_READ,
    Permission.COLLECTION_WRITE,
    Permission.ORG_READ,
    Permission.ORG_WRITE,
)
# What can be allowed for single repos as well as for all of a namespace.
SINGLE: Final = frozenset(
    {
        Permission.CONTENT_READ.value,
        Permission.CONTENT_WRITE.value,
        Permission.REPO_WRITE.value,
        Permission.ACCESS_READ.value,
        Permission.DISCUSSION_WRITE.value,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the owner names."""

    gated: bool = False
    everywhere: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    organizations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repos: Mapping[RepoId, frozenset[str]] = field(default_factory=dict)
    kept: Grants = NOTHING  # of which collections are taken over: no form shows them
    as_before: frozenset[RepoId] = frozenset()  # these repos with what `kept` says of them
    only: Mapping[str, frozenset[RepoId]] = field(default_factory=dict)  # of an organisation's


@dataclass(frozen=True, slots=True)
class Settled:
    """What the token keeps."""

    grants: Grants
    organizations: frozenset[int]  # named themselves, or by one of their repos


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a token opens, under the name that it has today."""

    type: str  # "user", "org", a type of repo, or "collection"
    name: str
    key: str  # 24 hex


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do with one thing."""

    entity: Entity
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scopes:
    """All that a token names."""

    gated: bool
    everywhere: tuple[str, ...]
    scoped: tuple[Scope, ...]


class BadScope(InvalidFields):
    """Something that a token shall open is not there, or not for its owner."""

    def __init__(self, field_name: str, key: str, name: str = "") -> None:
        super().__init__({field_name: (key,)})
        self.name = name


def settled(call: Call, wanted: Wanted) -> Settled:
    """Find what the owner names; only what the owner may know of can be named.

    Raises:
        BadScope: of the field `repos` or `orgs`.
    """
    owner_id = call.actor.user_id or 0
    single, whole = _named(wanted)
    if len(single) > MOST_REPOS:
        raise BadScope("repos", "token.too_many_repos")
    ids = {name: _member_of(call, name) for name in {**whole, **wanted.only}}
    namespaces = {owner_id: wanted.own} if wanted.own else {}
    namespaces |= {ids[name]: permissions for name, permissions in whole.items()}
    repos: dict[int, frozenset[str]] = {}
    owners = set(namespaces)
    for name, repo_id, permissions in single:
        repo = _repo(call, repo_id, ids.get(name))
        held = permissions or wanted.kept.repos.get(repo.id, frozenset())
        if not held:
            raise BadScope("repos", "token.nothing_before", _shown(repo_id))
        repos[repo.id] = repos.get(repo.id, frozenset()) | held
        owners.add(repo.owner_id)
    kept = wanted.kept.collections
    grants = Grants(wanted.gated, wanted.everywhere, namespaces, repos, kept)
    inside = owners & set(call.actor.roles)
    return Settled(grants, frozenset(inside | _outside(call, owners - inside)))


_Single = tuple[str, RepoId, frozenset[str]]  # the organisation whose repos are narrowed, or ""


def _named(wanted: Wanted) -> tuple[list[_Single], dict[str, frozenset[str]]]:
    """What is allowed for single repos, and what for all of an organisation.

    Raises:
        BadScope: repos are chosen from an organisation, and nothing that could be done with them.
    """
    single = [("", repo_id, permissions) for repo_id, permissions in wanted.repos.items()]
    single += [("", repo_id, frozenset()) for repo_id in wanted.as_before]
    whole = dict(wanted.organizations)
    for name, chosen in wanted.only.items():
        held = whole.get(name, frozenset())
        if not held & SINGLE:
            raise BadScope("orgs", "token.nothing_inside", name)
        single += [(name, repo_id, held & SINGLE) for repo_id in sorted(chosen, key=_shown)]
        whole[name] = held - SINGLE
    return single, {name: held for name, held in whole.items() if held}


def described(call: Call, grants: Grants, owner_id: int) -> Scopes:
    """What a token names, under today's names; what is gone by now is left out.

    Whoever may know the token's grants may know these names: its owner, and the token itself.
    """
    scoped = [
        *_namespaces(call, grants.namespaces, owner_id),
        *_repos(call, grants.repos),
        *_collections(call, grants.collections),
    ]
    return Scopes(grants.gated, tuple(sorted(grants.everywhere)), tuple(scoped))


def wire_of(scopes: Scopes) -> dict[str, object]:
    """The object `fineGrained` of `whoami-v2` (hub-api 03 §2)."""
    return {
        "canReadGatedRepos": scopes.gated,
        "global": list(scopes.everywhere),
        "scoped": [
            {
                "entity": {
                    "_id": scope.entity.key,
                    "type": scope.entity.type,
                    "name": scope.entity.name,
                },
                "permissions": list(scope.permissions),
            }
            for scope in scopes.scoped
        ],
    }


def _outside(call: Call, owners: set[int]) -> set[int]:
    """The organisations among these on whose repos the caller works without being a member."""
    shared = {share.owner_id for share in call.actor.shares.values()}
    return {one for one in owners & shared if organizations.by_id(call, one) is not None}


def _member_of(call: Call, name: str) -> int:
    organization = organizations.by_name(call, name)
    inside = organization is not None and role_in(call.actor, organization.id) is not Role.NO_ACCESS
    if organization is None or not inside:
        raise BadScope("orgs", "token.unknown_org", name)
    return organization.id


def _repo(call: Call, repo_id: RepoId, owner_id: int | None) -> Repo:
    """A repo that the owner may know of; where they narrow an organisation, one of its own."""
    place = "repos" if owner_id is None else "orgs"
    try:
        repo = followed(call, repo_id, Action.LOOK)
    except RepoNotFound as missing:
        raise BadScope(place, "token.unknown_repo", _shown(repo_id)) from missing
    if owner_id not in (None, repo.owner_id):
        raise BadScope("orgs", "token.not_inside", _shown(repo_id))
    return repo


def _shown(repo_id: RepoId) -> str:
    return repo_id.web_path.removeprefix("/")


def _namespaces(call: Call, held: Mapping[int, frozenset[str]], owner_id: int) -> Iterable[Scope]:
    if owner_id in held:
        owner = people.by_id(call, owner_id)
        if owner is not None:
            own = Entity(USER, owner.name, owner.public_id)
            yield Scope(own, tuple(sorted(held[owner_id])))
    for membership in organizations.memberships_of(call, owner_id):
        one = membership.organization
        if one.id in held:
            yield Scope(Entity(ORGANIZATION, one.name, one.public_id), tuple(sorted(held[one.id])))


def _repos(call: Call, held: Mapping[int, frozenset[str]]) -> Iterable[Scope]:
    if not held:
        return
    found = repos_by_ids(call, held)
    for repo in sorted(found.values(), key=lambda one: (one.full_name, one.type)):
        entity = Entity(repo.type.value, repo.full_name, repo.key)
        yield Scope(entity, tuple(sorted(held[repo.id])))


def _collections(call: Call, held: Mapping[int, frozenset[str]]) -> Iterable[Scope]:
    if not held:
        return
    rows = call.db.execute(collections.selected().where(collections_table.c.id.in_(sorted(held))))
    for row in rows:
        one = collections.collection_of(row)
        yield Scope(Entity("collection", one.slug, one.key), tuple(sorted(held[one.id])))
