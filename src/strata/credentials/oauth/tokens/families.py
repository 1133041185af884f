"""The tokens of one log-in of an application, from its first to its last (product §3.11).

A log-in has one access token after the other, each with the refresh token that leads to the next;
`refreshing` says when. They live and end together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts.standing import require_open, standing_at
from strata.accounts.tables import users
from strata.core.actor import Grants, TokenKind, TokenRole
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, GrantRefused
from strata.credentials.oauth import apps, consents, contributing, scopes, usage
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.consents import Consent
from strata.credentials.oauth.tables import oauth_accesses, oauth_families
from strata.credentials.tokens import given
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.owned import MADE_BY_HAND
from strata.credentials.tokens.tables import oauth_refreshes, token_organizations, tokens
from strata.credentials.tokens.values import REFRESH_PREFIX
from strata.lib.db.columns import to_millis
from strata.lib.db.statements import upsert

ACCESS_PREFIX: Final = "hf_oauth_"
DEVICE_LIFE: Final = timedelta(days=30)  # clients refresh when less than a day of it is left
BROWSER_LIFE: Final = timedelta(hours=8)
REFRESH_LIFE: Final = timedelta(days=180)  # of each, if it is not used
LONGEST_LIFE: Final = timedelta(days=365)  # of a log-in, however often it is refreshed
LONGEST: Final = 256  # characters of any token
NOT_OPEN: Final = "The account that let this application in is not open."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an application is given; the values are seen here and never again."""

    app: App
    user_id: int
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)  # empty: the application gets none
    expires_in_s: int
    scopes: tuple[str, ...]
    family_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a family shall be."""

    app: App
    consent: Consent
    scopes: tuple[str, ...]
    organizations: tuple[int, ...]
    lifetime: timedelta
    refreshed: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """One log-in of an application."""

    id: int
    app: App
    user_id: int
    scopes: tuple[str, ...]
    organizations: tuple[int, ...]
    lifetime: timedelta  # of each of its access tokens
    ends_at: datetime  # then its person decides anew


def begin(work: Work, asked: Asked) -> Answer:
    """Give an application the first tokens of a log-in."""
    row = work.db.execute(
        sa.insert(oauth_families)
        .values(
            consent_id=asked.consent.id,
            scopes=scopes.joined(asked.scopes),
            organizations=list(asked.organizations),
            lifetime_s=int(asked.lifetime.total_seconds()),
            created_at=work.now,
        )
        .returning(oauth_families.c.id)
    ).one()
    family = Family(
        row.id,
        asked.app,
        asked.consent.user_id,
        asked.scopes,
        asked.organizations,
        asked.lifetime,
        work.now + LONGEST_LIFE,
    )
    usage.note_log_in(work, asked.app.id)
    refresh = ""
    if asked.refreshed and asked.app.refreshes:
        refresh = given.fresh(REFRESH_PREFIX)
        keep(work, family, refresh)
    return access(work, family, refresh)


def hold_person(work: Work, which: sa.Select[tuple[int]]) -> None:
    """As `consents.hold_person`, by the id of a log-in."""
    held = sa.select(oauth_families.c.consent_id).where(oauth_families.c.id.in_(which))
    consents.hold_person(work, held)


def end(work: Work, family_id: int) -> None:
    """End a log-in of an application with all its tokens; its person is locked."""
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family_id)
    work.db.execute(sa.delete(tokens).where(tokens.c.id.in_(held)))
    work.db.execute(sa.delete(oauth_families).where(oauth_families.c.id == family_id))


def by_id(call: Call, family_id: int) -> Family | None:
    """A log-in with its application and person; None: it has ended."""
    row = call.db.execute(sa.select(oauth_families).where(oauth_families.c.id == family_id)).first()
    consent = None if row is None else consents.by_key(call, row.consent_id)
    app = None if consent is None else apps.by_id(call, consent.app_id)
    if row is None or consent is None or app is None:
        return None
    return Family(
        row.id,
        app,
        consent.user_id,
        tuple(row.scopes.split()),
        tuple(row.organizations),
        timedelta(seconds=row.lifetime_s),
        row.created_at + LONGEST_LIFE,
    )


def keep(work: Work, family: Family, value: str) -> None:
    """Take this refresh token from now on; one that is kept already stays as it is."""
    fresh = upsert(work.db, oauth_refreshes).values(
        digest=work.hub.secrets.digest("oauth.refresh", value),
        family_id=family.id,
        expires_at=min(work.now + REFRESH_LIFE, family.ends_at),
    )
    work.db.execute(fresh.on_conflict_do_nothing())


def access(work: Work, family: Family, refresh_token: str) -> Answer:
    """The next access token of a log-in, and with it the refresh token that follows."""
    expires_at = min(work.now + family.lifetime, family.ends_at)
    made = given.give(
        work,
        given.Wanted(
            user_id=family.user_id,
            name=family.app.name,
            kind=TokenKind.OAUTH,
            role=TokenRole.FINE_GRAINED,
            grants=grants_of(work, family),
            prefix=ACCESS_PREFIX,
            expires_at=expires_at,
        ),
    )
    _inherit(work, made.id, family)
    mine = {"family_id": family.id, "scopes": scopes.joined(family.scopes)}
    work.db.execute(sa.insert(oauth_accesses).values(token_id=made.id, **mine))
    return Answer(
        app=family.app,
        user_id=family.user_id,
        access_token=made.value,
        refresh_token=refresh_token,
        expires_in_s=int((expires_at - work.now).total_seconds()),
        scopes=family.scopes,
        family_id=family.id,
    )


def grants_of(work: Work, family: Family) -> Grants:
    """What the access tokens of a log-in let through."""
    held, user_id = family.scopes, family.user_id
    made = contributing.made_for(work, family.app.id, user_id) if scopes.CONTRIBUTE in held else ()
    return scopes.grants_of(held, user_id, family.organizations, made)


def forget_over(work: Work) -> None:
    """Remove what is over of applications and CI jobs, and families of which nothing is left.

    A log-in that can be refreshed keeps what its next token takes over: what organisations decided
    about the newest one, and that one of them leaked.
    """
    work.db.execute(sa.delete(oauth_refreshes).where(oauth_refreshes.c.expires_at <= work.now))
    over = sa.select(tokens.c.id).where(
        ~MADE_BY_HAND, tokens.c.expires_at <= work.now, ~_is_inherited()
    )
    work.db.execute(sa.delete(tokens).where(tokens.c.id.in_(over)))
    alive = (
        sa.exists().where(table.c.family_id == oauth_families.c.id)
        for table in (oauth_refreshes, oauth_accesses)
    )
    work.db.execute(sa.delete(oauth_families).where(*(~one for one in alive)))


def _is_inherited() -> sa.ColumnElement[bool]:
    """Whether what is known of a token holds for the one that follows it."""
    held, later = oauth_accesses.alias("held"), oauth_accesses.alias("later")
    followed = sa.exists().where(
        later.c.family_id == held.c.family_id, later.c.token_id > held.c.token_id
    )
    return sa.exists().where(
        held.c.token_id == tokens.c.id,
        oauth_refreshes.c.family_id == held.c.family_id,
        sa.or_(tokens.c.leaked_at.is_not(None), ~followed),
    )


def require_open_account(work: Work, user_id: int) -> None:
    """Insist that the person behind a token may act at all.

    Raises:
        GrantRefused: `invalid_grant`.
    """
    row = work.db.execute(
        sa.select(users.c.standing, users.c.standing_until, users.c.verified_at).where(
            users.c.id == user_id
        )
    ).first()
    if row is None or row.verified_at is None:
        raise GrantRefused("invalid_grant", NOT_OPEN)
    until = None if row.standing_until is None else to_millis(row.standing_until)
    try:
        require_open(standing_at(to_millis(work.now), row.standing, until))
    except Forbidden as error:
        raise GrantRefused("invalid_grant", NOT_OPEN) from error


def _inherit(work: Work, token_id: int, family: Family) -> None:
    """What organisations decided about this log-in holds for its next token too."""
    newest = (
        sa.select(sa.func.max(oauth_accesses.c.token_id))
        .where(oauth_accesses.c.family_id == family.id)
        .scalar_subquery()
    )
    said = [column for column in token_organizations.c if column.name != "token_id"]
    if work.db.scalar(sa.select(newest)) is None:
        approvals.ask(work, token_id, family.user_id, family.organizations)
        return
    former = sa.select(sa.literal(token_id), *said).where(token_organizations.c.token_id == newest)
    names = ["token_id", *(column.name for column in said)]
    work.db.execute(sa.insert(token_organizations).from_select(names, former))
