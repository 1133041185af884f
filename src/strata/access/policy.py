"""Who may do what: the only place that decides, as pure functions.

"Hidden equals missing" lives here: a private repo answers strangers exactly as a repo that does not
exist, whatever they try. Effective right = the person's right narrowed by the token's, evaluated on
every request (product §4). The person's right in a namespace is a role: everything in their own, in
an organisation's what its members list says. On a single repo a collaborator has one, too; it never
reaches further than that repo: neither to its name nor to its place in the namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Literal, Protocol

from strata.access.narrowing import (
    GATED_TOKEN,
    Thing,
    bar_of,
    lets,
    lets_all,
    lets_anywhere,
    reads_gated,
    require_unbarred,
    too_narrow,
)
from strata.accounts.standing import require_open
from strata.core.actor import Actor, Role, Standing, TokenKind
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    GatedRepo,
    RepoDisabled,
    RepoNotFound,
    StrataError,
    Unauthenticated,
)
from strata.core.permissions import Permission

CONFIRM_FIRST = "Please confirm your email address before you {act}."
NO_RIGHT = "You have read access but not the required permissions for this operation"
MEMBERS_ONLY = "This site is for its members. Log in, or send an access token."
NO_MEMBER = "You are not a member of this organization"
NO_PERSON = "Only people do this"
COLLECTION = "collection"  # for `require_create`
NO_JOB = "The token of a trusted publisher creates no repositories; it writes to its own."
NO_ADMIN = "You need the admin role in this organization for this operation"


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
    REVIEW = auto()  # read who asked to be let in
    MANAGE = auto()  # settings, visibility, gate, squash
    SHARE = auto()  # say who works on it besides its namespace
    REMOVE = auto()  # rename, delete
    TRANSFER = auto()  # give it to another namespace


# What a narrowed token needs for each, one of several.
_NEEDED: Final[Mapping[Thing, Mapping[Action, tuple[Permission, ...]]]] = {
    Thing.REPO: {
        Action.LOOK: (Permission.CONTENT_READ,),
        Action.DISCUSS: (Permission.DISCUSSION_WRITE,),
        Action.READ: (Permission.CONTENT_READ,),
        Action.PROPOSE: (Permission.CONTENT_WRITE, Permission.DISCUSSION_WRITE),
        Action.WRITE: (Permission.CONTENT_WRITE,),
        Action.REVIEW: (Permission.ACCESS_READ,),
        Action.MANAGE: (Permission.REPO_WRITE,),
        Action.SHARE: (Permission.REPO_WRITE,),
        Action.REMOVE: (Permission.REPO_WRITE,),
        Action.TRANSFER: (Permission.REPO_WRITE,),
    },
    Thing.COLLECTION: {
        Action.LOOK: (Permission.COLLECTION_READ,),
        Action.DISCUSS: (Permission.DISCUSSION_WRITE,),
        Action.WRITE: (Permission.COLLECTION_WRITE,),
    },
}
# Needed in the namespace: a grant for the very repo is not enough to take it away.
_IN_NAMESPACE: Final = frozenset({Action.REMOVE, Action.TRANSFER})
OUTSIDE_THE_GATE: Final = frozenset({Action.LOOK, Action.DISCUSS})
# What shows a narrowed token nothing of the files of a gated repo.
_TELLING: Final = frozenset({*OUTSIDE_THE_GATE, Action.REVIEW})
# What `resolve` gives everybody of a gated repo, so that they can judge it before they ask.
OPEN_FILES: Final = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


class Governed(Protocol):
    """What the policy needs to know of a repo."""

    @property
    def id(self) -> int: ...
    @property
    def thing(self) -> Thing: ...
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
    """The person's role in a namespace, whatever the token.

    A stranger, and a namespace that is not there, has none.
    """
    if namespace_id is None:
        return Role.NO_ACCESS
    if actor.user_id == namespace_id:
        return Role.ADMIN
    return actor.roles.get(namespace_id, Role.NO_ACCESS)


def role_on(actor: Actor, thing: Governed) -> Role:
    """The person's role on one thing, whatever the token: its namespace's, or a collaborator's.

    The stronger of the two counts.
    """
    role = role_in(actor, thing.owner_id)
    share = actor.shares.get(thing.id) if thing.thing is Thing.REPO else None
    return role if share is None or role.reaches(share.role) else share.role


def namespaces_with(actor: Actor, role: Role) -> list[int]:
    """The namespaces in which the person's role, whatever the token, reaches `role`."""
    known = [] if actor.user_id is None else [actor.user_id]
    return known + sorted(key for key, held in actor.roles.items() if held.reaches(role))


def may_see(actor: Actor, repo: Governed) -> bool:
    """Whether the caller may know that the repo exists."""
    if not repo.private or actor.system:
        return True
    return _may_know(actor, repo) and bar_of(actor, repo.owner_id) is None


def _may_know(actor: Actor, repo: Governed) -> bool:
    """The same, if the organisation has nothing against the token."""
    return role_on(actor, repo).reaches(Role.READ) and _lets(actor, Action.LOOK, repo)


def _lets(actor: Actor, action: Action, thing: Governed) -> bool:
    """Whether the token leaves an action; what it can never be narrowed to is denied."""
    item = None if action in _IN_NAMESPACE else (thing.thing, thing.id)
    needed = _NEEDED[thing.thing].get(action, ())
    return any(lets(actor, permission, thing.owner_id, item) for permission in needed)


def may_change(actor: Actor, repo: Governed) -> bool:
    """Whether the person, whatever the token, may write to the repo and manage it."""
    return actor.system or _changes(actor, repo, role_on(actor, repo))


