"""Work that a computer does before it signs up, so that many sign-ups cost much (product §3.4).

As Hashcash: find a number so that SHA-256 of `ticket:number` begins with so many zero bits. A
ticket is ours, is good for an hour and for one account. Off by default; no other server takes part.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from strata.accounts import limits
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, TooMany

LIFE: Final = timedelta(hours=1)
_PURPOSE: Final = "signup.work"
_LONGEST_TICKET: Final = 200
_LONGEST_ANSWER: Final = 20  # digits
_HASH_BITS: Final = 256


@dataclass(frozen=True, slots=True)
class Puzzle:
    """What has to be worked on."""

    bits: int  # 0: nothing has to be
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was worked out."""

    ticket: str = ""
    answer: str = field(default="", repr=False)  # decimal digits


def puzzle(call: Call) -> Puzzle:
    """A fresh puzzle."""
    bits = call.hub.settings.accounts.sign_up_work_bits
    if not bits:
        return Puzzle(0)
    claims = (bits, secrets.token_bytes(12))
    return Puzzle(bits, call.hub.secrets.sign(_PURPOSE, claims, expires=call.now + LIFE))


def work_faults(call: Call, done: Done) -> tuple[str, ...]:
    """The message key of what is wrong: `work.missing`, or `work.bad` for a ticket that is over."""
    wanted = call.hub.settings.accounts.sign_up_work_bits
    if not wanted:
        return ()
    if not done.ticket or not done.answer:
        return ("work.missing",)
    return () if _is_good(call, done, wanted) else ("work.bad",)


def spend(work: Work, done: Done) -> None:
    """Use a ticket up, together with what it was asked for.

    Raises:
        InvalidFields: `work`: it opened an account before.
    """
    if not work.hub.settings.accounts.sign_up_work_bits:
        return
    key = f"{_PURPOSE}:{hashlib.sha256(done.ticket.encode()).hexdigest()}"
    try:
        limits.count(work, limits.Limit(key, 1, 2 * int(LIFE.total_seconds()) // 60))
    except TooMany as spent:
        raise InvalidFields({"work": ("work.bad",)}) from spent


def _is_good(call: Call, done: Done, wanted: int) -> bool:
    if len(done.ticket) > _LONGEST_TICKET or len(done.answer) > _LONGEST_ANSWER:
        return False
    if not (done.answer.isascii() and done.answer.isdigit() and done.ticket.isascii()):
        return False
    claims = call.hub.secrets.verify(_PURPOSE, done.ticket, tuple[int, bytes], now=call.now)
    if claims is None or claims[0] < wanted:
        return False
    digest = hashlib.sha256(f"{done.ticket}:{done.answer}".encode()).digest()
    return int.from_bytes(digest) >> (_HASH_BITS - claims[0]) == 0
