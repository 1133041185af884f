"""What a passkey has to sign: a ticket for one purpose and one browser.

Asking for one writes nothing; an answer that holds uses it up.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from strata.accounts.factors.tables import spent_challenges
from strata.core.call import Call, Work
from strata.events.letters import page
from strata.lib.db.statements import upsert

LIFE: Final = timedelta(minutes=15)
LOCALHOST: Final = "localhost"
_PURPOSE: Final = "passkey.challenge"


class Purpose(StrEnum):
    """What a passkey is wanted for."""

    ADD = "add"
    LOG_IN = "log-in"
    SECOND = "second"  # after a password
    PROVE = "prove"  # that the person of a session still sits there


@dataclass(frozen=True, slots=True)
class Use:
    """For what a challenge is: an answer is good for nothing else."""

    purpose: Purpose
    browser: str = field(repr=False)  # what only this browser holds


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys of this hub belong."""

    host: str  # the RP ID
    origin: str


def place_of(call: Call) -> Place | None:
    """Where passkeys belong; None: browsers have none here, for that takes HTTPS or localhost."""
    address = urlsplit(page(call, "/"))
    host = address.hostname or ""
    local = host == LOCALHOST or host.endswith(f".{LOCALHOST}")
    is_number = ":" in host or host.replace(".", "").isdigit()
    if is_number or not (local or address.scheme == "https"):
        return None
    return Place(host, f"{address.scheme}://{address.netloc}")


def make(call: Call, use: Use) -> bytes:
    """A challenge."""
    claims = (use.purpose.value, _digest(call, use.browser), secrets.token_urlsafe(16))
    return call.hub.secrets.sign(_PURPOSE, claims, expires=call.now + LIFE).encode()


def spend(work: Work, use: Use, challenge: bytes) -> None:
    """Use up the challenge that was answered.

    Raises:
        ValueError: it is not ours, for something else, over, or was answered before.
    """
    ticket = challenge.decode("ascii")
    claims = work.hub.secrets.verify(_PURPOSE, ticket, tuple[str, str, str], now=work.now)
    if claims is None or claims[:2] != (use.purpose.value, _digest(work, use.browser)):
        raise ValueError("not a challenge for this")
    fresh = upsert(work.db, spent_challenges).values(
        digest=work.hub.secrets.digest(_PURPOSE, ticket), expires_at=work.now + LIFE
    )
    if work.db.execute(fresh.on_conflict_do_nothing()).rowcount != 1:
        raise ValueError("answered before")


def forget_over(work: Work) -> None:
    """Remove the answered challenges that nobody can answer any more."""
    work.db.execute(sa.delete(spent_challenges).where(spent_challenges.c.expires_at <= work.now))


def _digest(call: Call, browser: str) -> str:
    return call.hub.secrets.digest("passkey.browser", browser)[:32]
