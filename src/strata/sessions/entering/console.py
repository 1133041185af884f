"""The administration of the site: entered once a session, with a proof of who sits there."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.standing import require_open
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound
from strata.events.facts import record
from strata.sessions.entering.sudo import require_sudo
from strata.sessions.entering.tables import sessions

MISSING = "There is no such page."


def require_site_admin(call: Call) -> None:
    """Insist on an admin of the site, in a browser; to everybody else the console is not there.

    Raises:
        NotFound: somebody else, or a token.
        AccountSuspended, Forbidden: their account is closed.
    """
    actor = call.actor
    if not actor.admin or actor.session_id is None or actor.token is not None:
        raise NotFound(MISSING)
    require_open(actor.standing)


def is_entered(call: Call) -> bool:
    """Whether this session of an admin has entered the console.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `require_site_admin`.
    """
    require_site_admin(call)
    here = sessions.c.id == call.actor.session_id
    return call.db.scalar(sa.select(sessions.c.console_at).where(here)) is not None


def enter(work: Work) -> None:
    """Enter, until the session ends; it is written down.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `require_site_admin`.
        ProofNeeded: the session must show once more who sits there.
    """
    require_site_admin(work)
    require_sudo(work)
    here = sessions.c.id == work.actor.session_id
    work.db.execute(sa.update(sessions).where(here).values(console_at=work.now))
    record(work, "admin.login", target=work.actor.name)


def require_entered(call: Call) -> None:
    """Insist that this session has entered.

    Raises:
        NotFound, AccountSuspended: as `require_site_admin`. Forbidden: it has not.
    """
    if not is_entered(call):
        raise Forbidden("Enter the administration of the site first.")
