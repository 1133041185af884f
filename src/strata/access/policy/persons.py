"""Which callers are somebody: signed in, confirmed, in good standing, with credentials that may."""

from __future__ import annotations

from typing import Final

from strata.access.policy.narrowing import lets, lets_all, lets_anywhere, too_narrow
from strata.accounts.standing import require_open
from strata.core.actor import Actor, Standing
from strata.core.errors import EmailNotVerified, Forbidden, Unauthenticated
from strata.core.permissions import Permission

CONFIRM_FIRST: Final = "Please confirm your email address before you {act}."
MEMBERS_ONLY: Final = "This site is for its members. Log in, or send an access token."
NO_PERSON: Final = "Only people do this"


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
    _require_confirmed(actor, act)
    require_open(actor.standing)


def require_beholder(actor: Actor, act: str) -> None:
    """Insist on a signed-in, confirmed account that may look: as `require_person`, to its end.

    Raises:
        Unauthenticated, EmailNotVerified: as `require_person`.
        AccountSuspended: an operator closed it.
        Forbidden: the account waits for approval.
    """
    _require_confirmed(actor, act)
    if actor.standing is not Standing.LEAVING:
        require_open(actor.standing)


def _require_confirmed(actor: Actor, act: str) -> None:
    if actor.anonymous:
        raise Unauthenticated("Invalid username or password.")
    if not actor.verified and not actor.system:
        raise EmailNotVerified(CONFIRM_FIRST.format(act=act))


def reads_own(actor: Actor) -> bool:
    """Whether the credentials show what is a person's alone and no repo's, such as the inbox.

    A narrowed token reads what is public and what it names (product §3.10). An inbox is neither: it
    tells of whom the person listens to. So it is for a token that keeps the inbox in order.
    """
    return actor.grants is None or lets(actor, Permission.SETTINGS_WRITE, actor.user_id)


def require_own(actor: Actor) -> int:
    """Insist on an account, confirmed or not, whose credentials show what is its own; its id.

    Raises:
        Unauthenticated: nobody is signed in.
        TokenTooNarrow: as `reads_own`.
    """
    require_account(actor)
    if actor.user_id is None:
        raise Unauthenticated("Log in first.")
    if not reads_own(actor):
        raise too_narrow(actor, Permission.SETTINGS_WRITE)
    return actor.user_id


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
