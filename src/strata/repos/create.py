"""A new repo: who may, under which name, and the row."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from strata.access.policy.namespaces import require_create
from strata.accounts.naming import names
from strata.accounts.plans.quotas import quotas_of, require_count
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, Malformed, NotFound
from strata.core.names import RepoId, RepoType, fresh_key, require_repo_name
from strata.credentials.oauth import contributing
from strata.events.facts import record_of
from strata.lib.db.statements import upsert
from strata.organizations.create import starts_private
from strata.repos import queries
from strata.repos.record import Repo
from strata.repos.tables import redirects, repos

SDKS = frozenset({"gradio", "streamlit", "docker", "static"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A repo that shall be created, with its place settled."""

    key: str  # 24 hex
    type: RepoType
    owner_id: int
    namespace: str  # canonical casing
    name: str
    private: bool
    sdk: str | None

    @property
    def repo_id(self) -> RepoId:
        return RepoId(self.type, self.namespace, self.name)

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks for."""

    type: RepoType
    namespace: str | None  # None: the caller's own
    name: str
    private: bool | None = None  # None: as the namespace has it
    sdk: str | None = None


def settle(call: Call, wish: Wish) -> Draft:
    """Check right and name before anything is made.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_create`.
        Malformed: a name or SDK that no repo may have.
        AlreadyExists: the name is taken in this namespace.
        OverQuota: the plan of the owner has no room for one more.
    """
    namespace = wish.namespace or call.actor.name or ""
    place = names.find(call, namespace)
    require_create(
        call.actor,
        repo_type=wish.type.value,
        namespace=namespace,
        namespace_id=place.id if place else None,
    )
    if place is None:
        raise NotFound(f"There is no user or organization named {namespace!r}.")
    require_repo_name(wish.name)
    if wish.type is RepoType.SPACE and wish.sdk not in SDKS:
        raise Malformed(f"A Space needs an sdk, one of: {', '.join(sorted(SDKS))}.")
    private = starts_private(call, place) if wish.private is None else wish.private
    require_one_more(call, place.id)
    draft = Draft(fresh_key(), wish.type, place.id, place.name, wish.name, private, wish.sdk)
    if queries.repo_at(call, wish.type, queries.path_key(draft.repo_id)):
        raise _exists(call, draft)
    return draft


def require_one_more(call: Call, owner_id: int) -> None:
    """Insist that an owner may have another repo; operators are not bound.

    Raises:
        OverQuota: with the numbers.
    """
    if not call.actor.system:
        owned = queries.count_of(call, owner_id)
        require_count(quotas_of(call, owner_id).repos, owned, "repositories")


def insert(work: Work, draft: Draft) -> Repo:
    """Write the row and record `repo.create`; a name that once redirected is taken over.

    Raises:
        AlreadyExists: somebody was faster.
        NotFound: the owner was renamed since the draft was settled.
    """
    if not names.bears(work, draft.owner_id, draft.namespace):
        raise NotFound(f"There is no user or organization named {draft.namespace!r} any more.")
    require_one_more(work, draft.owner_id)
    path_key = queries.path_key(draft.repo_id)
    fresh = upsert(work.db, repos).values(
        key=draft.key,
        type=draft.type.value,
        owner_id=draft.owner_id,
        namespace=draft.namespace,
        name=draft.name,
        path_key=path_key,
        private=draft.private,
        sdk=draft.sdk,
        created_by=work.actor.user_id,
        created_at=work.now,
        updated_at=work.now,
    )
    if work.db.execute(fresh.on_conflict_do_nothing()).rowcount != 1:
        raise _exists(work, draft)
    work.db.execute(
        sa.delete(redirects).where(
            redirects.c.type == draft.type.value, redirects.c.path_key == path_key
        )
    )
    repo = queries.repo_at(work, draft.type, path_key)
    if repo is None:
        raise LookupError(path_key)
    contributing.note(work, repo.id)
    record_of(work, "repo.create", repo, {"private": repo.private})
    return repo


def _exists(call: Call, draft: Draft) -> AlreadyExists:
    return AlreadyExists(
        f"You already created this {draft.type.value} repo",
        url=f"{call.origin.base_url}{draft.repo_id.web_path}",
    )
