"""Recovery codes: ten, fifty bits each, for whoever has lost the rest. Each works once."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from strata.accounts.factors.tables import recovery_codes
from strata.core.call import Call, Work
from strata.core.hub import Hub

HOW_MANY: Final = 10
LENGTH: Final = 10
FEW: Final = 3  # left: their owner is told
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
_READ_AS: Final = str.maketrans("OIL", "011")
_GAPS: Final = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Codes:
    """What its owner may know of an account's codes."""

    left: int
    exist: bool


def renew(work: Work, user_id: int) -> tuple[str, ...]:
    """Make ten codes, `XXXXX-XXXXX`; older ones work no more. They are known here only, once."""
    remove(work, user_id)
    made = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    rows = [{"user_id": user_id, "digest": _digest(work.hub, user_id, code)} for code in made]
    work.db.execute(sa.insert(recovery_codes), rows)
    half = LENGTH // 2
    return tuple(f"{code[:half]}-{code[half:]}" for code in made)


def take(work: Work, user_id: int, code: str) -> bool:
    """Use a code up; False: it is none, or was used."""
    typed = _GAPS.sub("", code[:64]).upper().translate(_READ_AS)
    unused = sa.and_(
        recovery_codes.c.user_id == user_id,
        recovery_codes.c.digest == _digest(work.hub, user_id, typed),
        recovery_codes.c.used_at.is_(None),
    )
    used = sa.update(recovery_codes).where(unused).values(used_at=work.now)
    return work.db.execute(used).rowcount == 1


def of(call: Call, user_id: int) -> Codes:
    """How many are left."""
    theirs = sa.select(recovery_codes.c.used_at).where(recovery_codes.c.user_id == user_id)
    used = [row.used_at for row in call.db.execute(theirs)]
    return Codes(used.count(None), bool(used))


def remove(work: Work, user_id: int) -> None:
    """Let none of the codes work any more."""
    work.db.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


def _digest(hub: Hub, user_id: int, code: str) -> str:
    return hub.secrets.digest("recovery.code", f"{user_id}:{code}")
