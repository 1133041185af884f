"""The first step of a sign-up, kept for half an hour until the second one.

The second step checks the password again (it must not contain the username), so a hash would not
do, and nobody may read it meanwhile. It is therefore kept in two halves: the table has the text
sealed, the browser has the cookie that its key is made of. Neither is worth anything without the
other and the server's secret.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from strata.accounts import limits
from strata.core.call import Call, Work
from strata.core.hub import Hub
from strata.membership.joining.tables import pending_sign_ups
from strata.sessions.identities.sites.claims import Claims

LIFE = timedelta(minutes=30)
FIRST_STEPS_PER_HOUR = 60  # from one address; sign-ups themselves have their own, lower limit
LONGEST_COOKIE = 64  # characters; ours have 43
_SEALED_LENGTH = 2048  # bytes, whatever is inside: the length of a password is nobody's business


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What the first form asked for, checked."""

    email: str
    password: str = field(repr=False)
    shown_at: datetime  # when the form was given out
    invite: str = field(default="", repr=False)  # code, where sign-up needs one
    identity: Claims | None = None  # at another site, in the place of a password
    first_code: str = field(default="", repr=False)  # of the first admin, on an empty hub


def keep(work: Work, step: FirstStep, *, replaces: str = "") -> str:
    """Put the first step away; returns the cookie that brings it back.

    Raises:
        TooMany: one address began too many sign-ups.
        ValueError: longer than any address and password that the rules allow.
    """
    address = limits.address_of(work.origin.ip)
    limits.count(work, limits.Limit(f"signup.pending:{address}", FIRST_STEPS_PER_HOUR, 60))
    forget_over(work)
    drop(work, replaces)
    cookie = secrets.token_urlsafe(32)
    work.db.execute(
        sa.insert(pending_sign_ups).values(
            digest=_digest(work.hub, cookie),
            sealed=_sealed(work.hub, cookie, step),
            expires_at=work.now + LIFE,
        )
    )
    return cookie


def bring_back(call: Call, cookie: str) -> FirstStep | None:
    """The first step that belongs to the cookie; None when there is none or it is too old."""
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return None
    row = call.db.execute(
        sa.select(pending_sign_ups.c.sealed).where(
            pending_sign_ups.c.digest == _digest(call.hub, cookie),
            pending_sign_ups.c.expires_at > call.now,
        )
    ).first()
    return _opened(call.hub, cookie, row.sealed) if row else None


def drop(work: Work, cookie: str) -> None:
    """Forget the first step: the account exists, or the person began anew."""
    if cookie and len(cookie) <= LONGEST_COOKIE:
        digest = _digest(work.hub, cookie)
        work.db.execute(sa.delete(pending_sign_ups).where(pending_sign_ups.c.digest == digest))


def forget_over(work: Work) -> None:
    """Remove the first steps that nobody can bring back any more."""
    work.db.execute(sa.delete(pending_sign_ups).where(pending_sign_ups.c.expires_at <= work.now))


def _sealed(hub: Hub, cookie: str, step: FirstStep) -> bytes:
    plain = msgspec.json.encode(step)
    if len(plain) > _SEALED_LENGTH:
        raise ValueError(f"A first step of {len(plain)} bytes cannot be kept.")
    return hub.secrets.seal(_purpose(cookie), plain.ljust(_SEALED_LENGTH).decode())


def _opened(hub: Hub, cookie: str, sealed: bytes) -> FirstStep | None:
    plain = hub.secrets.unseal(_purpose(cookie), sealed)
    return None if plain is None else msgspec.json.decode(plain, type=FirstStep)


def _purpose(cookie: str) -> str:
    """What the key of a row is made of, beside the server's secret: each has one of its own."""
    return f"signup.pending:{cookie}"


def _digest(hub: Hub, cookie: str) -> str:
    return hub.secrets.digest("signup.pending", cookie)
