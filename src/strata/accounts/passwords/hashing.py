"""Passwords as they are kept: argon2id (product §3.2).

Memory is the cost of a hash, so as many run at once as the settings say and the others wait; an
unknown user costs the same work as a known one.
"""

from __future__ import annotations

import functools
import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import hash_secret_raw

from strata.accounts.passwords import peppers
from strata.accounts.passwords.policy import LONGEST_BYTES, encoded
from strata.core.hub import Hub

STRETCHED_MIB = 19  # of codes that are shorter than a key, in two rounds (OWASP's least)
SHORTEST_SALT = 8  # bytes that argon2 insists on


def hash_password(hub: Hub, password: str) -> str:
    """Hash for keeping; takes tens of MiB and of milliseconds, so never inside a `Work`."""
    pepper = hub.peppers[0] if hub.peppers else None
    with _slots(hub.settings.accounts.password_hash_slots):
        hashed = _hasher(hub.settings.accounts.password_hash_mib).hash(_kneaded(password, pepper))
    return hashed if pepper is None else peppers.name_of(pepper) + hashed


def matches(hub: Hub, password_hash: str | None, password: str) -> bool:
    """Compare in constant work: without a hash, against one that no password has."""
    mib = hub.settings.accounts.password_hash_mib
    name, hashed = peppers.split(password_hash or "")
    pepper = next((one for one in hub.peppers if peppers.name_of(one) == name), None)
    if name and pepper is None:
        hashed = ""  # the file no longer holds what it was made with
    with _slots(hub.settings.accounts.password_hash_slots):
        try:
            _hasher(mib).verify(hashed or _unmatched(mib), _kneaded(password, pepper))
        except (Argon2Error, InvalidHashError):
            return False
        return bool(hashed)


def stretched(hub: Hub, secret: str, salt: bytes) -> bytes:
    """32 bytes of a short secret, slowly; the same for ever, so never inside a `Work`."""
    mib = min(STRETCHED_MIB, hub.settings.accounts.password_hash_mib)  # less in tests alone
    salted = salt.ljust(SHORTEST_SALT, b"\0")
    with _slots(hub.settings.accounts.password_hash_slots):
        return hash_secret_raw(
            secret.encode(),
            salted,
            time_cost=2,
            memory_cost=mib * 1024,
            parallelism=1,
            hash_len=32,
            type=Type.ID,
        )


def is_outdated(hub: Hub, password_hash: str) -> bool:
    """Whether the hash was made with other parameters, or another pepper, than today's."""
    name, hashed = peppers.split(password_hash)
    newest = peppers.name_of(hub.peppers[0]) if hub.peppers else ""
    hasher = _hasher(hub.settings.accounts.password_hash_mib)
    return name != newest or hasher.check_needs_rehash(hashed)


def _kneaded(password: str, pepper: str | None) -> bytes:
    """What is hashed."""
    normal = _normal(password)
    return normal if pepper is None else peppers.with_pepper(pepper, normal)


def _normal(password: str) -> bytes:
    return encoded(unicodedata.normalize("NFC", password[:LONGEST_BYTES]))


@functools.cache
def _hasher(mib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=mib * 1024, parallelism=1, type=Type.ID)


@functools.cache
def _unmatched(mib: int) -> str:
    return _hasher(mib).hash(b"\x00")  # a password with a control character is never accepted


@functools.cache
def _slots(count: int) -> threading.BoundedSemaphore:
    """Memory belongs to the process, so the slots do too."""
    return threading.BoundedSemaphore(count)
