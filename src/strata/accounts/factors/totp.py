"""Codes of an authenticator app (RFC 6238): 160 bits, SHA-1, six digits, 30 seconds."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import Final

import pyotp
import sqlalchemy as sa

from strata.accounts.factors.tables import authenticators
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert

SECONDS: Final = 30
DRIFT: Final = 1  # steps that a clock may be off, either way
NEVER: Final = 0  # a step before every one that was used
PURPOSE: Final = "totp"
_CODE: Final = re.compile(r"[0-9]{6}")
_GAPS: Final = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class SettingUp:
    """An authenticator that waits for its first code."""

    secret: str = field(repr=False)  # base32
    address: str = field(repr=False)  # otpauth://…, what the picture holds


def begin(work: Work, user_id: int) -> bool:
    """Make a secret; False when the account has an authenticator already."""
    sealed = work.hub.secrets.seal(PURPOSE, pyotp.random_base32(32))
    values = {"sealed": sealed, "created_at": work.now, "last_step": 0}
    fresh = upsert(work.db, authenticators).values(user_id=user_id, **values)
    waits = authenticators.c.confirmed_at.is_(None)
    made = fresh.on_conflict_do_update(
        index_elements=[authenticators.c.user_id], set_=values, where=waits
    )
    return work.db.execute(made).rowcount == 1


def setting_up(call: Call, user_id: int, name: str) -> SettingUp | None:
    """The authenticator that waits for its first code; None: none does."""
    secret = _secret(call, user_id, confirmed=False)
    if secret is None:
        return None
    site = call.hub.settings.site_name.replace(":", " ")
    label = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site)
    return SettingUp(secret, label)


def confirm(work: Work, user_id: int, code: str) -> bool:
    """Turn the waiting authenticator on, if it made this code, which is used up by that."""
    step = _step(work, _secret(work, user_id, confirmed=False), code)
    if step is None:
        return False
    waits = sa.and_(authenticators.c.user_id == user_id, authenticators.c.confirmed_at.is_(None))
    turned_on = sa.update(authenticators).where(waits)
    values = {"confirmed_at": work.now, "last_step": step}
    return work.db.execute(turned_on.values(**values)).rowcount == 1


def take(work: Work, user_id: int, code: str) -> bool:
    """Whether the account's authenticator made this code; it works once, for one of two at once."""
    step = _step(work, _secret(work, user_id, confirmed=True), code)
    # A wrong code costs what a used one does: which it was shall not be measured.
    newest = NEVER if step is None else step
    newer = sa.and_(authenticators.c.user_id == user_id, authenticators.c.last_step < newest)
    return (
        work.db.execute(sa.update(authenticators).where(newer).values(last_step=newest)).rowcount
        == 1
    )


def is_on(call: Call, user_id: int) -> bool:
    """Whether the account has an authenticator that works."""
    return _row(call, user_id, confirmed=True) is not None


def remove(work: Work, user_id: int) -> bool:
    """Take the authenticator away; False: there was none."""
    theirs = sa.delete(authenticators).where(authenticators.c.user_id == user_id)
    return work.db.execute(theirs).rowcount == 1


def _row(call: Call, user_id: int, *, confirmed: bool) -> bytes | None:
    state = authenticators.c.confirmed_at.is_not(None)
    statement = sa.select(authenticators.c.sealed).where(
        authenticators.c.user_id == user_id, state if confirmed else sa.not_(state)
    )
    sealed: bytes | None = call.db.scalar(statement)
    return sealed


def _secret(call: Call, user_id: int, *, confirmed: bool) -> str | None:
    sealed = _row(call, user_id, confirmed=confirmed)
    return None if sealed is None else call.hub.secrets.unseal(PURPOSE, sealed)


def _step(call: Call, secret: str | None, code: str) -> int | None:
    """At which step the app shows this code; every step in reach is looked at."""
    typed = _GAPS.sub("", code)
    if secret is None or not _CODE.fullmatch(typed):
        return None
    otp, here = pyotp.TOTP(secret), int(call.now.timestamp()) // SECONDS
    reach = range(here - DRIFT, here + DRIFT + 1)
    matching = [step for step in reach if hmac.compare_digest(otp.generate_otp(step), typed)]
    return matching[-1] if matching else None
