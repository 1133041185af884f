"""Tokens that others could read: revoked at once, and their owners told (product §3.10).

Whoever knows a value may have it revoked; that is all it takes, and all that it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.credentials.tokens import letters
from strata.credentials.tokens.tables import oauth_refreshes, tokens
from strata.credentials.tokens.values import LONGEST_VALUE, PREFIX, REFRESH_PREFIX
from strata.events import outbox
from strata.events.facts import Whose, record

MOST_AT_ONCE: Final = 100
REPORTS_PER_HOUR: Final = 100  # of one address


def count_report(work: Work, values: Sequence[str]) -> None:
    """Count that somebody reports tokens.

    Raises:
        Malformed: more than `MOST_AT_ONCE`. TooMany: reported too often.
    """
    if len(values) > MOST_AT_ONCE:
        raise Malformed(f"Report at most {MOST_AT_ONCE} credentials at once.")
    address = limits.address_of(work.origin.ip)
    limits.count(work, limits.Limit(f"credentials:{address}", REPORTS_PER_HOUR, 60))


def owners(call: Call, values: Iterable[str]) -> set[int]:
    """Whose tokens these values open."""
    return {row.user_id for value in values for row in _open(call, value)}


def revoke(work: Work, places: Mapping[str, str]) -> int:
    """Revoke tokens by their values; how many were open until now.

    Their `owners` are locked, in one order, as by everybody who decides on their tokens.

    Args:
        places: value → where it was seen; empty: somebody reported it.
    """
    ended = 0
    for value, place in places.items():
        ended += sum(_end(work, row, place) for row in _open(work, value))
    return ended


def alive(call: Call, value: str) -> bool:
    """Whether a value opens something at this moment."""
    return bool(_open(call, value)) or _refreshes(call, value)


def _open(call: Call, value: str) -> list[Any]:
    if not value.startswith(PREFIX) or len(value) > LONGEST_VALUE:
        return []
    digest = call.hub.secrets.digest("token", value)
    now = call.now
    former = sa.and_(tokens.c.former_digest == digest, tokens.c.former_until > now)
    lasting = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    found = sa.select(tokens.c.id, tokens.c.user_id, tokens.c.name).where(
        sa.or_(tokens.c.digest == digest, former), tokens.c.leaked_at.is_(None), lasting
    )
    return list(call.db.execute(found))


def _refreshes(call: Call, value: str) -> bool:
    """Whether an application gets another access token for it."""
    if not value.startswith(REFRESH_PREFIX):
        return False
    digest = call.hub.secrets.digest("oauth.refresh", value)
    here = sa.select(oauth_refreshes.c.family_id).where(
        oauth_refreshes.c.digest == digest,
        oauth_refreshes.c.used_at.is_(None),
        oauth_refreshes.c.expires_at > call.now,
    )
    return call.db.execute(here).first() is not None


def _end(work: Work, row: Any, place: str) -> bool:
    """Close it; False when somebody else was faster, who then tells the owner."""
    closed = work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id == row[0], tokens.c.leaked_at.is_(None))
        .values(leaked_at=work.now, leaked_in=place, former_digest=None, former_until=None)
    )
    if closed.rowcount != 1:
        return False
    whose = Whose(subject_id=row[1])
    record(work, "token.revoke_leak", target=row[2], detail={"place": place}, whose=whose)
    owner = people.by_id(work, row[1])
    if owner is not None and owner.verified_at is not None:
        for reader in confirmed.readers(work, owner):
            outbox.post(work, letters.token_leaked(work, reader, token_name=row[2], place=place))
    return True
