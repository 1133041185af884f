"""Browsers that are not asked for a second factor for thirty days."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.factors.tables import remembered_devices as devices
from strata.core.call import Call, Work
from strata.core.hub import Hub

LIFE: Final = timedelta(days=30)
LONGEST_COOKIE: Final = 256
PURPOSE: Final = "remembered"
_USER_AGENT_LENGTH: Final = 512


@dataclass(frozen=True, slots=True)
class Device:
    """A browser as its owner's list shows it."""

    id: int
    ip: str
    user_agent: str
    created_at: datetime
    expires_at: datetime


def remember(work: Work, user_id: int) -> str:
    """The signed cookie by which this browser passes, with this account alone."""
    nonce, expires = secrets.token_urlsafe(32), work.now + LIFE
    work.db.execute(
        sa.insert(devices).values(
            user_id=user_id,
            digest=_digest(work.hub, nonce),
            ip=work.origin.ip,
            user_agent=work.origin.user_agent[:_USER_AGENT_LENGTH],
            created_at=work.now,
            expires_at=expires,
        )
    )
    return work.hub.secrets.sign(PURPOSE, (user_id, nonce), expires=expires)


def knows(call: Call, user_id: int, cookie: str) -> bool:
    """Whether the browser with this cookie passes as this account."""
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return False
    claims = call.hub.secrets.verify(PURPOSE, cookie, tuple[int, str], now=call.now)
    if claims is None or claims[0] != user_id:
        return False
    kept = sa.select(devices.c.id).where(
        devices.c.digest == _digest(call.hub, claims[1]),
        devices.c.user_id == user_id,
        devices.c.expires_at > call.now,
    )
    return call.db.execute(kept).first() is not None


def of(call: Call, user_id: int) -> list[Device]:
    """The browsers that pass as this account, the newest first."""
    rows = call.db.execute(
        sa.select(*(devices.c[name] for name in Device.__dataclass_fields__))
        .where(devices.c.user_id == user_id, devices.c.expires_at > call.now)
        .order_by(devices.c.id.desc())
    )
    return [Device(*row) for row in rows]


def forget(work: Work, user_id: int, device_id: int | None = None) -> bool:
    """Have one browser of an account asked again, or all; False: there was none."""
    theirs = sa.delete(devices).where(devices.c.user_id == user_id)
    which = theirs if device_id is None else theirs.where(devices.c.id == device_id)
    return work.db.execute(which).rowcount > 0


def forget_all(work: Work) -> None:
    """Have every browser of everybody asked again."""
    work.db.execute(sa.delete(devices))


def forget_over(work: Work) -> None:
    """Remove those whose time is over."""
    work.db.execute(sa.delete(devices).where(devices.c.expires_at <= work.now))


def _digest(hub: Hub, nonce: str) -> str:
    return hub.secrets.digest("remembered.nonce", nonce)
