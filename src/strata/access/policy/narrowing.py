"""What a token leaves of its person's right (product §4.4): the half of the policy about tokens.

A session leaves everything, the read role what is only read, a narrowed token what its grants name.
Permissions that nobody has named are denied. An organisation may keep a token out altogether.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from strata.access.policy.things import Governed, Thing
from strata.access.policy.verbs import IN_NAMESPACE, NEEDED, Action
from strata.core.actor import Actor, Bar, TokenKind, TokenRole
from strata.core.errors import Forbidden, TokenTooNarrow
from strata.core.permissions import HOLDING, READING, Permission

READ_TOKEN = "This token has the read role; this operation needs a token with the write role."  # noqa: S105 — a sentence
GATED_TOKEN = (
    "Please enable access to public gated repositories in your fine-grained token settings "  # noqa: S105 — a sentence
    "to view this repository."
)
_LACKING: Final = (
    "This token may not do that: its scopes do not include `{name}` here. "
    "Change them on the page about your access tokens."
)
_ONLY_PERSONS: Final = "No fine-grained token may do that; use one with the write role."
BARRED: Final = {
    Bar.KIND: (
        "Due to the organization token policy, only fine-grained tokens can access this resource."
    ),
    Bar.PENDING: (
        "Due to the organization token policy, your token needs to be approved by the "
        "organization before you can access this resource."
    ),
    Bar.DENIED: (
        "Due to the organization token policy, your token was denied access to this "
        "organization. Please contact its administrators for more information."
    ),
    Bar.FACTOR: (
        "Members need two-factor authentication here. Set it up in your settings, under "
        "Authentication, and everything of the organization opens again."
    ),
    Bar.REVOKED: (
        "Your token has been revoked by the organization administrator, you can no longer access "
        "organization resources. Please contact them for more information."
    ),
}


def lets(
    actor: Actor,
    permission: Permission,
    namespace_id: int | None,
    item: tuple[Thing, int] | None = None,
) -> bool:
    """Whether the credentials leave a permission in a namespace, or for one thing in it.

    Args:
        namespace_id: of the thing; None: nobody knows yet where it stands.

    What the organisation says of the token is `bar_of`'s.
    """
    grants = actor.grants
    if grants is None:
        return lets_all(actor) or permission in READING
    wanted = HOLDING[permission]
    if not wanted.isdisjoint(grants.everywhere):
        return True
    if namespace_id is not None and not wanted.isdisjoint(grants.namespaces.get(namespace_id, ())):
        return True
    if item is None or _strays(actor, namespace_id):
        return False
    things = grants.repos if item[0] is Thing.REPO else grants.collections
    return not wanted.isdisjoint(things.get(item[1], ()))


def bound_to(actor: Actor) -> Collection[int] | None:
    """The namespaces where single things count that the credentials name; None: everywhere.

    An application goes on with the repos that it made where its person lets it in, and only there:
    they may have shut it out of an organisation since, or have moved a repo into another one.
    """
    grants, token = actor.grants, actor.token
    of_app = token is not None and token.kind is TokenKind.OAUTH
    return grants.namespaces.keys() if of_app and grants is not None else None


def lets_anywhere(actor: Actor, permission: Permission) -> bool:
    """Whether the credentials leave a permission in at least one place."""
    grants = actor.grants
    if grants is None or lets(actor, permission, None):
        return lets(actor, permission, None)
    wanted = HOLDING[permission]
    held = (*grants.namespaces.values(), *grants.repos.values(), *grants.collections.values())
    return any(not wanted.isdisjoint(names) for names in held)


def lets_all(actor: Actor) -> bool:
    """Whether the credentials leave everything that people do."""
    token = actor.token
    return token is None or (token.grants is None and token.role is TokenRole.WRITE)


def leaves(actor: Actor, action: Action, thing: Governed) -> bool:
    """Whether the credentials leave an action; what they can never be narrowed to is denied."""
    item = None if action in IN_NAMESPACE else (thing.thing, thing.id)
    needed = NEEDED[thing.thing].get(action, ())
    return any(lets(actor, permission, thing.owner_id, item) for permission in needed)


def require_left(actor: Actor, action: Action, thing: Governed) -> None:
    """Insist that the credentials leave an action.

    Raises:
        TokenTooNarrow: says what the token lacks.
    """
    if not leaves(actor, action, thing):
        raise too_narrow(actor, next(iter(NEEDED[thing.thing].get(action, ())), None))


def reads_gated(actor: Actor, namespace_id: int, repo_id: int, *, private: bool) -> bool:
    """Whether the credentials leave what the gate gives: the flag, or a grant for this repo."""
    grants = actor.grants
    if grants is None or (grants.gated and not private):
        return True
    return lets(actor, Permission.CONTENT_READ, namespace_id, (Thing.REPO, repo_id))


def bar_of(actor: Actor, namespace_id: int | None) -> Bar | None:
    """Why the organisation keeps the caller or the token out; None: it does not."""
    if namespace_id in actor.closed:
        return Bar.FACTOR
    if actor.token is None or namespace_id is None:
        return None
    return actor.token.bars.get(namespace_id)


def require_unbarred(actor: Actor, namespace_id: int | None) -> None:
    """Insist that the organisation takes the caller, and the token.

    Raises:
        Forbidden: with the Hub's sentence.
    """
    bar = bar_of(actor, namespace_id)
    if bar is not None:
        raise Forbidden(BARRED[bar])


def too_narrow(actor: Actor, permission: Permission | None) -> TokenTooNarrow:
    """Say what the token lacks."""
    if actor.token is not None and actor.token.role is TokenRole.READ:
        return TokenTooNarrow(READ_TOKEN)
    if permission is None:
        return TokenTooNarrow(_ONLY_PERSONS)
    return TokenTooNarrow(_LACKING.format(name=permission.value))


def _strays(actor: Actor, namespace_id: int | None) -> bool:
    bound = bound_to(actor)
    return bound is not None and namespace_id is not None and namespace_id not in bound
