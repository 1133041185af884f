"""Which values and combinations are refused, and what to do instead."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from strata.core.settings.description import leaves
from strata.core.settings.tree import LOOPBACK, Settings
from strata.lib.http.guard import Allowed
from strata.lib.mail.name_servers import place_of
from strata.lib.mail.server import parse_mail_url


class BadSettings(ValueError):
    """The settings cannot be used; the message says how to mend them."""


MIN_SECRET_LENGTH = 32
LONGEST_CALL_S = 60
MIN_PASSWORD_HASH_MIB = 19  # OWASP's least for argon2id
MOST_WORK_BITS = 24
MIN_CODE_LENGTH, MAX_CODE_LENGTH = 16, 128
MOST_DAYS = 36_500  # of what is counted back from today
MAY_BE_ZERO = frozenset(
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
LANGUAGES = ("en", "zh-CN")


def check(settings: Settings) -> None:
    """Refuse combinations that would be unsafe or could not work."""
    public = settings.server.host not in LOOPBACK
    if public and not settings.secret_key:
        raise BadSettings(
            f"Listening on {settings.server.host} needs a stable secret. "
            "Set STRATA_SECRET_KEY to at least 32 random characters "
            "(for example `openssl rand -hex 32`) and keep it, or listen on 127.0.0.1."
        )
    if public and not settings.public_url:
        raise BadSettings(
            f"Listening on {settings.server.host} needs STRATA_PUBLIC_URL, "
            "the address that people use, such as https://hub.example.com; "
            "without it links could be forged by the Host header."
        )
    keys = settings.leaks.scanner_keys
    if keys != Path() and not keys.is_file():
        raise BadSettings(f"leaks.scanner_keys: there is no file {keys}.")
    if settings.secret_key and len(settings.secret_key) < MIN_SECRET_LENGTH:
        raise BadSettings("STRATA_SECRET_KEY is too short: use at least 32 random characters.")
    if any(len(one) < MIN_SECRET_LENGTH for one in settings.former_secret_keys):
        raise BadSettings("STRATA_FORMER_SECRET_KEYS: a key has at least 32 characters.")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise BadSettings("STRATA_PUBLIC_URL must start with http:// or https://.")
    if settings.crash_at and not settings.testing:
        raise BadSettings(
            "STRATA_CRASH_AT is for the project's own tests; it needs STRATA_TESTING=1."
        )
    if settings.accounts.password_hash_mib < MIN_PASSWORD_HASH_MIB and not settings.testing:
        raise BadSettings(
            f"Setting `accounts.password_hash_mib` must be at least {MIN_PASSWORD_HASH_MIB}: "
            "cheaper hashes are too easy to guess."
        )
    if settings.language not in LANGUAGES:
        raise BadSettings(f"STRATA_LANGUAGE must be one of {', '.join(LANGUAGES)}.")
    _check_choices(settings)
    _check_outbound(settings)
    _check_numbers(settings)


def _check_choices(settings: Settings) -> None:
    choices = {
        "accounts.sign_up": (
            settings.accounts.sign_up,
            ("open", "domains", "invite", "approval", "closed"),
        ),
        "accounts.password_policy": (settings.accounts.password_policy, ("seed", "passphrase")),
        "accounts.console_factor": (
            settings.accounts.console_factor,
            ("auto", "passkey", "second", "none"),
        ),
        "accounts.two_factor": (settings.accounts.two_factor, ("off", "admins", "everybody")),
        "server.log_format": (settings.server.log_format, ("auto", "json", "console")),
        "server.log_level": (settings.server.log_level, ("debug", "info", "warning", "error")),
    }
    for key, (value, allowed) in choices.items():
        if value not in allowed:
            raise BadSettings(
                f"Setting `{key}` must be one of {', '.join(allowed)}, not {value!r}."
            )
    _check_day("accounts.two_factor_since", settings.accounts.two_factor_since)
    if settings.accounts.sign_up == "domains" and not settings.accounts.allowed_domains:
        raise BadSettings(
            "Setting `accounts.sign_up` is `domains`: name them in `accounts.allowed_domains`."
        )
    code = settings.accounts.first_admin_code
    if code and not MIN_CODE_LENGTH <= len(code) <= MAX_CODE_LENGTH:
        raise BadSettings(
            "Setting `accounts.first_admin_code` must have "
            f"{MIN_CODE_LENGTH} to {MAX_CODE_LENGTH} characters."
        )
    for server in settings.accounts.name_servers:
        try:
            place_of(server)
        except ValueError as error:
            raise BadSettings(
                f"Setting `accounts.name_servers`: {server!r} is no address such as 10.0.0.53:53."
            ) from error
    asked = settings.accounts.breach_api
    if asked and not asked.startswith(("http://", "https://")):
        raise BadSettings("Setting `accounts.breach_api` must start with http:// or https://.")
    if settings.objects.url and not settings.objects.url.startswith("s3://"):
        raise BadSettings("STRATA_OBJECTS_URL must look like s3://bucket/prefix.")
    if settings.mail.url:
        _check_mail(settings.mail.url)


def _check_mail(url: str) -> None:
    try:
        parse_mail_url(url)
    except ValueError as error:  # which does not repeat the password
        raise BadSettings(f"STRATA_MAIL_URL: {error}.") from None


def _check_day(key: str, text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError as error:
        raise BadSettings(f"Setting `{key}` must be a day such as 2026-12-31.") from error


def _check_outbound(settings: Settings) -> None:
    try:
        Allowed.parse(settings.webhooks.allow)
    except ValueError as error:
        raise BadSettings(f"Setting `webhooks.allow`: {error}.") from error
    proxy = settings.webhooks.proxy
    if settings.webhooks.timeout_s > LONGEST_CALL_S:
        raise BadSettings(
            f"Setting `webhooks.timeout_s` must be at most {LONGEST_CALL_S}: "
            "a call occupies a thread."
        )
    if proxy and not proxy.startswith(("http://", "https://")):
        raise BadSettings("STRATA_WEBHOOKS_PROXY must start with http:// or https://.")


def _check_numbers(settings: Settings) -> None:
    for key, _, hint in leaves():
        if hint is not int:
            continue
        group, _, leaf = key.rpartition(".")
        value = getattr(getattr(settings, group) if group else settings, leaf)
        least = 0 if key in MAY_BE_ZERO or group == "quotas" else 1
        if value < least:
            raise BadSettings(f"Setting `{key}` must be at least {least}, not {value}.")
    for name in ("former_name_days", "consent_grace_days", "password_reminder_days"):
        if getattr(settings.accounts, name) > MOST_DAYS:
            raise BadSettings(f"Setting `accounts.{name}` must be at most {MOST_DAYS}.")
    for name in ("sign_up_work_bits", "log_in_work_bits"):
        if getattr(settings.accounts, name) > MOST_WORK_BITS:
            raise BadSettings(
                f"Setting `accounts.{name}` must be at most {MOST_WORK_BITS}: phones do it too."
            )
    if settings.xet.retention_days < 28:
        raise BadSettings(
            "Setting `xet.retention_days` must be at least 28: "
            "clients reuse uploaded chunks for 21 days without asking."
        )
