"""What a password must be made of (product §3.2): lengths, letters, and no common ones."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from importlib import resources

from strata.core.settings.groups.accounts import AccountsSettings

LONGEST = 128  # code points
LONGEST_BYTES = 512
SHORTEST_IDENTITY = 4  # shorter names occur in passwords by chance
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
    """Message keys of every rule that the password breaks; `chosen` also knows leaks.

    Args:
        identities: username and local part of the address; a password must not contain them.
        words: of the operator; neither.
    """
    if len(password) > LONGEST_BYTES:  # before any work on it
        return ("pw.too_long",)
    text = unicodedata.normalize("NFC", password)
    broken = {
        policy.too_short: len(text) < policy.shortest,
        "pw.too_long": len(text) > LONGEST or len(encoded(text)) > LONGEST_BYTES,
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


def encoded(text: str) -> bytes:
    """UTF-8 that also takes what is no text: half a surrogate pair of a careless program."""
    return text.encode("utf-8", "surrogatepass")
