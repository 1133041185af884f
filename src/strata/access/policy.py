"""Who may do what: the only place that decides, as pure functions.

"Hidden equals missing" lives here: a private repo answers strangers exactly as a repo that does not
exist, whatever they try. Effective right = the person's right narrowed by the token's, evaluated on
every request (product §4). The person's right in a namespace is a role: everything in their own, in
an organisation's what its members list says.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, Literal, Protocol

from strata.accounts.standing import require_open
from strata.core.actor import Actor, Role
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    GatedRepo,
    RepoDisabled,
    RepoNotFound,
    Unauthenticated,
)

CONFIRM_FIRST = "Please confirm your email address before you {act}."
NO_RIGHT = "You have read access but not the required permissions for this operation"
NO_MEMBER = "You are not a member of this organization"
NO_PERSON = "Only people do this"
NO_ADMIN = "You need the admin role in this organization for this operation"
READ_TOKEN = "This token has the read role; this operation needs a token with the write role."  # noqa: S105 — a sentence


Gate = Literal["auto", "manual"]  # who asks is let in at once, or waits for a decision


class Action(Enum):
    """What a caller wants of a repo, from the weakest to the strongest right.

    A gate keeps strangers from everything but the first two: whoever proposes or writes starts from
    what the files hold.
    """

    LOOK = auto()  # know of it and what it says of itself: card, listings, history, discussions
    DISCUSS = auto()  # like it, open or answer a discussion, ask for access
    READ = auto()  # the bytes of its files, by whatever door
    PROPOSE = auto()  # open a pull request
    WRITE = auto()  # commit, push, branch, tag
    MANAGE = auto()  # settings, visibility, gate, rename, delete, squash
    TRANSFER = auto()  # give it to another namespace


OUTSIDE_THE_GATE: Final = frozenset({Action.LOOK, Action.DISCUSS})
# What `resolve` gives everybody of a gated repo, so that they can judge it before they ask.
OPEN_FILES: Final = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


class Governed(Protocol):
    """What the policy needs to know of a repo."""

    @property
    def owner_id(self) -> int: ...
    @property
    def created_by(self) -> int | None: ...
    @property
    def private(self) -> bool: ...
    @property
    def disabled(self) -> bool: ...
    @property
    def gated(self) -> Gate | None: ...
    @property
    def gate_members(self) -> bool: ...


class Membered(Protocol):
    """What the policy needs to know of an organisation."""

    @property
    def id(self) -> int: ...
    @property
    def members_hidden(self) -> bool: ...


def role_in(actor: Actor, namespace_id: int | None) -> Role:
    """The caller's role in a namespace; a stranger, and a namespace that is not there, has none."""
    if namespace_id is None:
        return Role.NO_ACCESS
    if actor.user_id == namespace_id:
        return Role.ADMIN
    return actor.roles.get(namespace_id, Role.NO_ACCESS)


def namespaces_with(actor: Actor, role: Role) -> list[int]:
    """The namespaces in which the caller's role reaches `role`."""
    known = [] if actor.user_id is None else [actor.user_id]
    return known + sorted(key for key, held in actor.roles.items() if held.reaches(role))


def may_see(actor: Actor, repo: Governed) -> bool:
    """Whether the caller may know that the repo exists."""
    if not repo.private or actor.system:
        return True
    return role_in(actor, repo.owner_id).reaches(Role.READ)


def may_change(actor: Actor, repo: Governed) -> bool:
    """Whether the person, whatever the token, may write to the repo and manage it."""
    if actor.system:
        return True
    role = role_in(actor, repo.owner_id)
    made_it = actor.user_id is not None and repo.created_by == actor.user_id
    return role.reaches(Role.WRITE) or (role is Role.CONTRIBUTOR and made_it)


def belongs(actor: Actor, repo: Governed) -> bool:
    """Whether the repo is the caller's own, so that its gate does not stand before them."""
    role = role_in(actor, repo.owner_id)
    if actor.system or role is Role.ADMIN:
        return True
    made_it = actor.user_id is not None and repo.created_by == actor.user_id
    return role.reaches(Role.READ) and (made_it or not repo.gate_members)


def meets_gate(actor: Actor, action: Action, repo: Governed) -> bool:
    """Whether the repo's gate has a say in what the caller wants."""
    return repo.gated is not None and action not in OUTSIDE_THE_GATE and not belongs(actor, repo)


