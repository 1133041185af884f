"""Where the hub listens, what it is called, and the secrets it needs for that."""

from __future__ import annotations

from typing import Final

from strata.core.settings.refusal import require
from strata.core.settings.tree import LOOPBACK, Settings

MIN_SECRET_LENGTH: Final = 32  # characters
LANGUAGES: Final = ("en", "zh-CN")
WEB: Final = ("http://", "https://")


def check(settings: Settings) -> None:
    """Refuse what others could break into, or could not reach.

    Raises:
        BadSettings: which setting, and how to mend it.
    """
    _check_exposure(settings)
    _check_secrets(settings)
    require(
        not settings.public_url or settings.public_url.startswith(WEB),
        "STRATA_PUBLIC_URL must start with http:// or https://.",
    )
    require(
        settings.testing or not settings.crash_at,
        "STRATA_CRASH_AT is for the project's own tests; it needs STRATA_TESTING=1.",
    )
    require(
        settings.language in LANGUAGES, f"STRATA_LANGUAGE must be one of {', '.join(LANGUAGES)}."
    )


def _check_exposure(settings: Settings) -> None:
    host = settings.server.host
    if host in LOOPBACK:
        return
    require(
        settings.secret_key,
        f"Listening on {host} needs a stable secret. "
        "Set STRATA_SECRET_KEY to at least 32 random characters "
        "(for example `openssl rand -hex 32`) and keep it, or listen on 127.0.0.1.",
    )
    require(
        settings.public_url,
        f"Listening on {host} needs STRATA_PUBLIC_URL, "
        "the address that people use, such as https://hub.example.com; "
        "without it links could be forged by the Host header.",
    )


def _check_secrets(settings: Settings) -> None:
    require(
        not settings.secret_key or len(settings.secret_key) >= MIN_SECRET_LENGTH,
        "STRATA_SECRET_KEY is too short: use at least 32 random characters.",
    )
    require(
        all(len(former) >= MIN_SECRET_LENGTH for former in settings.former_secret_keys),
        "STRATA_FORMER_SECRET_KEYS: a key has at least 32 characters.",
    )
