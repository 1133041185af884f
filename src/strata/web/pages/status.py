"""How the hub is (product P82): what works, in words; numbers for those who run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import anyio
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from strata.core.build import Build, build
from strata.core.hub import Hub
from strata.events.backlog import Backlog, backlog
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.dressing import bare_visit
from strata.web.pages.frame.visit import shown, visiting
from strata.web.work import hub_of

PATIENCE_S: Final = 5
_NOTHING: Final = "status/nothing"  # a key under which nothing ever stands


@dataclass(frozen=True, slots=True)
class Health:
    """What was found in this moment."""

    build: Build
    store: bool  # what holds the large files answers
    backlog: Backlog | None  # None: the database does not answer
    mails_leave: bool  # there is a mail server

    @property
    def answers(self) -> bool:
        """Whether people and programs get what they ask for."""
        return self.store and self.backlog is not None

    @property
    def on_time(self) -> bool:
        """Whether what happens in the background does too."""
        return self.backlog is not None and not (self.backlog.late_jobs or self.backlog.late_mails)


async def page(request: Request) -> Response:
    """GET /status"""
    hub = hub_of(request)
    store = await _store_answers(hub)
    try:
        visit, waiting = await visiting(request, backlog)
    except SQLAlchemyError:
        visit, waiting = bare_visit(request), None
    found = Health(build(), store, waiting, mails_leave=bool(hub.settings.mail.url))
    status = 200 if found.answers else 503
    return shown(request, "status.html", visit, status=status, cache=NO_STORE, found=found)


async def _store_answers(hub: Hub) -> bool:
    """Whether the object store answers soon; one that hangs is left behind."""
    with anyio.move_on_after(PATIENCE_S):
        try:
            await anyio.to_thread.run_sync(hub.objects.facts, _NOTHING, abandon_on_cancel=True)
        except OSError:  # the store's own `StoreFailed` is one
            return False
        return True
    return False
