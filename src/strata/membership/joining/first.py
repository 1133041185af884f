"""The first account of a hub, which administers it (product §2.2 P02, §3.21).

Where strangers could come before whoever set the hub up, the first sign-up shows a code: the one of
`accounts.first_admin_code`, or one that the hub makes when it starts for the first time and prints
once. One code holds for all workers and nodes, is kept hashed, and dies with the first account.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import sqlalchemy as sa

from strata.accounts import limits, people
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict
from strata.lib.db.statements import upsert
from strata.membership.joining.tables import first_codes

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that looks like another
GROUPS, GROUP = 8, 4  # 138 bits
LONGEST_CODE: Final = 128
WRONG_CODES, MINUTES = 10, 10
NOT_EMPTY: Final = (
    "This hub has accounts already: nobody becomes its admin by a code. "
    "`strata user create NAME --email ADDRESS --admin` makes another admin."
)
CHOSEN: Final = "The code is the one of the setting accounts.first_admin_code. Change it there."
_ONLY: Final = 1


def asks_code(call: Call) -> bool:
    """Whether a sign-up has to show a code: the hub is empty, and strangers could be first."""
    settings = call.hub.settings
    if not people.is_empty(call):
        return False
    chosen = bool(settings.accounts.first_admin_code)
    return chosen or settings.is_reachable or _made(call) is not None


def code_faults(call: Call, code: str) -> tuple[str, ...]:
    """The message key of what is wrong with the code, where one is asked for.

    Raises:
        TooMany: ten wrong ones from one address in ten minutes.
    """
    if not asks_code(call):
        return ()
    if not code.strip():
        return ("first_code.missing",)
    key, tried_at = f"first_code:{limits.address_of(call.origin.ip)}", call.now
    with working(call) as work:  # counted before it is looked at
        limits.count(work, limits.Limit(key, WRONG_CODES, MINUTES))
    if not _is_right(call, code):
        # Meanwhile somebody else may have become the first: then nobody is asked for one.
        return ("first_code.bad",) if asks_code(call) else ()
    with working(call) as work:
        limits.refund(work, key, counted_at=tried_at)
    return ()


def is_first(work: Work, code: str) -> bool:
    """Whether this is the first account of the hub, which administers it; true for one only."""
    if not people.is_empty(work) or (asks_code(work) and not _is_right(work, code)):
        return False
    if work.db.dialect.name == "postgresql":
        work.db.execute(sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    return people.is_empty(work)


def make_code(work: Work) -> str:
    """A code for the first account; any older one is dead.

    Raises:
        Conflict: the hub has accounts, or its operator has chosen a code.
    """
    if not people.is_empty(work):
        raise Conflict(NOT_EMPTY)
    if work.hub.settings.accounts.first_admin_code:
        raise Conflict(CHOSEN)
    forget_code(work)
    return _keep_fresh(work)


def make_missing_code(work: Work) -> str:
    """A code for a hub that needs one and has none; empty: it has one, or needs none.

    Of several nodes that start at once, one makes it.
    """
    settings = work.hub.settings
    is_chosen = bool(settings.accounts.first_admin_code)
    if is_chosen or settings.accounts.sign_up == "closed" or not asks_code(work):
        return ""
    return _keep_fresh(work)


def forget_code(work: Work) -> None:
    """The code is dead: there is an account now."""
    work.db.execute(sa.delete(first_codes))


def _keep_fresh(work: Work) -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP))
    kept = {"id": _ONLY, "digest": _digest(work, code), "created_at": work.now}
    fresh = upsert(work.db, first_codes).values(**kept).on_conflict_do_nothing()
    if work.db.execute(fresh).rowcount != 1:
        return ""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _is_right(call: Call, code: str) -> bool:
    chosen = call.hub.settings.accounts.first_admin_code
    if chosen:
        return hmac.compare_digest(code.strip().encode(), chosen.encode())
    made = _made(call)
    letters = "".join(letter for letter in code[:LONGEST_CODE].upper() if letter in ALPHABET)
    return made is not None and hmac.compare_digest(_digest(call, letters), made)


def _made(call: Call) -> str | None:
    made: str | None = call.db.scalar(sa.select(first_codes.c.digest))
    return made


def _digest(call: Call, letters: str) -> str:
    return call.hub.secrets.digest("first_code", letters)
