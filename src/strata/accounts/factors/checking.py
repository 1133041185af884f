"""Take a code for an account: counted first, refunded when it was right (product §3.6)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.factors import letters
from strata.accounts.factors.tables import mailed_codes
from strata.core.call import Call, Work, working
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.statements import upsert

BAD_CODE: Final = "auth.2fa_bad"
WARNED_AT: Final = 3  # wrong ones in an hour: people mistype one or two
TOLD_EVERY: Final = timedelta(days=1)
MAILED_LIFE: Final = timedelta(minutes=10)
_DIGITS: Final = 6


def counted(call: Call, user: people.User) -> datetime:
    """Count a try before it is looked at: many at once cannot slip past the limit.

    Raises:
        TooMany: the account's second factor was wrong too often.
    """
    with working(call) as work:
        limits.count(work, *_limits(work, key_of(user.id)))
    return call.now


def _limits(call: Call, key: str) -> tuple[limits.Limit, ...]:
    chosen = call.hub.settings.entering
    return (
        limits.Limit(key, chosen.factor_tries_per_5_minutes, 5),
        limits.Limit(key, chosen.factor_tries_per_hour, 60),
        limits.Limit(key, chosen.factor_tries_per_day, 24 * 60),
    )


def refund(work: Work, user: people.User, counted_at: datetime) -> None:
    """The try was a good one."""
    limits.refund(work, key_of(user.id), counted_at=counted_at)


def failed(call: Call, user: people.User) -> None:
    """Write down that somebody had the password and not the second factor."""
    with working(call) as work:
        record(work, "account.2fa_failed", target=user.name, actor_id=user.id)
        _warn(work, user)


def _warn(work: Work, user: people.User) -> None:
    """Tell the owner that somebody has the first factor and guesses the second, once a day."""
    enough = min(WARNED_AT, work.hub.settings.entering.factor_tries_per_hour)
    if limits.counted(work, key_of(user.id), minutes=60) < enough:
        return
    if limits.once(work, f"factor.told:{user.id}", until=work.now + TOLD_EVERY):
        letters.send(work, user, letters.GUESSED)


def mail_code(work: Work, user: people.User) -> None:
    """Send a code to every confirmed address; an older one works no more.

    Raises:
        TooMany: all mails of this hour.
    """
    most = work.hub.settings.entering.proof_mails_per_hour
    limits.count(work, limits.Limit(f"proof.mail:{user.id}", most, 60))
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    values = {"digest": _digest(work, user.id, code), "expires_at": work.now + MAILED_LIFE}
    fresh = upsert(work.db, mailed_codes).values(user_id=user.id, **values)
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=[mailed_codes.c.user_id], set_=values)
    )
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.proof(work, reader, code=code))


def take_mailed(work: Work, user_id: int, code: str) -> bool:
    """Use the mailed code up; False: it is another one, or over."""
    good = sa.and_(
        mailed_codes.c.user_id == user_id,
        mailed_codes.c.digest == _digest(work, user_id, "".join(code.split())),
        mailed_codes.c.expires_at > work.now,
    )
    return work.db.execute(sa.delete(mailed_codes).where(good)).rowcount == 1


def forget_over(work: Work) -> None:
    """Remove the mailed codes whose time is over."""
    work.db.execute(sa.delete(mailed_codes).where(mailed_codes.c.expires_at <= work.now))


def key_of(user_id: int) -> str:
    """Under which key an account's tries are counted."""
    return f"factor:{user_id}"


def _digest(call: Call, user_id: int, code: str) -> str:
    return call.hub.secrets.digest("proof.mail", f"{user_id}:{code}")
