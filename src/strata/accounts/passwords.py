"""The password policy (product §3.2) and argon2id.

Memory is the cost of a hash, so as many run at once as the settings say and the others wait; an
unknown user costs the same work as a known one.
"""

from __future__ import annotations

import functools
import re
import threading
import unicodedata
from dataclasses import dataclass
from importlib import resources

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import hash_secret_raw

from strata.accounts import peppers
from strata.core.hub import Hub
from strata.core.settings.groups.accounts import AccountsSettings

LONGEST = 128  # code points
LONGEST_BYTES = 512
SHORTEST_IDENTITY = 4  # shorter names occur in passwords by chance
STRETCHED_MIB = 19  # of codes that are shorter than a key, in two rounds (OWASP's least)
SHORTEST_SALT = 8  # bytes that argon2 insists on
SHORTEST_STEM = 4  # what is left after stripping must still be a word


@dataclass(frozen=True, slots=True)
class Policy:
    """What a password must be made of, besides what holds for all."""

    name: str
    shortest: int  # code points
    composed: bool  # of upper case, lower case and special symbols
    too_short: str  # message key


SEED = Policy("seed", 8, composed=True, too_short="pw.too_short")
PASSPHRASE = Policy("passphrase", 12, composed=False, too_short="pw.too_short_phrase")
POLICIES = {policy.name: policy for policy in (SEED, PASSPHRASE)}

_TRAILER = re.compile(r"[\W\d_]+$")


def policy_of(chosen: AccountsSettings) -> Policy:
    """The policy of a hub; the settings were checked when they were loaded."""
    return POLICIES[chosen.password_policy]


def faults(
    password: str,
    *,
    identities: tuple[str, ...] = (),
    site_name: str = "",
    words: tuple[str, ...] = (),
    policy: Policy = SEED,
) -> tuple[str, ...]:
    """Message keys of every rule that the password breaks; `new_passwords` also knows leaks.

    Args:
        identities: username and local part of the address; a password must not contain them.
        words: of the operator; neither.
    """
    if len(password) > LONGEST_BYTES:  # before any work on it
        return ("pw.too_long",)
    text = unicodedata.normalize("NFC", password)
    broken = {
        policy.too_short: len(text) < policy.shortest,
        "pw.too_long": len(text) > LONGEST or len(_encoded(text)) > LONGEST_BYTES,
        **_composition(text, policy),
        "pw.common": _is_common(text)
        or _is_site_and_year(text, site_name)
        or _contains(text, words),
        "pw.contains_identity": _contains(text, identities),
    }
    return tuple(key for key, is_broken in broken.items() if is_broken)


def _composition(text: str, policy: Policy) -> dict[str, bool]:
    categories = {unicodedata.category(character) for character in text}
    special = any(category[0] in "PS" for category in categories)
    return {
        "pw.need_upper": policy.composed and "Lu" not in categories,
        "pw.need_lower": policy.composed and "Ll" not in categories,
        "pw.need_special": policy.composed and not special,
        "pw.control_char": bool(categories & {"Cc", "Cs"}),
    }


def _is_common(text: str) -> bool:
    folded = text.lower()
    stem = _TRAILER.sub("", folded)
    return folded in _common() or (len(stem) >= SHORTEST_STEM and stem in _common())


def _is_site_and_year(text: str, site_name: str) -> bool:
    pattern = rf"{re.escape(site_name.lower())}\W*(19|20)\d\d\W*"
    return bool(site_name) and re.fullmatch(pattern, text.lower()) is not None


def _contains(text: str, identities: tuple[str, ...]) -> bool:
    folded = text.casefold()
    return any(len(name) >= SHORTEST_IDENTITY and name.casefold() in folded for name in identities)


@functools.cache
def _common() -> frozenset[str]:
    file = resources.files("strata.accounts") / "wordlists" / "common_passwords.txt"
    return frozenset(file.read_text("utf-8").splitlines())


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
    return _encoded(unicodedata.normalize("NFC", password[:LONGEST_BYTES]))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


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
