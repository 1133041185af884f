"""Tell owners that a token is about to expire: a week before, and a day before, once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.profile import clocks
from strata.core.actor import Actor, TokenKind
from strata.core.call import Work
from strata.credentials.tokens import letters
from strata.credentials.tokens.tables import tokens
from strata.events import outbox
from strata.events.facts import Whose, record

NOTICES: Final = (1, 7)  # days before the end
MOST_A_ROUND: Final = 500
WARNED: Final = timedelta(days=7)


def tell(work: Work) -> None:
    """Write to the owners of tokens whose end is near; the hourly tidying calls it."""
    for days in NOTICES:
        _tell(work, days)
    _note_over(work)


def warning(actor: Actor, now: datetime) -> str:
    """What clients print in the last week of a token; empty: nothing.

    Those of applications end all the time, and are followed by others.
    """
    token = actor.token
    if token is None or token.expires_at is None or token.kind is not TokenKind.ACCESS:
        return ""
    if token.expires_at - now > WARNED:
        return ""
    return (
        f"token-expiry; This access token expires on {token.expires_at:%Y-%m-%d}. "
        "Refresh it on the page about your access tokens."
    )


def _tell(work: Work, days: int) -> None:
    soon = (tokens.c.expires_at > work.now, tokens.c.expires_at <= work.now + timedelta(days=days))
    untold = sa.or_(tokens.c.told_days.is_(None), tokens.c.told_days > days)
    due = sa.and_(*soon, untold, tokens.c.leaked_at.is_(None))
    for owner_id, name, end in _noted(work, due, days):
        owner = people.by_id(work, owner_id)
        if owner is not None and owner.verified_at is not None:
            left = max(1, -((work.now - end) // timedelta(days=1)))
            day = clocks.day(work, owner.id, end, owner.language)
            reader = people.reader(owner)
            post = letters.token_expiring(work, reader, token_name=name, day=day, days=left)
            outbox.post(work, post)


def _note_over(work: Work) -> None:
    """Record the end of each once; 0 is what was told last."""
    over = tokens.c.expires_at <= work.now
    unnoted = sa.or_(tokens.c.told_days.is_(None), tokens.c.told_days > 0)
    for owner_id, name, _ in _noted(work, sa.and_(over, unnoted), 0):
        record(work, "token.expire", target=name, whose=Whose(subject_id=owner_id))


def _noted(
    work: Work, due: sa.ColumnElement[bool], days: int
) -> Sequence[sa.Row[int, str, datetime]]:
    """Whose tokens are due, by what name and until when; of two nodes one writes it down."""
    ours = sa.and_(due, tokens.c.kind == TokenKind.ACCESS.value)
    some = sa.select(tokens.c.id).where(ours).limit(MOST_A_ROUND)
    noted = sa.update(tokens).where(tokens.c.id.in_(some), ours).values(told_days=days)
    columns = (tokens.c.user_id, tokens.c.name, tokens.c.expires_at)
    return work.db.execute(noted.returning(*columns)).all()
