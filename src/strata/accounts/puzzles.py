"""Work that a computer does before it may do something, so that doing it often costs much.

As Hashcash: find a number so that SHA-256 of `ticket:number` begins with so many zero bits. A
ticket is ours, is good for a while, for one purpose and once, in whatever worker or node it is
shown. No other server takes part. Product §3.4 asks for it at the sign-up, §3.6 at the log-in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from strata.accounts import limits
from strata.core.call import Call, Work

ALGORITHM: Final = "sha256(ticket:number)"  # as scripts are told
MISSING: Final = "work.missing"
BAD: Final = "work.bad"
_LONGEST_TICKET: Final = 300
_LONGEST_ANSWER: Final = 20  # digits
_NONCE_BYTES: Final = 16
_HASH_BITS: Final = 256


@dataclass(frozen=True, slots=True)
class Use:
    """What the work is for."""

    purpose: str  # "signup.work"
    bits: int  # 0: none is asked for
    life: timedelta
    place: str = ""  # the address that it counts for; empty: any


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


class _Claims(msgspec.Struct, frozen=True, array_like=True):
    bits: int
    nonce: bytes
    place: str


NO_PUZZLE: Final = Puzzle(0)
NOT_DONE: Final = Done()


def puzzle(call: Call, use: Use) -> Puzzle:
    """A fresh puzzle; nothing is written down before it is solved."""
    if not use.bits:
        return NO_PUZZLE
    claims = _Claims(use.bits, secrets.token_bytes(_NONCE_BYTES), use.place)
    ticket = call.hub.secrets.sign(use.purpose, claims, expires=call.now + use.life)
    return Puzzle(use.bits, ticket)


def faults(call: Call, use: Use, done: Done) -> tuple[str, ...]:
    """The message key of what is wrong: `work.missing`, or `work.bad` for a ticket that is over."""
    if not use.bits:
        return ()
    if not done.ticket or not done.answer:
        return (MISSING,)
    return () if _claims(call, use, done) else (BAD,)


def spend(work: Work, use: Use, done: Done) -> bool:
    """Use a solved ticket up, together with what it was asked for; False: it is none, or spent."""
    if not use.bits:
        return True
    claims = _claims(work, use, done)
    if claims is None:
        return False
    # By what is random in it: one ticket can be written in several ways.
    return limits.once(work, f"{use.purpose}:{claims.nonce.hex()}", until=work.now + use.life)


def _claims(call: Call, use: Use, done: Done) -> _Claims | None:
    """What a ticket says that was solved and is meant for this; None otherwise."""
    if len(done.ticket) > _LONGEST_TICKET or len(done.answer) > _LONGEST_ANSWER:
        return None
    if not (done.answer.isascii() and done.answer.isdigit() and done.ticket.isascii()):
        return None
    claims = call.hub.secrets.verify(use.purpose, done.ticket, _Claims, now=call.now)
    if claims is None or claims.bits < use.bits or claims.place != use.place:
        return None
    digest = hashlib.sha256(f"{done.ticket}:{done.answer}".encode()).digest()
    return claims if int.from_bytes(digest) >> (_HASH_BITS - claims.bits) == 0 else None
