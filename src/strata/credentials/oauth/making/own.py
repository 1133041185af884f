"""Applications made, changed and removed by those who answer for them (product §2.2 P16)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.apps import App, Origin
from strata.credentials.oauth.making.description import Described, columns_of, require_sound
from strata.credentials.oauth.making.keeping import (
    Birth,
    Made,
    end,
    end_log_ins,
    fresh_secret,
    insert,
    kept,
    named,
    told,
)
from strata.credentials.oauth.tables import oauth_apps
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.sessions.signed_in.still import require_still
from strata.sessions.signed_in.sudo import require_sudo

MOST: Final = 50  # applications of one person
NO_SUCH: Final = "You have no such application."


def create(work: Work, described: Described, *, confidential: bool) -> Made:
    """Make an application that the caller answers for.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: it gets a secret, and the session must show who sits there.
        InvalidFields: the description breaks rules, or there are too many (`oauth.too_many`).
    """
    owner = consents.consenting(work)
    if confidential:
        require_sudo(work)
    require_sound(described)
    require_none(work, described.name, described.homepage)
    require_still(work)
    if len(apps.of_owner(work, owner.id)) >= MOST:
        raise InvalidFields({"name": ("oauth.too_many",)})
    made = insert(work, described, Birth(Origin.PERSON, owner.id, confidential))
    record(work, "oauth.app_create", target=made.app.name, detail=named(made.app))
    return made


def change(work: Work, client_id: str, described: Described) -> App:
    """Describe one of the caller's applications anew; what was given to it stays as it is.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: where its answers go is about to change, and so is who gets them.
        NotFound: the caller has no such application.
        InvalidFields: the description breaks rules.
    """
    app = _held(work, client_id)
    require_sound(described)
    require_none(work, described.name, described.homepage)
    if described.redirect_uris != app.redirect_uris:
        require_sudo(work)
    work.db.execute(
        sa.update(oauth_apps).where(oauth_apps.c.id == app.id).values(**columns_of(described))
    )
    changed = own(work, client_id)
    detail = named(app) | changes(told(app), told(changed))
    record(work, "oauth.app_update", target=changed.name, detail=detail)
    return changed


def rotate(work: Work, client_id: str) -> Made:
    """Give one of the caller's applications a new secret; the old one ends at once.

    A public one is confidential from now on: whoever has no secret redeems and refreshes nothing.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        ProofNeeded: the session must show who sits there.
        NotFound: the caller has no such application.
    """
    app = _held(work, client_id)
    require_sudo(work)
    secret = fresh_secret()
    work.db.execute(
        sa.update(oauth_apps).where(oauth_apps.c.id == app.id).values(**kept(work, secret))
    )
    changed = own(work, client_id)
    detail = named(app) | changes(told(app), told(changed))
    record(work, "oauth.app_secret", target=app.name, detail=detail)
    return Made(changed, secret)


def go_public(work: Work, client_id: str) -> App:
    """Take the secret of one of the caller's applications away.

    Everybody logs in there again: what was bound to the secret would be open to whoever has it.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, ProofNeeded, NotFound: as `rotate`.
    """
    require_sudo(work)
    end_log_ins(work, own(work, client_id))
    app = own(work, client_id)
    nothing = {"secret_digest": None, "secret_suffix": ""}
    work.db.execute(sa.update(oauth_apps).where(oauth_apps.c.id == app.id).values(**nothing))
    changed = own(work, client_id)
    detail = named(app) | changes(told(app), told(changed))
    record(work, "oauth.app_update", target=app.name, detail=detail)
    return changed


def delete(work: Work, client_id: str) -> None:
    """Remove one of the caller's applications; everything that people gave it ends at once.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: the caller has no such application.
    """
    end(work, own(work, client_id))


def _held(work: Work, client_id: str) -> App:
    """One of the caller's applications as it is, until this work is done."""
    require_still(work)
    apps.locked(work, own(work, client_id))
    return own(work, client_id)


def own(call: Call, client_id: str) -> App:
    """One of the caller's applications.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        NotFound: the caller has no such application.
    """
    consents.consenting(call)
    return seen(call, client_id)


def seen(call: Call, client_id: str) -> App:
    """The same to look at, also for who may change nothing; the door knows that it is they.

    Raises:
        NotFound: the caller has no such application.
    """
    app = apps.find(call, client_id)
    if app is None or app.owner_id is None or app.owner_id != call.actor.user_id:
        raise NotFound(NO_SUCH)
    return app
