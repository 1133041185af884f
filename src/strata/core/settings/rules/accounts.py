"""How people come to have an account, and how it is protected."""

from __future__ import annotations

from datetime import date
from typing import Final

from strata.core.settings.groups.accounts import AccountsSettings
from strata.core.settings.refusal import BadSettings, require
from strata.core.settings.tree import Settings
from strata.lib.mail.name_servers import place_of

MIN_PASSWORD_HASH_MIB: Final = 19  # OWASP's least for argon2id
MIN_CODE_LENGTH: Final = 16
MAX_CODE_LENGTH: Final = 128
MOST_WORK_BITS: Final = 24
MOST_DAYS: Final = 36_500  # of what is counted back from today


def check(settings: Settings) -> None:
    """Refuse what would let in the wrong people, or nobody.

    Raises:
        BadSettings: which setting, and how to mend it.
    """
    accounts = settings.accounts
    require(
        settings.testing or accounts.password_hash_mib >= MIN_PASSWORD_HASH_MIB,
        f"Setting `accounts.password_hash_mib` must be at least {MIN_PASSWORD_HASH_MIB}: "
        "cheaper hashes are too easy to guess.",
    )
    require(
        accounts.sign_up != "domains" or accounts.allowed_domains,
        "Setting `accounts.sign_up` is `domains`: name them in `accounts.allowed_domains`.",
    )
    require(
        not accounts.first_admin_code
        or MIN_CODE_LENGTH <= len(accounts.first_admin_code) <= MAX_CODE_LENGTH,
        "Setting `accounts.first_admin_code` must have "
        f"{MIN_CODE_LENGTH} to {MAX_CODE_LENGTH} characters.",
    )
    _check_day("accounts.two_factor_since", accounts.two_factor_since)
    _check_name_servers(accounts.name_servers)
    _check_most(accounts)


def _check_day(key: str, text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError as error:
        raise BadSettings(f"Setting `{key}` must be a day such as 2026-12-31.") from error


def _check_name_servers(servers: tuple[str, ...]) -> None:
    for server in servers:
        try:
            place_of(server)
        except ValueError as error:
            raise BadSettings(
                f"Setting `accounts.name_servers`: {server!r} is no address such as 10.0.0.53:53."
            ) from error


def _check_most(accounts: AccountsSettings) -> None:
    for name in ("former_name_days", "consent_grace_days", "password_reminder_days"):
        require(
            getattr(accounts, name) <= MOST_DAYS,
            f"Setting `accounts.{name}` must be at most {MOST_DAYS}.",
        )
    for name in ("sign_up_work_bits", "log_in_work_bits"):
        require(
            getattr(accounts, name) <= MOST_WORK_BITS,
            f"Setting `accounts.{name}` must be at most {MOST_WORK_BITS}: phones do it too.",
        )
