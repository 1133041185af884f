"""What the hub reaches outside of itself: files, mail, objects, webhooks, lists of passwords."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from strata.core.settings.refusal import BadSettings, require
from strata.core.settings.rules.serving import WEB
from strata.core.settings.tree import Settings
from strata.lib.http.guard import Allowed
from strata.lib.mail.server import parse_mail_url

LONGEST_CALL_S: Final = 60
LEAST_RETENTION_DAYS: Final = 28  # of Xet


def check(settings: Settings) -> None:
    """Refuse what could not be reached, or not be kept for as long as clients count on.

    Raises:
        BadSettings: which setting, and how to mend it.
    """
    keys, breach_api = settings.leaks.scanner_keys, settings.accounts.breach_api
    require(keys == Path() or keys.is_file(), f"leaks.scanner_keys: there is no file {keys}.")
    require(
        not breach_api or breach_api.startswith(WEB),
        "Setting `accounts.breach_api` must start with http:// or https://.",
    )
    require(
        not settings.objects.url or settings.objects.url.startswith("s3://"),
        "STRATA_OBJECTS_URL must look like s3://bucket/prefix.",
    )
    _check_mail(settings.mail.url)
    _check_webhooks(settings)
    require(
        settings.xet.retention_days >= LEAST_RETENTION_DAYS,
        f"Setting `xet.retention_days` must be at least {LEAST_RETENTION_DAYS}: "
        "clients reuse uploaded chunks for 21 days without asking.",
    )


def _check_mail(url: str) -> None:
    try:
        if url:
            parse_mail_url(url)
    except ValueError as error:  # which does not repeat the password
        raise BadSettings(f"STRATA_MAIL_URL: {error}.") from None


def _check_webhooks(settings: Settings) -> None:
    webhooks = settings.webhooks
    try:
        Allowed.parse(webhooks.allow)
    except ValueError as error:
        raise BadSettings(f"Setting `webhooks.allow`: {error}.") from error
    require(
        webhooks.timeout_s <= LONGEST_CALL_S,
        f"Setting `webhooks.timeout_s` must be at most {LONGEST_CALL_S}: a call occupies a thread.",
    )
    require(
        not webhooks.proxy or webhooks.proxy.startswith(WEB),
        "STRATA_WEBHOOKS_PROXY must start with http:// or https://.",
    )
