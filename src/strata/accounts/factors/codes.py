"""Recovery codes: ten, fifty bits each, for whoever has lost the rest. Each works once."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from strata.accounts.factors.tables import recovery_codes
from strata.accounts.passwords import hashing
from strata.core.call import Call, Work
from strata.core.hub import Hub

HOW_MANY: Final = 10
LENGTH: Final = 10
SALT_LENGTH: Final = 16  # bytes, of all codes of an account
FEW: Final = 3  # left: their owner is told
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
_READ_AS: Final = str.maketrans("OIL", "011")
_GAPS: Final = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Codes:
    """What its owner may know of an account's codes."""

    left: int
    exist: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """Ten codes that nobody has yet."""

    shown: tuple[str, ...] = field(repr=False)  # `XXXXX-XXXXX`; known here only, once
    salt: str
    digests: tuple[str, ...] = field(repr=False)


def draw(hub: Hub) -> Drawn:
    """Make ten codes; takes ten slow hashes, so never inside a `Work`."""
    salt = secrets.token_hex(SALT_LENGTH)
    made = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    half = LENGTH // 2
    shown = tuple(f"{code[:half]}-{code[half:]}" for code in made)
    return Drawn(shown, salt, tuple(_digest(hub, salt, code) for code in made))


def keep(work: Work, user_id: int, drawn: Drawn) -> tuple[str, ...]:
    """Let these codes work from now on, and the older ones no more; returns them."""
    remove(work, user_id)
    rows = [{"user_id": user_id, "salt": drawn.salt, "digest": digest} for digest in drawn.digests]
    work.db.execute(sa.insert(recovery_codes), rows)
    return drawn.shown


def read(call: Call, user_id: int, code: str) -> str:
    """What `take` knows a code by that somebody typed; a slow hash, so never inside a `Work`."""
    typed = _GAPS.sub("", code[:64]).upper().translate(_READ_AS)
    theirs = sa.select(recovery_codes.c.salt).where(recovery_codes.c.user_id == user_id).limit(1)
    return _digest(call.hub, call.db.scalar(theirs) or "", typed)


def take(work: Work, user_id: int, digest: str) -> bool:
    """Use a code up; False: it is none, or was used.

    Args:
        digest: of `read`.
    """
    unused = sa.and_(
        recovery_codes.c.user_id == user_id,
        recovery_codes.c.digest == digest,
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


def _digest(hub: Hub, salt: str, code: str) -> str:
    """Fifty bits are few: who has the database, and the key, shall still pay for each guess."""
    return hub.secrets.digest("recovery.code", hashing.stretched(hub, code, bytes.fromhex(salt)))
