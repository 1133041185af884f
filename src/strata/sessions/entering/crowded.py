"""Addresses from which many log-ins failed (product §3.6): wait, or work for each attempt.

Many people may share an address. Who knows their password, or has their passkey, gets in for a
moment's computation; whoever guesses from there pays for each guess, and stays under every other
limit. The two ways in are counted apart: nobody guesses passkeys by trying passwords.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from strata.accounts import limits, puzzles
from strata.accounts.puzzles import Done, Puzzle
from strata.core.call import Call, Work
from strata.core.errors import TooMany, WorkNeeded

WORK_LIFE: Final = timedelta(minutes=10)


def key_of(address: str) -> str:
    """Under which key the failures of an address are counted, and its waits."""
    return f"login.address:{address}"


def passkey_key_of(address: str) -> str:
    """Under which key the passkeys that failed from an address are counted."""
    return f"passkey.address:{address}"


def require_room(work: Work, key: str, done: Done) -> None:
    """Insist that an attempt which is counted already may be judged.

    Args:
        key: of the address and the way in: `key_of`, `passkey_key_of`.
        done: the work that came along; spent only where it is what lets the attempt through.

    Raises:
        WorkNeeded: so many failed that it takes work, which was not done.
        TooMany: the same where no work is offered.
    """
    try:
        limits.require_counted(work, _limit(work, key))
    except TooMany as full:
        use = _work_here(work)
        if not use.bits:
            raise
        if not puzzles.spend(work, use, done):
            asked, wait_s = puzzles.puzzle(work, use), full.retry_after_s
            raise WorkNeeded(retry_after_s=wait_s, bits=asked.bits, ticket=asked.ticket) from full


def work_asked(call: Call) -> Puzzle:
    """What the next log-in by password from here has to come with, if it takes work."""
    return _asked(call, key_of(limits.address_of(call.origin.ip)))


def passkey_work_asked(call: Call) -> Puzzle:
    """The same of the next log-in by passkey."""
    return _asked(call, passkey_key_of(limits.address_of(call.origin.ip)))


def _asked(call: Call, key: str) -> Puzzle:
    limit = _limit(call, key)
    has_room = limits.counted(call, key, minutes=limit.minutes) < limit.most
    if has_room or limits.is_blocked(call, key):  # no work opens a door that is shut
        return puzzles.NO_PUZZLE
    return puzzles.puzzle(call, _work_here(call))


def _limit(call: Call, key: str) -> limits.Limit:
    chosen = call.hub.settings.entering
    return limits.Limit(key, chosen.address_failures, chosen.address_minutes)


def _work_here(call: Call) -> puzzles.Use:
    """The work counts for the address that was asked for it, and for no other."""
    bits = call.hub.settings.accounts.log_in_work_bits
    return puzzles.Use("login.work", bits, WORK_LIFE, limits.address_of(call.origin.ip))
