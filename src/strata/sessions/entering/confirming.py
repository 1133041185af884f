"""The link that a log-in from an unknown browser waits for: it goes on from there."""

from __future__ import annotations

from dataclasses import replace

from strata.accounts.factors.halfway import Ticket
from strata.core.call import Call, working
from strata.core.errors import Forbidden
from strata.sessions.entering import guessing, sites, waiting
from strata.sessions.entering.entry import Browser, LoggedIn, arrive
from strata.sessions.entering.waiting import Waiting


def confirm(call: Call, link: str, held: Waiting, browser: Browser) -> LoggedIn | Ticket:
    """Open the session of a log-in that waited, or ask for the second factor.

    Raises:
        NotFound: the link is over, was used, or the log-in waits in another browser.
        AccountSuspended, Forbidden, LogInElsewhere: as `sites.require_way_in`.
    """
    user = None
    try:
        with working(call) as work:
            user, remember = waiting.use(work, link, held)
            sites.require_way_in(work, user, "password")
            guessing.forgive_here(work, user)
            return arrive(work, user, replace(browser, remember=remember), how="password+mail")
    except Forbidden as error:
        if user is not None:
            sites.note_refused(call, user, error)
        raise
