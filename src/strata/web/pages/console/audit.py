"""What happened on the whole site, for those who run it (product P67)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.access import audit
from strata.access.audit import Told
from strata.core.call import Call, working
from strata.core.findings import Finding
from strata.events.audit.narrowing import KINDS
from strata.events.audit.sealing.seal import seal_of_line
from strata.events.audit.state import State, state
from strata.events.audit.verify import Reached, verify_part
from strata.lib.db.seek import Page, Window
from strata.sessions.signed_in import console
from strata.web.audit_export import exported
from strata.web.pages.audit_view import (
    PER_PAGE,
    Asked,
    asked,
    filter_of,
    kinds,
    lines_of,
    types,
)
from strata.web.pages.console.entering import entrance
from strata.web.pages.forms.seeking import window_of
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.visit import shown, visiting
from strata.web.work import hub_of, read

PAGE: Final = "/admin/audit"
LONGEST_SEAL: Final = 200
LONGEST_PLACE: Final = 600
_PLACE: Final = "audit.check"
_LONGEST_PAUSE: Final = timedelta(hours=1)  # between two parts of a check


@dataclass(frozen=True, slots=True)
class _Checked:
    state: State
    findings: tuple[Finding, ...]
    unreadable: bool  # what was to be compared is no seal
    reached: int  # so many entries were read
    onward: str = ""  # where the next part is checked; empty: all was


async def page(request: Request) -> Response:
    """GET /admin/audit — filters by kind, event, days, actor and target."""
    wanted = asked(request)
    window = window_of(request, keys=1, limit=PER_PAGE)

    def act(call: Call) -> tuple[Page[Told], State] | None:
        if not console.is_entered(call):
            return None
        return _page(call, window, wanted), state(call)

    visit, found = await visiting(request, act)
    if found is None:
        return entrance(request, visit)
    return shown(
        request,
        "console/audit.html",
        visit,
        cache=NO_STORE,
        asked=wanted,
        kinds=kinds(visit.frame.language, *KINDS),
        types=types(),
        log=lines_of(hub_of(request), visit.frame.language, found[0]),
        chain=found[1],
        place=PAGE,
    )


async def chain(request: Request) -> Response:
    """GET /admin/audit/chain — reads the log through, a part a request; `?seal=` was noted before.

    `?at=` is where the part before ended, which only we can say.
    """
    noted = request.query_params.get("seal", "").strip()[:LONGEST_SEAL]
    place = request.query_params.get("at", "")[:LONGEST_PLACE]
    visit, found = await visiting(request, lambda call: _checked(call, noted, place))
    if found is None:
        return entrance(request, visit)
    return shown(
        request, "console/chain.html", visit, cache=NO_STORE, found=found, seal=noted, place=PAGE
    )


def _checked(call: Call, noted: str, place: str) -> _Checked | None:
    if not console.is_entered(call):
        return None
    claims = call.hub.secrets.verify(_PLACE, place, tuple[int, str, str], now=call.now)
    after = Reached(*claims[:2]) if claims and claims[2] == noted else Reached()
    seal = seal_of_line(noted)
    part = verify_part(call, seal, after)
    onward = "" if part.done else _onward(call, part.reached, noted)
    unreadable = bool(noted) and seal is None
    return _Checked(state(call), part.findings, unreadable, part.reached.number, onward)


def _onward(call: Call, reached: Reached, noted: str) -> str:
    claims = (reached.number, reached.link, noted)
    ticket = call.hub.secrets.sign(_PLACE, claims, expires=call.now + _LONGEST_PAUSE)
    return f"{PAGE}/chain?{urlencode({'seal': noted, 'at': ticket})}"


async def export(request: Request) -> Response:
    """GET /admin/audit/export — `?format=json|csv`, and the filter of the page."""
    wanted = asked(request)

    def note(call: Call) -> None:
        console.require_entered(call)
        _page(call, Window(1), wanted)
        with working(call) as work:
            audit.note_export_of_all(work)

    await read(request, note)
    return await exported(
        request, lambda call, window: _page(call, window, wanted), name="audit-log"
    )


def _page(call: Call, window: Window, wanted: Asked) -> Page[Told]:
    return audit.everything(call, window, filter_of(call, wanted))
