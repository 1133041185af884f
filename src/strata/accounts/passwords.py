"""The password policy (product §3.2) and argon2id.

Memory is the cost of a hash, so as many run at once as the settings say and the others wait; an
unknown user costs the same work as a known one.
"""

from __future__ import annotations

import functools
import re
import threading
import unicodedata
from importlib import resources

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from strata.core.hub import Hub

SHORTEST = 8  # code points
LONGEST = 128
LONGEST_BYTES = 512
SHORTEST_IDENTITY = 4  # shorter names occur in passwords by chance
SHORTEST_STEM = 4  # what is left after stripping must still be a word

_TRAILER = re.compile(r"[\W\d_]+$")


def faults(
    password: str, *, identities: tuple[str, ...] = (), site_name: str = ""
) -> tuple[str, ...]:
    """Message keys of every rule that the password breaks.

    Args:
        identities: username and local part of the address; a password must not contain them.
    """
    if len(password) > LONGEST_BYTES:  # before any work on it
        return ("pw.too_long",)
    text = unicodedata.normalize("NFC", password)
    broken = {
        "pw.too_short": len(text) < SHORTEST,
        "pw.too_long": len(text) > LONGEST or len(_encoded(text)) > LONGEST_BYTES,
        **_composition(text),
        "pw.common": _is_common(text) or _is_site_and_year(text, site_name),
        "pw.contains_identity": _contains(text, identities),
    }
    return tuple(key for key, is_broken in broken.items() if is_broken)


def _composition(text: str) -> dict[str, bool]:
    categories = {unicodedata.category(character) for character in text}
    return {
        "pw.need_upper": "Lu" not in categories,
        "pw.need_lower": "Ll" not in categories,
        "pw.need_special": not any(category[0] in "PS" for category in categories),
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
    with _slots(hub.settings.accounts.password_hash_slots):
        return _hasher(hub.settings.accounts.password_hash_mib).hash(_normal(password))


def matches(hub: Hub, password_hash: str | None, password: str) -> bool:
    """Compare in constant work: without a hash, against one that no password has."""
    mib = hub.settings.accounts.password_hash_mib
    with _slots(hub.settings.accounts.password_hash_slots):
        try:
            _hasher(mib).verify(password_hash or _unmatched(mib), _normal(password))
        except (Argon2Error, InvalidHashError):
            return False
        return password_hash is not None


def is_outdated(hub: Hub, password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher(hub.settings.accounts.password_hash_mib).check_needs_rehash(password_hash)


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
