"""The administration of the site: entered once a session, with a proof of who sits there.

What is stolen by a forged page, or guessed, shall not do: where browsers have passkeys, it takes
one (`accounts.console_factor`), shown in this very session. Nor shall a stolen cookie: in another
network, or another kind of browser, the session has to show it there once more.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.accounts.factors import held as factors
from strata.accounts.factors.challenges import place_of
from strata.accounts.standing import require_open
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound, ProofNeeded
from strata.events.facts import record
from strata.sessions.signed_in.browsers import whence
from strata.sessions.signed_in.sessions import Started, renew
from strata.sessions.signed_in.sudo import require_sudo
from strata.sessions.signed_in.tables import sessions

MISSING: Final = "There is no such page."
NONE, SECOND, PASSKEY = "none", "second", "passkey"
WANTS: Final = {PASSKEY: "console.passkey", SECOND: "console.second"}  # message keys
LACKS: Final = {PASSKEY: "console.no_passkey", SECOND: "console.no_second"}


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
    """Whether this session of an admin has entered the console, and is where it showed who it is.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `require_site_admin`.
    """
    require_site_admin(call)
    here = sessions.c.id == call.actor.session_id
    entered = call.db.scalar(sa.select(sessions.c.console_at).where(here)) is not None
    return entered and _is_where_proved(call)


def enter(work: Work) -> Started:
    """Enter, until the session ends; it is written down, and the session goes on under another id.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `require_site_admin`.
        ProofNeeded: the session must show once more who sits there, or show it better.
        Forbidden: its person has nothing with which to show that.
    """
    require_site_admin(work)
    require_sudo(work)
    if not _is_where_proved(work):
        raise ProofNeeded
    _require_factor(work)
    here = sessions.c.id == work.actor.session_id
    work.db.execute(sa.update(sessions).where(here).values(console_at=work.now))
    record(work, "admin.login", target=work.actor.name)
    return renew(work)


def require_entered(call: Call) -> None:
    """Insist that this session has entered.

    Raises:
        NotFound, AccountSuspended: as `require_site_admin`. Forbidden: it has not.
    """
    if not is_entered(call):
        raise Forbidden("Enter the administration of the site first.")


def _is_where_proved(call: Call) -> bool:
    """Whether the session is still where its person showed last who they are."""
    here = sa.select(sessions.c.proved_from).where(sessions.c.id == call.actor.session_id)
    return call.db.scalar(here) == whence(call)


def wanted_factor(call: Call) -> str:
    """What entering takes beside a log-in: `passkey`, `second` (or a code of an app), `none`."""
    chosen = call.hub.settings.accounts.console_factor
    if chosen != "auto":
        return chosen
    if not call.hub.settings.public_url:
        return NONE  # such a hub listens to its own machine alone
    return PASSKEY if place_of(call) is not None else SECOND


def _require_factor(work: Work) -> None:
    wanted = wanted_factor(work)
    good = {PASSKEY: {"passkey"}, SECOND: {"passkey", "totp"}}.get(wanted)
    if good is None:
        return
    here = sa.select(sessions.c.proved_by).where(sessions.c.id == work.actor.session_id)
    if good & set((work.db.scalar(here) or "").split("+")):
        return
    held = factors.of(work, work.actor.user_id or 0)
    if held.passkeys or (wanted == SECOND and held.any):
        raise ProofNeeded(WANTS[wanted])
    raise Forbidden(LACKS[wanted])