def require(actor: Actor, action: Action, repo: Governed, *, entered: bool = False) -> None:
    """Let the caller pass or say why not, in the order of product §4.2.

    `access.gates.admit` does the same and knows whom the gate has let in.

    Args:
        entered: the gate has let the caller in.

    Raises:
        RepoNotFound: the caller may not know of the repo.
        RepoDisabled: it was taken down.
        GatedRepo: the gate has not let the caller in.
        Unauthenticated: a write needs somebody.
        EmailNotVerified: the account is not confirmed yet.
        Forbidden: the caller, or the token, lacks the right.
    """
    if not may_see(actor, repo):
        raise RepoNotFound
    if repo.disabled and not actor.system:
        raise RepoDisabled
    if not entered and meets_gate(actor, action, repo):
        raise GatedRepo
    if action in (Action.LOOK, Action.READ) or actor.system:
        return
    require_person(actor, "change repositories")
    if action not in (Action.DISCUSS, Action.PROPOSE) and not _may(actor, action, repo):
        raise Forbidden(NO_RIGHT)
    _require_write_token(actor)


def _may(actor: Actor, action: Action, repo: Governed) -> bool:
    if action is Action.TRANSFER:
        return role_in(actor, repo.owner_id) is Role.ADMIN
    return may_change(actor, repo)


def require_account(actor: Actor) -> None:
    """Insist on a signed-in account, confirmed or not.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    if actor.user_id is None:
        raise Unauthenticated("Invalid username or password.")


def require_person(actor: Actor, act: str) -> None:
    """Insist on a signed-in, confirmed account.

    Raises:
        Unauthenticated: nobody is signed in.
        EmailNotVerified: the sentence names `act`, e.g. "create tokens".
        Forbidden: the account waits for approval or for its deletion.
    """
    if actor.anonymous:
        raise Unauthenticated("Invalid username or password.")
    if not actor.verified and not actor.system:
        raise EmailNotVerified(CONFIRM_FIRST.format(act=act))
    require_open(actor.standing)


def may_create(actor: Actor, namespace_id: int | None) -> bool:
    """Whether the person, whatever the token, may create repos in a namespace."""
    return actor.system or role_in(actor, namespace_id).reaches(Role.CONTRIBUTOR)


def may_manage(actor: Actor, organization_id: int) -> bool:
    """Whether the person, whatever the token, may change the members of an organisation."""
    return actor.system or role_in(actor, organization_id) is Role.ADMIN


def require_create(
    actor: Actor, *, repo_type: str, namespace: str, namespace_id: int | None
) -> None:
    """Insist that the caller may create repos in a namespace.

    Raises:
        Forbidden: with the Hub's sentence; a namespace that does not exist answers the same.
    """
    require_person(actor, "create repositories")
    if not may_create(actor, namespace_id) or not actor.may_write:
        hint = "" if actor.may_write else f" {READ_TOKEN}"
        raise Forbidden(
            f"You don't have the rights to create a {repo_type} "
            f'under the namespace "{namespace}".{hint}'
        )


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
    _require_write_token(actor)


def require_member(actor: Actor, namespace_id: int) -> None:
    """Insist that the caller belongs to a namespace, as its person or as a member who may read.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: the caller has no such role.
    """
    if actor.system:
        return
    require_person(actor, "look into a namespace")
    if not role_in(actor, namespace_id).reaches(Role.READ):
        raise Forbidden(NO_MEMBER)


def require_writer(actor: Actor, act: str) -> int:
    """Insist on a confirmed person whose credentials may write; the person's id.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: a read token.
    """
    require_person(actor, act)
    _require_write_token(actor)
    if actor.user_id is None:
        raise Forbidden(NO_PERSON)
    return actor.user_id


def may_see_members(actor: Actor, organization: Membered) -> bool:
    """Whether the caller may know who belongs to an organisation."""
    if not organization.members_hidden or actor.system:
        return True
    return organization.id in actor.roles


def require_see_members(actor: Actor, organization: Membered) -> None:
    """Insist that the caller may know who belongs to an organisation.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: the members are hidden from the caller.
    """
    if may_see_members(actor, organization):
        return
    require_person(actor, "look into an organization")
    raise Forbidden(NO_MEMBER)


def _require_write_token(actor: Actor) -> None:
    if not actor.may_write:
        raise Forbidden(READ_TOKEN)