def may_share(actor: Actor, repo: Governed) -> bool:
    """Whether the person, whatever the token, may say who else works on the repo."""
    return actor.system or role_on(actor, repo) is Role.ADMIN


def may_appoint(actor: Actor, repo: Governed) -> bool:
    """Whether the person, whatever the token, may make and unmake admins of the repo.

    Only who decides over its namespace: an admin of the repo does not multiply.
    """
    return actor.system or role_in(actor, repo.owner_id) is Role.ADMIN


def _changes(actor: Actor, repo: Governed, role: Role) -> bool:
    made_it = actor.user_id is not None and repo.created_by == actor.user_id
    return role.reaches(Role.WRITE) or (role is Role.CONTRIBUTOR and made_it)


def belongs(actor: Actor, repo: Governed) -> bool:
    """Whether the repo is the caller's own, so that its gate does not stand before them.

    Whoever was made a collaborator was let in by that.
    """
    role = role_in(actor, repo.owner_id)
    if actor.system or role is Role.ADMIN or repo.id in actor.shares:
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
        Forbidden: the caller lacks the right, or the organisation keeps the token out.
        TokenTooNarrow: the person might, the token may not.
    """
    if actor.system:
        return
    if repo.private and not _may_know(actor, repo):
        raise RepoNotFound
    if repo.private:
        require_unbarred(actor, repo.owner_id)
    if repo.disabled:
        raise RepoDisabled
    if not entered and meets_gate(actor, action, repo):
        raise GatedRepo
    if repo.gated is not None and action not in _TELLING:
        _require_gated(actor, repo)
    if action in (Action.LOOK, Action.READ):
        return
    require_person(actor, "change repositories")
    if action not in (Action.DISCUSS, Action.PROPOSE) and not _may(actor, action, repo):
        raise Forbidden(NO_RIGHT)
    if not _lets(actor, action, repo):
        raise too_narrow(actor, next(iter(_NEEDED[repo.thing].get(action, ())), None))
    require_unbarred(actor, repo.owner_id)


def permits(actor: Actor, action: Action, thing: Governed) -> bool:
    """Whether `require` lets the caller pass, for pages that offer it."""
    try:
        require(actor, action, thing)
    except StrataError:
        return False
    return True


def _require_gated(actor: Actor, repo: Governed) -> None:
    """Insist that the token opens what its person was let into."""
    if not reads_gated(actor, repo.owner_id, repo.id, private=repo.private):
        raise Forbidden(GATED_TOKEN)
    require_unbarred(actor, repo.owner_id)


def _may(actor: Actor, action: Action, repo: Governed) -> bool:
    match action:
        case Action.TRANSFER:
            return role_in(actor, repo.owner_id) is Role.ADMIN
        case Action.REMOVE:
            return _changes(actor, repo, role_in(actor, repo.owner_id))
        case Action.SHARE:
            return may_share(actor, repo)
        case _:
            return may_change(actor, repo)


def require_entry(actor: Actor) -> None:
    """Insist that the caller is one of those for whom a private hub is there.

    Who only typed an address, or waits to be let in, is not; who leaves still is.

    Raises:
        Unauthenticated: nobody is signed in.
        EmailNotVerified: the account is not confirmed yet.
        AccountSuspended: an operator closed it.
        Forbidden: it waits for approval.
    """
    if actor.system or (actor.token is not None and actor.user_id is None):  # a CI job
        return
    if actor.anonymous:
        raise Unauthenticated(MEMBERS_ONLY)
    if not actor.verified:
        raise EmailNotVerified(CONFIRM_FIRST.format(act="look into this site"))
    if actor.standing is not Standing.LEAVING:
        require_open(actor.standing)


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
        Unauthenticated, EmailNotVerified: as `require_person`.
        Forbidden: the caller has no such role, or the token opens less.
    """
    if actor.system:
        return
    require_person(actor, "look into a namespace")
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


def require_reader(actor: Actor, permission: Permission) -> None:
    """Insist on a signed-in account, confirmed or not, whose credentials leave it a permission.

    Raises:
        Unauthenticated: nobody is signed in.
        TokenTooNarrow: the token may not read that.
    """
    require_account(actor)
    if not lets(actor, permission, actor.user_id):
        raise too_narrow(actor, permission)


def require_writer(actor: Actor, act: str, permission: Permission | None = None) -> int:
    """Insist on a confirmed person whose credentials may write; the person's id.

    Args:
        permission: what a narrowed token needs in the person's own namespace; None: none may.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        TokenTooNarrow: the token may not write that.
    """
    require_person(actor, act)
    if not _leaves(actor, permission):
        raise too_narrow(actor, permission)
    if actor.user_id is None:
        raise Forbidden(NO_PERSON)
    return actor.user_id


def _leaves(actor: Actor, permission: Permission | None) -> bool:
    if permission is None:
        return lets_all(actor)
    if permission is Permission.DISCUSSION_WRITE:  # wherever the discussion is
        return lets_anywhere(actor, permission)
    return lets(actor, permission, actor.user_id)


def may_see_members(actor: Actor, organization: Membered) -> bool:
    """Whether the caller may know who belongs to an organisation."""
    return not organization.members_hidden or belongs_to(actor, organization.id)


def belongs_to(actor: Actor, organization_id: int) -> bool:
    """Whether the caller may know what the members of an organisation know of it."""
    if actor.system:
        return True
    known = organization_id in actor.roles and lets(actor, Permission.ORG_READ, organization_id)
    return known and bar_of(actor, organization_id) is None


def shows_membership(actor: Actor, organization_id: int) -> bool:
    """Whether the caller may know that the person is a member: a narrowed token, if it opens some.

    Any grant for the organisation tells as much.
    """
    grants = actor.grants
    return grants is None or bool(grants.namespaces.get(organization_id))


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
