"""Whom a person let in, with what, and how they shut the door again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.standing import require_open
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import ConsentNeeded, EmailNotVerified, Forbidden, NotFound, Unauthenticated
from strata.credentials.oauth import apps, scopes, usage
from strata.credentials.oauth.apps import App, by_id
from strata.credentials.oauth.tables import (
    oauth_accesses,
    oauth_apps,
    oauth_codes,
    oauth_consents,
    oauth_devices,
    oauth_families,
)
from strata.credentials.tokens.tables import tokens
from strata.events.facts import record
from strata.organizations import queries as organizations
from strata.organizations.record import Membership, Organization
from strata.sessions.signed_in.still import require_still

CONFIRM_FIRST = "Please confirm your email address before you let applications in."
NO_SUCH = "You have let no such application in."


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to for an application."""

    id: int
    app_id: int
    user_id: int
    scopes: tuple[str, ...]
    organizations: tuple[int, ...]  # ids; as chosen last
    scopes_there: tuple[str, ...]  # of the scopes, those agreed to for these organisations

    def covers(self, asked: Iterable[str]) -> bool:
        """Whether all of this was agreed to before."""
        return frozenset(asked) <= frozenset(self.scopes)

    def covers_there(self, asked: Iterable[str]) -> bool:
        """Whether all of this was agreed to before, and for the organisations chosen last."""
        there = not self.organizations or frozenset(asked) <= frozenset(self.scopes_there)
        return there and self.covers(asked)

    def kept_there(self, places: Iterable[int]) -> tuple[str, ...]:
        """The scopes that were agreed to for each of these organisations before."""
        return self.scopes_there if frozenset(places) <= frozenset(self.organizations) else ()


@dataclass(frozen=True, slots=True)
class Connected:
    """An application that a person let in, as their list shows it."""

    app: App
    scopes: tuple[str, ...]
    organizations: tuple[Organization, ...]  # those that some token of it may enter, by name
    log_ins: int  # that are not over
    agreed_at: datetime
    last_used_at: datetime | None


def consenting(call: Call) -> people.User:
    """The confirmed person at the browser, who alone lets applications in.

    Raises:
        Unauthenticated: nobody is logged in at a browser.
        EmailNotVerified: their address is not confirmed.
        AccountSuspended, Forbidden: their account is not open.
        ConsentNeeded: the documents of the site changed since they agreed.
    """
    actor = call.actor
    if actor.user_id is None:
        raise Unauthenticated("Log in first.")
    if actor.token is not None:
        raise Forbidden("Applications are let in on the pages of this site, not with a token.")
    require_open(actor.standing)
    if actor.must_agree:
        raise ConsentNeeded
    user = people.by_id(call, actor.user_id)
    if user is None:
        raise Unauthenticated("Log in first.")
    if user.verified_at is None:
        raise EmailNotVerified(CONFIRM_FIRST)
    return user


def organizations_of(call: Call) -> list[Membership]:
    """The organisations that the person may open to an application: where they may do anything."""
    held = organizations.memberships_of(call, call.actor.user_id or 0)
    return [one for one in held if one.role.reaches(Role.READ)]


def chosen(call: Call, public_ids: Iterable[str]) -> tuple[int, ...]:
    """The ids of those organisations of the person that were chosen; others are left out."""
    wanted = frozenset(public_ids)
    return tuple(
        one.organization.id
        for one in organizations_of(call)
        if one.organization.public_id in wanted
    )


def of(call: Call, app: App, user_id: int) -> Consent | None:
    """What a person agreed to for an application so far."""
    return _first(call, oauth_consents.c.user_id == user_id, oauth_consents.c.app_id == app.id)


def by_key(call: Call, consent_id: int) -> Consent | None:
    """A consent by its row; None: it was taken back."""
    return _first(call, oauth_consents.c.id == consent_id)


def people_of(call: Call, owner_id: int) -> set[int]:
    """Who let in an application that this person made."""
    theirs = sa.select(oauth_apps.c.id).where(oauth_apps.c.owner_id == owner_id)
    given = sa.select(oauth_consents.c.user_id).where(oauth_consents.c.app_id.in_(theirs))
    return set(call.db.scalars(given))


def agree(
    work: Work, app: App, user_id: int, asked: Iterable[str], places: tuple[int, ...]
) -> Consent:
    """Write down what a person agrees to, beside what they agreed to before.

    Args:
        places: ids of the organisations that they chose.

    Raises:
        Unauthenticated: they were logged out at this moment.
        Malformed: the application is removed this very moment.
    """
    require_still(work)
    apps.require_there(work, app)
    before = of(work, app, user_id)
    kept = {
        "scopes": scopes.joined(before.scopes if before else (), asked),
        "organizations": list(places),
        "scopes_there": scopes.joined(before.kept_there(places) if before else (), asked),
        "changed_at": work.now,
    }
    if before is None:
        fresh = sa.insert(oauth_consents).values(
            app_id=app.id, user_id=user_id, created_at=work.now, **kept
        )
        work.db.execute(fresh)
    else:
        work.db.execute(
            sa.update(oauth_consents).where(oauth_consents.c.id == before.id).values(**kept)
        )
    usage.note_authorized(work, app.id)
    agreed = of(work, app, user_id)
    if agreed is None:
        raise LookupError("a consent that was just written is not there")
    return agreed


