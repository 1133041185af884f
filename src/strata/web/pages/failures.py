"""A failure told to a person (product §2.9 P90)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import (
    AccountSuspended,
    BadCredentials,
    ConsentNeeded,
    EmailNotVerified,
    Forbidden,
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
from strata.web.pages.entering import agreeing, proving
from strata.web.pages.entering.sites import elsewhere
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import bare_visit
from strata.web.pages.frame.render import Frame, url_path
from strata.web.pages.frame.visit import redirected, requested, shown, visit_anyway
from strata.web.pages.words.account import ACCOUNT_ERRORS, closed_text, phrase, wait_text
from strata.web.pages.words.language import N_, sentences, translated, translations
from strata.web.pages.words.phrases import ERRORS
from strata.web.pages.words.refusals import is_refusal, refusal
from strata.web.work import exchange, hub_of

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
    return shown(
        request,
        "page_error.html",
        visit,
        status=status,
        cache=NO_STORE,
        headers=_headers(error, status),
        told_whole=_says_all(error),
        message=_message(visit.frame, error, hub_of(request).settings.contact),
        request_id=exchange(request).origin.request_id,
        wait=_wait(visit.frame.language, error),
        gate_path=url_path(error.path) if isinstance(error, GatedRepo) else "",
        onward=requested(request) if request.method in SAFE_METHODS else None,
    )


def _wait(language: str, error: StrataError) -> str:
    """For how long to wait, in words; empty where waiting does not help."""
    if isinstance(error, TooMany | Maintained):
        return wait_text(language, error.retry_after_s)
    return ""


def _headers(error: StrataError, status: int) -> dict[str, str]:
    """As for clients, without the challenge that makes a browser ask for a password itself."""
    return {
        name: value for name, value in headers_of(error, status).items() if name not in CHALLENGES
    }


def _message(frame: Frame, error: StrataError, contact: str) -> str:
    """The sentence about this very failure; empty where the page's own ones say it all."""
    if isinstance(error, _TOLD_OTHERWISE):
        return ""
    language = frame.language
    match error:
        case AccountSuspended():
            said = closed_text(language, error.reason, contact)
        case EmailNotVerified() if frame.viewer:
            said = phrase(language, "auth.unverified", mask=frame.viewer.unverified_email)
        case GatedRepo():
            said = translated(language, GATED)
        case OverQuota() if error.total:
            said = _over_quota(language, error)
        case InvalidFields():
            said = _field_messages(language, error)
        case _:
            said = refusal(language, error.message) or _sentence(language, error.message)
    return said


def _says_all(error: StrataError) -> bool:
    """Whether the sentence about the failure says what to do, so that advice would mislead.

    It is of the account itself, where no role would help; or of an application, whose makers alone
    can mend it.
    """
    if isinstance(error, AccountSuspended | EmailNotVerified) or is_refusal(error.message):
        return True
    if isinstance(error, InvalidFields) and "identity" in error.fields:
        return True
    return isinstance(error, Forbidden) and error.message in ACCOUNT_ERRORS


def _over_quota(language: str, error: OverQuota) -> str:
    if error.has:
        return phrase(language, "quota.count", has=error.has, total=error.total)
    values = {"need": error.need, "left": error.left, "total": error.total}
    return phrase(language, "quota.over", **values)


def _field_messages(language: str, error: InvalidFields) -> str:
    keys = [key for keys in error.fields.values() for key in keys]
    return sentences(language, (_sentence(language, key, error.values) for key in keys))


def _sentence(language: str, message: str, values: Mapping[str, str] = NO_VALUES) -> str:
    known = ACCOUNT_ERRORS.get(message) or ERRORS.get(message) or message
    if "%(" not in known:
        return str(translations(language).gettext(known))
    # Sentences with places need values that often only their own form has.
    return translated(language, known, **values) if values else ""
