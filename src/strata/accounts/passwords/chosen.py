"""Whether a password that somebody chooses may be kept: the site's rules, then the leaks (§3.2).

The same for sign-up, change, reset, and accounts that operators create.
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import structlog

from strata.accounts.passwords import policy
from strata.core.hub import Hub
from strata.lib.http.guard import TargetRefused
from strata.lib.http.outbound import Unreachable
from strata.lib.leaked import file, range as ranges

log = structlog.get_logger("strata.accounts")


def new_password_faults(
    hub: Hub, password: str, *, identities: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Message keys of every rule that the password breaks; may ask another server.

    Blocks for up to three seconds where `accounts.breach_api` is set: never inside a `Work`.
    """
    settings = hub.settings
    broken = policy.faults(
        password,
        identities=identities,
        site_name=settings.site_name,
        words=settings.accounts.password_words,
        policy=policy.policy_of(settings.accounts),
    )
    return broken or (("pw.breached",) if _leaked(hub, password) else ())


def _leaked(hub: Hub, password: str) -> bool:
    """Whether the password stands in a list of leaked ones. A check that fails keeps nobody out."""
    chosen = hub.settings.accounts
    text = unicodedata.normalize("NFC", password)
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()
    if chosen.breach_file != Path():
        try:
            if file.holds(chosen.breach_file, digest):
                return True
        except OSError as error:
            log.warning("leaked passwords: the file cannot be read", reason=type(error).__name__)
    if chosen.breach_api:
        try:
            return ranges.holds(hub.outbound, chosen.breach_api, digest)
        except (Unreachable, TargetRefused) as error:
            log.warning("leaked passwords: the server does not answer", reason=str(error))
    return False
