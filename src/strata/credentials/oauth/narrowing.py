"""Let an application do less than its person agreed to, from now on (ASVS 5.0 10.7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sqlalchemy as sa

from strata.accounts import people
from strata.core.actor import Grants
from strata.core.call import Work
from strata.core.errors import Forbidden, NotFound, Unauthenticated
from strata.core.permissions import grants_of, kept_of
from strata.credentials.oauth import apps, consents, scopes
from strata.credentials.oauth.consents import NO_SUCH, Consent
from strata.credentials.oauth.tables import (
    oauth_accesses,
    oauth_codes,
    oauth_consents,
    oauth_devices,
    oauth_families,
)
from strata.credentials.oauth.tokens import families
from strata.credentials.tokens.tables import tokens
from strata.events.audit.changes import changes
from strata.events.facts import record


def narrow(work: Work, client_id: str, kept: Iterable[str], organizations: Iterable[str]) -> None:
    """Leave an application some of what it was given; its tokens open no more from their next use.

    Args:
        kept: scopes; what it did not have before, it does not get. Who the person is stays known.
        organizations: public ids of those that it may enter still.

    Raises:
        Unauthenticated, Forbidden: nobody is logged in at a browser.
        NotFound: it was never let in.
    """
    user_id = _person(work)
    people.locked(work, user_id)
    app = apps.find(work, client_id)
    before = None if app is None else consents.of(work, app, user_id)
    if app is None or before is None:
        raise NotFound(NO_SUCH)
    wanted = {*kept, scopes.OPENID}
    left = tuple(one for one in before.scopes if one in wanted)
    chosen = set(consents.chosen(work, organizations))
    places = tuple(one for one in before.organizations if one in chosen)
    there = tuple(one for one in before.scopes_there if one in wanted)
    after = replace(before, scopes=left, organizations=places, scopes_there=there)
    if after == before and not _has_more(work, before, chosen):
        return
    _keep(work, after)
    of_it = oauth_families.c.consent_id == before.id
    for family_id in work.db.scalars(sa.select(oauth_families.c.id).where(of_it)).all():
        _narrow_family(work, family_id, set(left), chosen)
    for table, key in ((oauth_codes, oauth_codes.c.digest), (oauth_devices, oauth_devices.c.id)):
        _narrow_waiting(work, before, table, key, set(left), chosen)
    detail = {"client_id": client_id, **changes(_told(before), _told(after))}
    record(work, "oauth.revoke", target=app.name, detail=detail)


def _person(work: Work) -> int:
    if work.actor.user_id is None:
        raise Unauthenticated("Log in first.")
    if work.actor.token is not None:
        raise Forbidden("Applications are held back on the pages of this site, not with a token.")
    return work.actor.user_id


def _has_more(work: Work, consent: Consent, chosen: set[int]) -> bool:
    """Whether some log-in may enter another organisation, as it was chosen in an earlier one."""
    of_it = oauth_families.c.consent_id == consent.id
    held = work.db.scalars(sa.select(oauth_families.c.organizations).where(of_it))
    return any(not set(places) <= chosen for places in held)


def _keep(work: Work, consent: Consent) -> None:
    values = {
        "scopes": scopes.joined(consent.scopes),
        "organizations": list(consent.organizations),
        "scopes_there": scopes.joined(consent.scopes_there),
        "changed_at": work.now,
    }
    here = oauth_consents.c.id == consent.id
    work.db.execute(sa.update(oauth_consents).where(here).values(**values))


def _narrow_family(work: Work, family_id: int, left: set[str], chosen: set[int]) -> None:
    family = families.by_id(work, family_id)
    if family is None:
        return
    held = tuple(one for one in family.scopes if one in left)
    if not held:
        families.end(work, family_id)
        return
    narrowed = replace(
        family,
        scopes=held,
        organizations=tuple(one for one in family.organizations if one in chosen),
    )
    values = {"scopes": scopes.joined(held), "organizations": list(narrowed.organizations)}
    here = oauth_families.c.id == family_id
    work.db.execute(sa.update(oauth_families).where(here).values(**values))
    most = families.grants_of(work, narrowed)
    mine = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family_id)
    rows = work.db.execute(sa.select(tokens.c.id, tokens.c.grants).where(tokens.c.id.in_(mine)))
    for token in rows.all():
        less = kept_of(both(grants_of(token.grants), most))
        work.db.execute(sa.update(tokens).where(tokens.c.id == token.id).values(grants=less))


def _narrow_waiting(
    work: Work,
    consent: Consent,
    table: sa.Table,
    key: sa.ColumnElement[object],
    left: set[str],
    chosen: set[int],
) -> None:
    """What is agreed to and not yet fetched gives no more, either."""
    waiting = sa.select(key.label("key"), table.c.scopes, table.c.organizations)
    for row in work.db.execute(waiting.where(table.c.consent_id == consent.id)).all():
        values = {
            "scopes": scopes.joined(one for one in row.scopes.split() if one in left),
            "organizations": [one for one in row.organizations if one in chosen],
        }
        work.db.execute(sa.update(table).where(key == row.key).values(**values))


def both(one: Grants, other: Grants) -> Grants:
    """What both of two let through."""
    return Grants(
        gated=one.gated and other.gated,
        everywhere=one.everywhere & other.everywhere,
        namespaces=_in_both(one.namespaces, other.namespaces),
        repos=_in_both(one.repos, other.repos),
        collections=_in_both(one.collections, other.collections),
    )


def _in_both(
    one: Mapping[int, frozenset[str]], other: Mapping[int, frozenset[str]]
) -> dict[int, frozenset[str]]:
    return {key: names & other[key] for key, names in one.items() if key in other}


def _told(consent: Consent) -> dict[str, object]:
    return {"scopes": list(consent.scopes), "organizations": len(consent.organizations)}
