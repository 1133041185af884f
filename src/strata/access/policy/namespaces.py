"""What a caller may do in a namespace as a whole, theirs or an organisation's."""

from __future__ import annotations

from typing import Final

from strata.access.policy.narrowing import lets, require_unbarred, too_narrow
from strata.access.policy.persons import require_beholder, require_person
from strata.access.policy.roles import may_create, may_manage, role_in
from strata.access.policy.seeing import NO_MEMBER
from strata.core.actor import Actor, Role, TokenKind
from strata.core.errors import Forbidden, Unauthenticated
from strata.core.permissions import Permission

COLLECTION: Final = "collection"  # for `require_create`
NO_JOB: Final = "The token of a trusted publisher creates no repositories; it writes to its own."
NO_ADMIN: Final = "You need the admin role in this organization for this operation"


def require_create(
    actor: Actor, *, repo_type: str, namespace: str, namespace_id: int | None
) -> None:
    """Insist that the caller may create repos, or a collection, in a namespace.

    Args:
        repo_type: a type of repo, or `COLLECTION`.

    Raises:
        Unauthenticated: a CI job; clients then look whether the repo is there already.
        Forbidden: with the Hub's sentence; a namespace that does not exist answers the same.
    """
    require_person(actor, "create repositories")
    if actor.token is not None and actor.token.kind is TokenKind.PUBLISHER:
        raise Unauthenticated(NO_JOB)
    collects = repo_type == COLLECTION
    permission = Permission.COLLECTION_WRITE if collects else Permission.REPO_CREATE
    let = lets(actor, permission, namespace_id)
    if not may_create(actor, namespace_id) or not let:
        hint = "" if let else f" {too_narrow(actor, permission).message}"
        raise Forbidden(
            f"You don't have the rights to create a {repo_type} "
            f'under the namespace "{namespace}".{hint}'
        )
    require_unbarred(actor, namespace_id)


def require_admin(actor: Actor, organization_id: int) -> None:
    """Insist that the caller may manage an organisation and its members.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: the role, or the token, does not allow it.
    """
    if actor.system:
        return
    require_person(actor, "manage organizations")
    if not may_manage(actor, organization_id):
        raise Forbidden(NO_ADMIN)
    if not lets(actor, Permission.ORG_WRITE, organization_id):
        raise too_narrow(actor, Permission.ORG_WRITE)
    require_unbarred(actor, organization_id)


def require_member(actor: Actor, namespace_id: int) -> None:
    """Insist that the caller reads all of a namespace, as its person or as a member who may read.

    Raises:
        Unauthenticated, EmailNotVerified, AccountSuspended: as `require_beholder`.
        Forbidden: the caller has no such role, or the token opens less.
    """
    if actor.system:
        return
    require_beholder(actor, "look into a namespace")
    if not role_in(actor, namespace_id).reaches(Role.READ):
        raise Forbidden(NO_MEMBER)
    if not lets(actor, Permission.CONTENT_READ, namespace_id):
        raise too_narrow(actor, Permission.CONTENT_READ)
    require_unbarred(actor, namespace_id)


def require_watch(actor: Actor, namespace_id: int) -> None:
    """Insist that the caller may be told of all that happens in a namespace.

    What strangers may know of it, everybody may be told. A narrowed token of a member must open all
    that the member would hear of.

    Raises:
        TokenTooNarrow: it opens less. Forbidden: the organisation keeps it out.
    """
    if not actor.system and role_in(actor, namespace_id).reaches(Role.READ):
        if not lets(actor, Permission.CONTENT_READ, namespace_id):
            raise too_narrow(actor, Permission.CONTENT_READ)
        require_unbarred(actor, namespace_id)
