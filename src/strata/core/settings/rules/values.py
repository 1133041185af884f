"""What is looked at by kind, whatever the setting means: words to choose from, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from strata.core.settings.description import leaves
from strata.core.settings.refusal import require
from strata.core.settings.tree import Settings

CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "accounts.sign_up": ("open", "domains", "invite", "approval", "closed"),
        "accounts.password_policy": ("seed", "passphrase"),
        "accounts.console_factor": ("auto", "passkey", "second", "none"),
        "accounts.two_factor": ("off", "admins", "everybody"),
        "server.log_format": ("auto", "json", "console"),
        "server.log_level": ("debug", "info", "warning", "error"),
    }
)
MAY_BE_ZERO: Final = frozenset(
    {
        "server.port",
        "ssh.port",
        "ssh.public_port",
        "accounts.fastest_sign_up_s",
        "accounts.former_name_days",
        "accounts.password_reminder_days",
        "accounts.consent_grace_days",
        "accounts.sign_up_work_bits",
        "accounts.log_in_work_bits",
        "accounts.token_days",
        "accounts.two_factor_grace_days",
        "accounts.factor_removal_hours",
        "accounts.tokens_per_user",
        "accounts.keys_per_user",
        "webhooks.per_user",
        "webhooks.triggers_per_day",
        "limits.bucket_files",
    }
)


def check(settings: Settings) -> None:
    """Refuse a word that is none of those offered, and a number below what makes sense.

    Raises:
        BadSettings: which setting, and what it may be.
    """
    for key, allowed in CHOICES.items():
        value = _value(settings, key)
        require(
            value in allowed,
            f"Setting `{key}` must be one of {', '.join(allowed)}, not {value!r}.",
        )
    for key in (key for key, _, hint in leaves() if hint is int):
        number, least = _value(settings, key), _least(key)
        require(number >= least, f"Setting `{key}` must be at least {least}, not {number}.")


def _least(key: str) -> int:
    return 0 if key in MAY_BE_ZERO or key.startswith("quotas.") else 1


def _value(settings: Settings, key: str) -> Any:
    held: Any = settings
    for name in key.split("."):
        held = getattr(held, name)
    return held
