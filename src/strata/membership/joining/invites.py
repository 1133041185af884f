"""Invitations to sign up, where that needs one (product §3.4, P02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.mailboxes import addresses, links
from strata.accounts.plans.grants import require_plan
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.events.facts import record
from strata.membership.joining.tables import invites

MOST_USES: Final = 1000
MOST_DAYS: Final = 365
LONGEST_CODE: Final = 64
_PURPOSE: Final = "invite"
LONGEST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Promise:
    """The plan that comes with an invitation."""

    plan: str
    days: int | None = None  # after which it ends; None: never


@dataclass(frozen=True, slots=True)
class Used:
    """That somebody came with an invitation, and what it brought."""

    promise: Promise | None


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation as those who run the hub see it; its code is known to whoever got it."""

    id: int
    email_key: str | None
    note: str
    uses_left: int
    plan: str | None
    created_at: datetime
    expires_at: datetime


def invite(
    work: Work,
    *,
    email: str = "",
    note: str = "",
    uses: int = 1,
    days: int = 7,
    promise: Promise | None = None,
) -> str:
    """Make an invitation; its code, which is seen here and never again.

    Raises:
        Malformed: the address is none, or a number is out of bounds.
        NotFound: there is no such plan.
    """
    if promise is not None:
        require_plan(work, promise.plan)
    address = addresses.parse(email) if email else None
    if email and address is None:
        raise Malformed(f"{email!r} is no e-mail address.")
    _require_bounds(uses, days, note)
    code = links.fresh()
    work.db.execute(
        sa.insert(invites).values(
            digest=links.digest(work.hub, _PURPOSE, code),
            email_key=address.key if address else None,
            note=note,
            uses_left=uses,
            plan=promise.plan if promise else None,
            plan_days=promise.days if promise else None,
            created_at=work.now,
            expires_at=work.now + timedelta(days=days),
        )
    )
    record(work, "admin.invite_create", detail={"uses": uses, "days": days})
    return code


def _require_bounds(uses: int, days: int, note: str) -> None:
    if not 1 <= uses <= MOST_USES or not 1 <= days <= MOST_DAYS or len(note) > LONGEST_NOTE:
        raise Malformed(
            f"An invitation has 1 to {MOST_USES} uses, 1 to {MOST_DAYS} days "
            f"and a note of at most {LONGEST_NOTE} characters."
        )


def open_invites(call: Call) -> list[Invite]:
    """The invitations that can still be used, the newest first."""
    rows = call.db.execute(
        sa.select(*(invites.c[name] for name in Invite.__dataclass_fields__))
        .where(invites.c.uses_left > 0, invites.c.expires_at > call.now)
        .order_by(invites.c.id.desc())
    )
    return [Invite(*row) for row in rows]


def withdraw(work: Work, invite_id: int) -> None:
    """Let nobody use an invitation any more.

    Raises:
        NotFound: there is no such invitation.
    """
    if work.db.execute(sa.delete(invites).where(invites.c.id == invite_id)).rowcount == 0:
        raise NotFound(f"There is no invitation {invite_id}. See `strata invite list`.")
    record(work, "admin.invite_withdraw", detail={"invite": invite_id})


def forget_old(work: Work) -> None:
    """Remove the invitations that nobody can use any more, and the addresses that they were for."""
    over = sa.or_(invites.c.uses_left <= 0, invites.c.expires_at <= work.now)
    work.db.execute(sa.delete(invites).where(over))


def is_good(call: Call, code: str, email: str) -> bool:
    """Whether a code lets an address sign up."""
    found = sa.select(invites.c.id).where(*_good(call, code, email))
    return call.db.execute(found).first() is not None


def use(work: Work, code: str, email: str) -> Used:
    """Use an invitation up, once.

    Raises:
        InvalidFields: `invite`: it is used up, over, for another address, or none.
    """
    spent = sa.update(invites).where(*_good(work, code, email))
    fewer = spent.values(uses_left=invites.c.uses_left - 1)
    row = work.db.execute(fewer.returning(invites.c.plan, invites.c.plan_days)).first()
    if row is None:
        raise InvalidFields({"invite": ("invite.bad",)})
    return Used(Promise(*row) if row.plan else None)


def _good(call: Call, code: str, email: str) -> tuple[sa.ColumnElement[bool], ...]:
    address = addresses.parse(email)
    theirs = sa.or_(
        invites.c.email_key.is_(None), invites.c.email_key == (address.key if address else "")
    )
    return (
        invites.c.digest == links.digest(call.hub, _PURPOSE, code.strip()),
        invites.c.uses_left > 0,
        invites.c.expires_at > call.now,
        theirs,
    )