def hold_person(work: Work, which: sa.Select[tuple[int | None]]) -> None:
    """Make others wait who give, or end, what the person behind a consent gave away.

    Whoever does either takes this first, so that no token outlives the log-in that it belongs to.
    The application is taken as well: who removes it cannot hold whoever lets it in meanwhile.

    Args:
        which: finds the id of the consent, or none.
    """
    wanted = sa.select(oauth_consents.c.user_id, oauth_consents.c.app_id)
    row = work.db.execute(wanted.where(oauth_consents.c.id.in_(which))).first()
    if row is not None:
        people.locked(work, row.user_id)
        apps.kept(work, row.app_id)


def connected(call: Call, user_id: int) -> list[Connected]:
    """The applications that a person let in, by name."""
    theirs = {
        held.organization.id: held.organization
        for held in organizations.memberships_of(call, user_id)
    }
    rows = call.db.execute(
        sa.select(oauth_consents).where(oauth_consents.c.user_id == user_id)
    ).all()
    found = [_connected(call, row, theirs) for row in rows]
    return sorted((one for one in found if one), key=lambda one: one.app.name.casefold())


def revoke(work: Work, client_id: str) -> None:
    """Shut an application out: every token it holds for the caller ends at once.

    Raises:
        Unauthenticated, Forbidden: nobody is logged in at a browser.
        NotFound: it was never let in.
    """
    actor = work.actor
    if actor.user_id is None:
        raise Unauthenticated("Log in first.")
    if actor.token is not None:
        raise Forbidden("Applications are shut out on the pages of this site, not with a token.")
    people.locked(work, actor.user_id)
    for row in work.db.execute(
        sa.select(oauth_consents).where(oauth_consents.c.user_id == actor.user_id)
    ).all():
        app = by_id(work, row.app_id)
        if app is not None and app.client_id == client_id:
            end(work, row.id)
            record(work, "oauth.revoke", target=app.name, detail={"client_id": client_id})
            return
    raise NotFound(NO_SUCH)


def end(work: Work, consent_id: int) -> None:
    """Remove a consent and everything that was given because of it; its person is locked."""
    end_log_ins(work, consent_id)
    work.db.execute(sa.delete(oauth_consents).where(oauth_consents.c.id == consent_id))


def end_log_ins(work: Work, consent_id: int) -> bool:
    """End what was given because of a consent, which itself stays; its person is locked.

    Returns:
        Whether there was anything.
    """
    families = sa.select(oauth_families.c.id).where(oauth_families.c.consent_id == consent_id)
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id.in_(families))
    work.db.execute(sa.delete(tokens).where(tokens.c.id.in_(held)))
    ended = 0
    for table in (oauth_codes, oauth_devices, oauth_families):
        ended += work.db.execute(sa.delete(table).where(table.c.consent_id == consent_id)).rowcount
    return ended > 0


def _first(call: Call, *conditions: sa.ColumnElement[bool]) -> Consent | None:
    row = call.db.execute(sa.select(oauth_consents).where(*conditions)).first()
    if row is None:
        return None
    return Consent(
        row.id,
        row.app_id,
        row.user_id,
        tuple(row.scopes.split()),
        tuple(row.organizations),
        tuple(row.scopes_there.split()),
    )


def _connected(
    call: Call, row: sa.Row[Any], theirs: Mapping[int, Organization]
) -> Connected | None:
    app = by_id(call, row.app_id)
    if app is None:
        return None
    families = call.db.execute(
        sa.select(oauth_families.c.organizations).where(oauth_families.c.consent_id == row.id)
    ).all()
    places = {place for family in families for place in family.organizations}
    return Connected(
        app=app,
        scopes=tuple(row.scopes.split()),
        organizations=tuple(
            sorted((theirs[one] for one in places if one in theirs), key=lambda one: one.name)
        ),
        log_ins=len(families),
        agreed_at=row.created_at,
        last_used_at=_last_used(call, row.id),
    )


def _last_used(call: Call, consent_id: int) -> datetime | None:
    used: datetime | None = call.db.scalar(
        sa.select(sa.func.max(tokens.c.last_used_at))
        .join(oauth_accesses, oauth_accesses.c.token_id == tokens.c.id)
        .join(oauth_families, oauth_families.c.id == oauth_accesses.c.family_id)
        .where(oauth_families.c.consent_id == consent_id)
    )
    return used
