"""The list of access tokens (product §2.2 P10).

A token's value is in one answer only, that of the POST which made it: not in an address, not in a
later page, and the browser is told to keep no copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.community.tokens.scopes import Scopes, described
from strata.core.actor import TokenRole
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.core.permissions import grants_of
from strata.credentials.tokens import owned
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.making import Issued
from strata.credentials.tokens.owned import Token
from strata.credentials.uses import TokenUse, uses_of
from strata.organizations.token_policy import Approval
from strata.sessions.signed_in import browsers, sessions
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.pages.settings.tokens import rows
from strata.web.work import field as path_field

LIST: Final = "/settings/tokens"
LONGEST_ID: Final = 18  # digits
MISSING: Final = "There is no such token."


@dataclass(frozen=True, slots=True)
class Listed:
    """The list, and above it the token that was just made."""

    tokens: list[Token]
    scopes: Mapping[int, Scopes]
    said: Mapping[int, list[tuple[str, Approval]]]  # by organisations
    now: datetime
    issued: Issued | None = None
    uses: Mapping[int, list[TokenUse]] = field(default_factory=dict)  # of those that were asked for
    made_in: Mapping[int, str] = field(default_factory=dict)  # and the browsers they were made in


async def listed(request: Request) -> Response:
    """GET /settings/tokens — `?usage=<id>` shows the last uses of one."""
    asked = request.query_params.get("usage", "")
    usage = int(asked) if _is_id(asked) else None
    visit, found = await visiting(request, lambda call: list_of(call, usage=usage))
    return list_page(request, visit, found)


def list_of(call: Call, issued: Issued | None = None, *, usage: int | None = None) -> Listed:
    """All that the list shows.

    Args:
        issued: the token whose value is seen this once.
        usage: the token whose last uses are shown.
    """
    owner_id = user_id_of(call)
    held = owned.of(call, owner_id)
    scopes = {
        token.id: described(call, grants_of(token.grants), owner_id)
        for token in held
        if token.role is TokenRole.FINE_GRAINED
    }
    shown_uses = [token.id for token in held if token.id == usage]
    uses: dict[int, list[TokenUse]] = {key: [] for key in shown_uses}
    uses |= uses_of(call, shown_uses)
    made_in = _browsers(call, owner_id, [one for one in held if one.id == usage])
    return Listed(held, scopes, approvals.said_of(call, owner_id), call.now, issued, uses, made_in)


def _browsers(call: Call, owner_id: int, asked: list[Token]) -> dict[int, str]:
    """Which browser each was made in, where that is still logged in."""
    if not asked:
        return {}
    open_ones = {one.id: browsers.family_of(one.user_agent) for one in sessions.of(call, owner_id)}
    return {one.id: open_ones[one.session_id] for one in asked if one.session_id in open_ones}


def own(call: Call, token_id: int) -> Token:
    """A token of the signed-in person.

    Raises:
        NotFound: they have no such token.
    """
    held = (one for one in owned.of(call, user_id_of(call)) if one.id == token_id)
    token = next(held, None)
    if token is None:
        raise NotFound(MISSING)
    return token


def token_id_of(request: Request) -> int:
    """The token that the address names.

    Raises:
        NotFound: no token can have that number.
    """
    text = path_field(request, "id")
    if not _is_id(text):
        raise NotFound(MISSING)
    return int(text)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def list_page(request: Request, visit: Visit, found: Listed) -> Response:
    """The list as a page."""
    language = visit.frame.language
    listed = [
        rows.row(language, token, found.scopes.get(token.id), found.said, found.now)
        for token in found.tokens
    ]
    return shown(
        request,
        "accounts/tokens.html",
        visit,
        rows=listed,
        issued=found.issued,
        uses=found.uses,
        made_in=found.made_in,
    )
