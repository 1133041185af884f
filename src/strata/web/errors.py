"""From the error tree to HTTP, in one place: status, `X-Error-Code`, `X-Error-Message`, body.

Obeys huggingface_hub/utils/_http.py:hf_raise_for_status. The Hub's own oddity, 401 instead of 404
when an anonymous caller asks for a repo that is missing or private, is one line here and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from strata.accounts.puzzles import ALGORITHM
from strata.core import errors
from strata.core.errors import StrataError

STATUS: Mapping[type[StrataError], int] = {
    errors.Malformed: 400,
    errors.InvalidFields: 400,
    errors.GrantRefused: 400,
    errors.ClientRefused: 401,
    errors.RepoNotGated: 400,
    errors.Unauthenticated: 401,
    errors.BadCredentials: 401,
    errors.TokenExpired: 401,
    errors.PasswordShown: 401,
    errors.Forbidden: 403,
    errors.EmailNotVerified: 403,
    errors.AccountSuspended: 403,
    errors.LogInElsewhere: 403,
    errors.ConsentNeeded: 403,
    errors.ProofNeeded: 403,
    errors.TokenTooNarrow: 403,
    errors.GatedRepo: 403,
    errors.RepoDisabled: 403,
    errors.NotFound: 404,
    errors.RepoNotFound: 404,
    errors.RevisionNotFound: 404,
    errors.EntryNotFound: 404,
    errors.Moved: 307,
    errors.Conflict: 409,
    errors.AlreadyExists: 409,
    errors.CollectionExists: 409,
    errors.Gone: 410,
    errors.ParentMoved: 412,
    errors.TooLarge: 413,
    errors.OverQuota: 413,
    errors.RangeUnsatisfiable: 416,
    errors.Unprocessable: 422,
    errors.TooMany: 429,
    errors.Locked: 429,
    errors.AskedToday: 429,
    errors.WorkNeeded: 429,
    errors.Unforeseen: 500,
    errors.NotOffered: 501,
    errors.ProviderFailed: 502,
    errors.Maintained: 503,
}

# Both git and git-lfs ask for credentials when they see these.
CHALLENGES = {
    "WWW-Authenticate": 'Basic realm="Strata", charset="UTF-8"',
    "LFS-Authenticate": 'Basic realm="Strata"',
}
_HIDDEN_FROM_STRANGERS = (errors.RepoNotFound, errors.GatedRepo)


def status_of(error: StrataError, *, anonymous: bool) -> int:
    """The status this caller sees."""
    if anonymous and isinstance(error, _HIDDEN_FROM_STRANGERS):
        return 401
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers_of(error: StrataError, status: int) -> dict[str, str]:
    """The headers that clients parse; header text is ASCII."""
    headers = {"X-Error-Message": _ascii(error.message)}
    if error.code:
        headers["X-Error-Code"] = error.code
    if status == 401:
        headers |= CHALLENGES
    match error:
        case errors.TokenExpired() | errors.PasswordShown():  # clients look for this very sentence
            headers["X-Error-Message"] = errors.BadCredentials().message
        case errors.EntryNotFound(commit=str(commit)):
            headers["X-Repo-Commit"] = commit
        case errors.RangeUnsatisfiable(size=size):
            headers["Content-Range"] = f"bytes */{size}"
        case errors.TooMany(retry_after_s=seconds) | errors.Maintained(retry_after_s=seconds):
            headers["Retry-After"] = str(seconds)
        case _:
            pass
    return headers


def json_answer(error: StrataError, *, anonymous: bool) -> Response:
    """The answer for API callers, and for clients that fetch files."""
    status = status_of(error, anonymous=anonymous)
    body: dict[str, object] = {"error": error.message}
    if isinstance(error, errors.AlreadyExists) and error.url:
        body["url"] = error.url
    if isinstance(error, errors.CollectionExists):
        body["slug"] = error.slug
    if isinstance(error, errors.WorkNeeded):  # sent again with the answer, it is judged at once
        body["work"] = {"bits": error.bits, "ticket": error.ticket, "algorithm": ALGORITHM}
    if isinstance(error, errors.InvalidFields):
        body["fields"] = error.fields
    return Response(
        msgspec.json.encode(body),
        status,
        headers_of(error, status),
        media_type="application/json; charset=utf-8",
    )


def _ascii(text: str) -> str:
    """Text fit for a header: one line, ASCII, nothing that a parser of headers refuses."""
    shown = "".join([letter if letter.isprintable() else "?" for letter in " ".join(text.split())])
    return shown.encode("ascii", "replace").decode()[:1000]
