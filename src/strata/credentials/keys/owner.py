"""Whose keys they are: a confirmed person at the browser, who has just shown who they are."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.plans.quotas import quotas_of, require_few
from strata.core.call import Work
from strata.core.errors import EmailNotVerified, Forbidden, InvalidFields, Unauthenticated
from strata.lib.keys.faults import BadKey
from strata.sessions.signed_in.still import require_still
from strata.sessions.signed_in.sudo import require_sudo

UNCONFIRMED: Final = "Please confirm your email address before you add keys."
BROWSER_ONLY: Final = "Keys are managed on the settings page, not with a token."
GONE: Final = "There is no such key."


def person(work: Work) -> people.User:
    """The person at the browser; access tokens manage no keys.

    Raises:
        Unauthenticated, Forbidden.
    """
    if work.actor.user_id is None:
        raise Unauthenticated("Log in first.")
    if work.actor.token is not None or work.actor.session_id is None:
        raise Forbidden(BROWSER_ONLY)
    found = people.by_id(work, work.actor.user_id)
    if found is None:
        raise Unauthenticated("Log in first.")
    return found


def adder(work: Work) -> people.User:
    """The person, who may add keys.

    Raises:
        Unauthenticated, Forbidden, EmailNotVerified, ProofNeeded.
    """
    found = person(work)
    if found.verified_at is None:
        raise EmailNotVerified(UNCONFIRMED)
    require_sudo(work)
    require_still(work)
    return found


def require_room(work: Work, keys: sa.Table, owner_id: int) -> None:
    """Insist on the limit of keys.

    Raises:
        InvalidFields: `ssh_key.too_many` or `gpg_key.too_many`.
    """
    counting = sa.select(sa.func.count()).select_from(keys).where(keys.c.user_id == owner_id)
    has, kind = work.db.scalar(counting) or 0, keys.name.removesuffix("s")
    require_few(quotas_of(work, owner_id).keys, has, "key", f"{kind}.too_many")


def refused(field: str, bad: BadKey) -> InvalidFields:
    """What a page shows beside the field."""
    return InvalidFields({"key": (f"{field}.{bad.fault}",)})
