"""The line that each request leaves in the log: who, from where, what, how it ended, and why not.

People stand there by their numbers, secrets not at all. What was refused says so by the name of its
error; the log alone tells what is hidden from what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import structlog
from starlette.types import Scope

from strata.core.errors import BadCredentials, Forbidden, RepoNotFound, StrataError, TooMany
from strata.web.work import Exchange

NO_ROUTE = "(none)"
# Refusals that whoever watches the log wants to see first.
ALARMING = (BadCredentials, Forbidden, TooMany)
_SECRET_FIELDS = ("{token}", "{ticket}", "{grant}")  # whoever has such an address may do something
_LIKE_A_SECRET = re.compile(r"[\w-]{40,}", re.ASCII)

log = structlog.get_logger("strata.request")


def tell(scope: Scope, prefix: str, *, status: int, seconds: float) -> None:
    """Write the line of a request that was answered.

    Args:
        prefix: the path under which the hub is published.
    """
    refused: StrataError | None = scope.get("refused")
    told: dict[str, object] = {
        "method": scope["method"],
        "path": logged_path(scope, prefix),
        "route": template_of(scope),
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        **_who(scope),
    }
    if refused is None:
        log.info("request", **told)
    elif isinstance(refused, ALARMING) or _hid(refused):
        log.warning("request", refused=_reason(refused), **told)
    else:
        log.info("request", refused=_reason(refused), **told)


def _who(scope: Scope) -> Mapping[str, object]:
    """Who asked and from where, by numbers: names and addresses of mail are in the database."""
    exchange: Exchange | None = scope.get("strata")
    if exchange is None:
        return {}
    actor = exchange.actor
    told = {
        "ip": exchange.origin.ip,
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "token_id": actor.token.id if actor.token else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _reason(refused: StrataError) -> str:
    """Why an answer is no, for the log: what is hidden is told from what is not there."""
    return "Hidden" if _hid(refused) else type(refused).__name__


def _hid(refused: object) -> bool:
    return isinstance(refused, RepoNotFound) and refused.hidden


def template_of(scope: Scope) -> str:
    """The route that answered, for the log and the counters."""
    exchange: Exchange | None = scope.get("strata")
    return exchange.match.route.template if exchange and exchange.match else NO_ROUTE


def logged_path(scope: Scope, prefix: str) -> str:
    """The path for the log; where a part of it is a secret, only the route."""
    template = template_of(scope)
    path: str = scope["path"]
    if template == NO_ROUTE:  # a link with a slash too many still holds its secret
        return _LIKE_A_SECRET.sub("…", path)
    if any(field in template for field in _SECRET_FIELDS):
        return f"{prefix}{template}" if path.startswith(f"{prefix}/") else template
    return path
