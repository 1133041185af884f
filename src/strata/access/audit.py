"""Who may read which part of the audit log (product §3.20).

Everybody reads what they did and what happened to their account for 90 days, the admins of an
organisation what happened in it, the operator everything. From where an act came is told to whoever
did it, to the owner of the account that a stranger tried to enter, and of its members to the admins
of an organisation: not of visitors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.access.organizations.managing import overseen
from strata.access.policy.persons import require_account
from strata.accounts.tables import namespaces
from strata.core.call import Call, Work
from strata.core.errors import Forbidden
from strata.credentials.tokens.tables import tokens
from strata.events.audit import listing
from strata.events.audit.listing import Entry
from strata.events.audit.narrowing import EVERYTHING, Filter
from strata.events.facts import By, Whose, record
from strata.lib.db.seek import Page, Window
from strata.organizations import queries as organizations
from strata.sessions.signed_in.console import require_entered

OWN_DAYS: Final = 90
NO_TOKEN: Final = "Only the person reads this log, in a browser: an access token opens no settings."  # noqa: S105 — a sentence


@dataclass(frozen=True, slots=True)
class Told:
    """An entry for a certain reader, with names."""

    entry: Entry
    actor: str | None  # name; None: a stranger, the system, or an account that is gone
    on_behalf_of: str | None
    token: str | None = None  # its name; None: none, gone, or not for this reader


def own(call: Call, window: Window, wanted: Filter = EVERYTHING) -> Page[Told]:
    """The caller's own part of the last 90 days.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: by a token.
    """
    user_id = require_reader(call)
    earliest = call.now - timedelta(days=OWN_DAYS)
    since = max(wanted.since, earliest) if wanted.since else earliest
    return of_person(call, user_id, window, replace(wanted, since=since))


def of_person(call: Call, user_id: int, window: Window, wanted: Filter) -> Page[Told]:
    """A person's own part, as they may read it; the caller knows that it goes to them."""
    page = listing.of_person(call, user_id, window, wanted)
    return _told(call, page, lambda entry: _is_theirs(entry, user_id))


def require_reader(call: Call) -> int:
    """Insist on the person themselves; their id.

    Raises:
        Unauthenticated, Forbidden: as `own`.
    """
    require_account(call.actor)
    if call.actor.token is not None or call.actor.user_id is None:
        raise Forbidden(NO_TOKEN)
    return call.actor.user_id


def of_organization(
    call: Call, name: str, window: Window, wanted: Filter = EVERYTHING
) -> Page[Told]:
    """What happened in an organisation.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
    """
    organization = overseen(call, name)
    page = listing.of_owner(call, organization.id, window, wanted)
    actors = {entry.actor_id for entry in page.rows if entry.actor_id is not None}
    members = {
        user_id
        for user_id in actors
        if organizations.role_of(call, organization.id, user_id) is not None
    }
    return _told(call, page, lambda entry: entry.actor_id in members)


def note_export(work: Work, name: str) -> None:
    """Write down who took the log of an organisation along.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `of_organization`.
    """
    organization = overseen(work, name)
    whose = Whose(organization.id)
    record(work, "org.audit_log.export", target=organization.name, whose=whose)


def note_export_of_all(work: Work) -> None:
    """Write down who took the log of the site along.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `everything`.
    """
    require_entered(work)
    record(work, "admin.audit_log_export", target=work.actor.name)


def everything(call: Call, window: Window, wanted: Filter = EVERYTHING) -> Page[Told]:
    """The whole log, for the operator and the site's admins.

    Raises:
        NotFound, AccountSuspended, Forbidden: as `accounts.entering.console.require_entered`.
    """
    if not call.actor.system:
        require_entered(call)
    return _told(call, listing.of_all(call, window, wanted), lambda _entry: True)


def _is_theirs(entry: Entry, user_id: int) -> bool:
    return entry.actor_id == user_id or entry.actor_kind == By.NOBODY


def _told(call: Call, page: Page[Entry], traced: Callable[[Entry], bool]) -> Page[Told]:
    """Names for ids, and nothing of where an act came from unless the reader may know."""
    concerned = {row.actor_id for row in page.rows} | {row.on_behalf_of for row in page.rows}
    names = _names(call, (one for one in concerned if one is not None))
    called = _token_names(call, (row.token_id for row in page.rows if row.token_id and traced(row)))
    told = tuple(
        Told(
            row if traced(row) else replace(row, ip="", user_agent="", request_id=""),
            names.get(row.actor_id or 0) if row.actor_kind != By.NOBODY else None,
            names.get(row.on_behalf_of or 0),
            called.get(row.token_id or 0) if traced(row) else None,
        )
        for row in page.rows
    )
    return Page(told, page.last)


def _names(call: Call, ids: Iterable[int]) -> Mapping[int, str]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    columns = (namespaces.c.id, namespaces.c.name)
    rows = call.db.execute(sa.select(*columns).where(namespaces.c.id.in_(wanted))).all()
    return {row.id: row.name for row in rows}


def _token_names(call: Call, ids: Iterable[int]) -> Mapping[int, str]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = call.db.execute(sa.select(tokens.c.id, tokens.c.name).where(tokens.c.id.in_(wanted)))
    return {row.id: row.name for row in rows}
