"""A failure told to a person (product §2.9 P90)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import (
    BadCredentials,
    ConsentNeeded,
    EmailNotVerified,
    GatedRepo,
    InvalidFields,
    LogInElsewhere,
    Maintained,
    NotFound,
    OverQuota,
    ProofNeeded,
    StrataError,
    TooMany,
    Unauthenticated,
    Unforeseen,
)
from strata.web.auth import SAFE_METHODS
from strata.web.errors import CHALLENGES, headers_of, status_of
from strata.web.pages.entering import agreeing, elsewhere, proving
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import bare_visit
from strata.web.pages.frame.render import Frame, url_path
from strata.web.pages.frame.visit import redirected, requested, shown, visit_anyway
from strata.web.pages.words.account import ACCOUNT_ERRORS, phrase, wait_text
from strata.web.pages.words.language import N_, translated, translations
from strata.web.pages.words.phrases import ERRORS
from strata.web.pages.words.refusals import refusal
from strata.web.work import exchange

NO_VALUES: Final[Mapping[str, str]] = MappingProxyType({})
# Some carry their wait, which the page tells in its own sentence.
_TOLD_OTHERWISE: Final = (NotFound, TooMany, Maintained, Unforeseen)
GATED: Final = N_("The files of this repository are for those who were given access.")


async def error_page(request: Request, error: StrataError) -> Response:
    """Show what happened and what to do next, in the reader's language.

    Who must log in to read is led to the log-in and back. What is hidden is missing to everybody:
    unlike the API, pages never answer 401 for it.
    """
    if isinstance(error, ConsentNeeded):
        return await agreeing.asked(request, error)
    if isinstance(error, ProofNeeded):
        return await proving.asked(request, error)
    if isinstance(error, LogInElsewhere):
        return await elsewhere.led_there(request, error)
    asks_log_in = isinstance(error, Unauthenticated) and not isinstance(error, BadCredentials)
    if asks_log_in and request.method in SAFE_METHODS:
        return redirected(request, f"/login?{urlencode({'next': requested(request)})}")
    # During maintenance the database may be away; what nobody foresaw may be just that.
    closed = isinstance(error, Maintained | Unforeseen)
    visit = bare_visit(request) if closed else await visit_anyway(request)
    status = status_of(error, anonymous=False)
    language = visit.frame.language
    wait = ""
    if isinstance(error, TooMany | Maintained):
        wait = wait_text(language, error.retry_after_s)
    return shown(
        request,
        "page_error.html",
        visit,
        status=status,
        cache=NO_STORE,
        headers=_headers(error, status),
        message=_message(visit.frame, error),
        request_id=exchange(request).origin.request_id,
        wait=wait,
        gate_path=url_path(error.path) if isinstance(error, GatedRepo) else "",
    )


def _headers(error: StrataError, status: int) -> dict[str, str]:
    """As for clients, without the challenge that makes a browser ask for a password itself."""
    return {
        name: value for name, value in headers_of(error, status).items() if name not in CHALLENGES
    }


def _message(frame: Frame, error: StrataError) -> str:
    """The sentence about this very failure; empty where the page's own ones say it all."""
    if isinstance(error, _TOLD_OTHERWISE):
        return ""
    if isinstance(error, EmailNotVerified) and frame.viewer:
        return phrase(frame.language, "auth.unverified", mask=frame.viewer.unverified_email)
    if isinstance(error, GatedRepo):
        return translated(frame.language, GATED)
    if isinstance(error, OverQuota) and error.total:
        return _over_quota(frame.language, error)
    if isinstance(error, InvalidFields):
        return _field_messages(frame.language, error)
    told = refusal(frame.language, error.message)
    return told or _sentence(frame.language, error.message)


def _over_quota(language: str, error: OverQuota) -> str:
    if error.has:
        return phrase(language, "quota.count", has=error.has, total=error.total)
    values = {"need": error.need, "left": error.left, "total": error.total}
    return phrase(language, "quota.over", **values)


def _field_messages(language: str, error: InvalidFields) -> str:
    keys = [key for keys in error.fields.values() for key in keys]
    return " ".join(_sentence(language, key, error.values) for key in keys)


def _sentence(language: str, message: str, values: Mapping[str, str] = NO_VALUES) -> str:
    known = ACCOUNT_ERRORS.get(message) or ERRORS.get(message) or message
    if "%(" not in known:
        return str(translations(language).gettext(known))
    # Sentences with places need values that often only their own form has.
    return translated(language, known, **values) if values else ""
