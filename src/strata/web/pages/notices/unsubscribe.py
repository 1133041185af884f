"""Where the unsubscribe link of a mail leads: no log-in, and no click is taken for granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.notices import unsubscribing
from strata.accounts.notices.choices import Kind
from strata.core.call import Call, working
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.notices.words import KINDS
from strata.web.work import body_of, field

MOST: Final = 64 * 1024  # bytes of a body that nobody reads


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page shows."""

    kinds: tuple[Kind, ...] = ()  # none: the link does not work
    stopped: bool = False


async def look(request: Request) -> Response:
    """GET /settings/notifications/unsubscribe/{ticket} — changes nothing."""
    return await _page(request, _look)


async def stop(request: Request) -> Response:
    """POST /settings/notifications/unsubscribe/{ticket} — from the page, or from a mailbox.

    A mailbox has seen none of our pages and sends no cookie, only `List-Unsubscribe=One-Click` in
    either type of form (RFC 8058), so the ticket alone decides; it can be used for nothing else.
    """
    await body_of(request, MOST)
    return await _page(request, _stop)


async def _page(request: Request, act: Callable[[Call, str], Outcome]) -> Response:
    ticket = field(request, "ticket")
    visit, outcome = await visiting(request, lambda call: act(call, ticket))
    return shown(
        request,
        "notices/unsubscribe.html",
        visit,
        status=200 if outcome.kinds else 404,
        outcome=outcome,
        names=[KINDS[kind][0] for kind in outcome.kinds],
    )


def _look(call: Call, ticket: str) -> Outcome:
    found = unsubscribing.read(call, ticket)
    if found is None:
        return Outcome()
    return Outcome(found.kinds, stopped=not unsubscribing.sends(call, found))


def _stop(call: Call, ticket: str) -> Outcome:
    found = unsubscribing.read(call, ticket)
    if found is None:
        return Outcome()
    with working(call) as work:
        unsubscribing.stop(work, found)
    return Outcome(found.kinds, stopped=True)
