"""The tokens of one log-in of an application, from its first to its last (product §3.11).

A refresh token is good once and is followed by another one. Whoever shows one that was used before
is not the one we gave the next to, or not alone: then the whole family ends, and its person is
told.

Two processes of one program may come with the same refresh token at once, and an answer may be lost
on its way: within `OVERLAP` of its use it leads to the very same successor again, which is computed
and not drawn, so that a family never has two branches of which one could belong to a thief.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.standing import require_open, standing_at
from strata.accounts.tables import users
from strata.core.actor import TokenKind, TokenRole
from strata.core.call import Call, Work, working
from strata.core.errors import Forbidden, GrantRefused
from strata.credentials.oauth import apps, consents, letters, scopes
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.consents import Consent
from strata.credentials.oauth.tables import oauth_accesses, oauth_families, oauth_refreshes
from strata.credentials.tokens import approvals, given
from strata.credentials.tokens.letters import token_leaked
from strata.credentials.tokens.tables import token_organizations, tokens
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.lib.db.columns import to_millis
from strata.lib.db.statements import upsert

ACCESS_PREFIX: Final = "hf_oauth_"
REFRESH_PREFIX: Final = "hf_oauth_refresh_"
DEVICE_LIFE: Final = timedelta(days=30)  # clients refresh when less than a day of it is left
BROWSER_LIFE: Final = timedelta(hours=8)
REFRESH_LIFE: Final = timedelta(days=180)
OVERLAP: Final = timedelta(minutes=1)
FOLLOWED_LIFE: Final = timedelta(hours=1)  # what is left to an access token that was followed
REFRESHES_PER_HOUR: Final = 60
LONGEST: Final = 256  # characters of any token
OVER: Final = "This refresh token is no longer valid. Log in again."
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
class Refresh:
    """A request for the next tokens of a family."""

    credentials: apps.Credentials
    token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None  # None: as before


@dataclass(frozen=True, slots=True)
class _Family:
    id: int
    app: App
    user_id: int
    scopes: tuple[str, ...]
    organizations: tuple[int, ...]
    lifetime: timedelta


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
    family = _Family(
        row.id, asked.app, asked.consent.user_id, asked.scopes, asked.organizations, asked.lifetime
    )
    refresh = ""
    if asked.refreshed:
        refresh = given.fresh(REFRESH_PREFIX)
        _keep(work, family, refresh)
    return _access(work, family, refresh)


def refresh(call: Call, asked: Refresh) -> Answer:
    """Give the next tokens of a family.

    Raises:
        ClientRefused: the application is not the one that it says it is.
        GrantRefused: `invalid_grant`, the token is unknown, over, of another application, or was
            used before; `invalid_scope`, it asks for more than it had.
        TooMany: it comes more often than any program needs.
    """
    app = apps.authenticated(call, asked.credentials)
    with working(call) as work:
        answer = _refreshed(work, app, asked)
    if answer is None:  # what it found was written down first
        raise GrantRefused("invalid_grant", OVER)
    return answer


def end(work: Work, family_id: int) -> None:
    """End a log-in of an application with all its tokens."""
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family_id)
    work.db.execute(sa.delete(tokens).where(tokens.c.id.in_(held)))
    work.db.execute(sa.delete(oauth_families).where(oauth_families.c.id == family_id))


def of_value(call: Call, value: str) -> int | None:
    """The family that a token, of either kind, belongs to."""
    if not value.startswith(ACCESS_PREFIX) or len(value) > LONGEST:
        return None
    if value.startswith(REFRESH_PREFIX):
        digest = call.hub.secrets.digest("oauth.refresh", value)
        statement = sa.select(oauth_refreshes.c.family_id).where(oauth_refreshes.c.digest == digest)
    else:
        digest = call.hub.secrets.digest("token", value)
        statement = (
            sa.select(oauth_accesses.c.family_id)
            .join(tokens, tokens.c.id == oauth_accesses.c.token_id)
            .where(tokens.c.digest == digest)
        )
    found: int | None = call.db.scalar(statement)
    return found


def revoke(call: Call, credentials: apps.Credentials, value: str) -> None:
    """End the log-in that a token belongs to, at the wish of its application (RFC 7009).

    A token that is unknown, over or of another application is not an error: it opens nothing for
    the caller.

    Raises:
        ClientRefused: the application is not the one that it says it is.
    """
    app = apps.authenticated(call, credentials)
    family_id = of_value(call, value)
    if family_id is None:
        return
    with working(call) as work:
        family = _family(work, family_id)
        if family is not None and family.app.id == app.id:
            end(work, family_id)
            record(
                work,
                "oauth.revoke",
                target=app.name,
                actor_id=family.user_id,
                detail={"client_id": app.client_id, "by": "application"},
            )


def end_reported(work: Work, values: Iterable[str]) -> None:
    """End the log-ins whose refresh tokens others could read, and tell their people."""
    for value in values:
        family_id = of_value(work, value) if value.startswith(REFRESH_PREFIX) else None
        family = None if family_id is None else _family(work, family_id)
        if family is not None:
            _end_reported(work, family)


def _end_reported(work: Work, family: _Family) -> None:
    end(work, family.id)
    whose = Whose(subject_id=family.user_id)
    record(work, "token.revoke_leak", target=family.app.name, whose=whose)
    user = people.by_id(work, family.user_id)
    if user is not None:
        for reader in confirmed.readers(work, user):
            letter = token_leaked(work, reader, token_name=family.app.name, place="")
            outbox.post(work, letter)


def held_with(call: Call, token_id: int) -> list[int]:
    """The access tokens of the same log-in of an application, the newest first; else the token."""
    family = sa.select(oauth_accesses.c.family_id).where(oauth_accesses.c.token_id == token_id)
    statement = sa.select(oauth_accesses.c.token_id).where(
        oauth_accesses.c.family_id == family.scalar_subquery()
    )
    return list(call.db.scalars(statement.order_by(oauth_accesses.c.token_id.desc()))) or [token_id]


def scopes_of(call: Call, token_id: int) -> tuple[str, ...]:
    """What an access token of an application was given."""
    return _of_token(call, token_id, oauth_families.c.scopes, str.split)


def organizations_of(call: Call, token_id: int) -> tuple[int, ...]:
    """The ids of the organisations that its person chose for it."""
    return _of_token(call, token_id, oauth_families.c.organizations, list)


def forget_over(work: Work) -> None:
    """Remove refresh tokens that are over, and families of which nothing is left."""
    work.db.execute(sa.delete(oauth_refreshes).where(oauth_refreshes.c.expires_at <= work.now))
    over = sa.select(tokens.c.id).where(
        tokens.c.kind == TokenKind.OAUTH.value, tokens.c.expires_at <= work.now
    )
    work.db.execute(sa.delete(tokens).where(tokens.c.id.in_(over)))
    alive = (
        sa.exists().where(table.c.family_id == oauth_families.c.id)
        for table in (oauth_refreshes, oauth_accesses)
    )
    work.db.execute(sa.delete(oauth_families).where(*(~one for one in alive)))


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


def _refreshed(work: Work, app: App, asked: Refresh) -> Answer | None:
    """The answer; None: refused, and what that meant for the family is part of this work."""
    kept = _shown(work, asked.token)
    family = None if kept is None else _family(work, kept.family_id)
    if kept is None or family is None or family.app.id != app.id or kept.expires_at <= work.now:
        return None
    if kept.used_at is not None and kept.used_at + OVERLAP <= work.now:
        _thief(work, family)
        return None
    if _is_leaked(work, family):  # its person was told then
        end(work, family.id)
        return None
    limits.count(work, limits.Limit(f"oauth.refresh:{family.id}", REFRESHES_PER_HOUR, 60))
    require_open_account(work, family.user_id)
    narrowed = _narrowed(family, asked.scopes)
    successor = _successor(work, asked.token)
    if kept.used_at is None:
        _follow(work, kept.digest, family)
    _keep(work, family, successor)
    return _access(work, narrowed, successor)


def _shown(work: Work, value: str) -> sa.Row[Any] | None:
    """What is kept of a refresh token; others that show the same one wait."""
    if not value.startswith(REFRESH_PREFIX) or len(value) > LONGEST:
        return None
    digest = work.hub.secrets.digest("oauth.refresh", value)
    statement = sa.select(oauth_refreshes).where(oauth_refreshes.c.digest == digest)
    return work.db.execute(statement.with_for_update()).first()


def _family(call: Call, family_id: int) -> _Family | None:
    row = call.db.execute(sa.select(oauth_families).where(oauth_families.c.id == family_id)).first()
    consent = None if row is None else consents.by_key(call, row.consent_id)
    app = None if consent is None else apps.by_id(call, consent.app_id)
    if row is None or consent is None or app is None:
        return None
    return _Family(
        row.id,
        app,
        consent.user_id,
        tuple(row.scopes.split()),
        tuple(row.organizations),
        timedelta(seconds=row.lifetime_s),
    )


def _thief(work: Work, family: _Family) -> None:
    """Somebody has a token that was followed long ago: end all of it, and tell its person."""
    end(work, family.id)
    record(
        work,
        "oauth.refresh_reuse",
        target=family.app.name,
        actor_id=family.user_id,
        detail={"client_id": family.app.client_id},
    )
    user = people.by_id(work, family.user_id)
    if user is not None:
        for reader in confirmed.readers(work, user):
            outbox.post(work, letters.reused(work, reader, app_name=family.app.name))


def _narrowed(family: _Family, asked: Iterable[str] | None) -> _Family:
    if asked is None:
        return family
    held = tuple(asked)
    scopes.within(held, family.scopes)
    return _Family(
        family.id, family.app, family.user_id, held, family.organizations, family.lifetime
    )


def _successor(work: Work, value: str) -> str:
    """The one token that follows this one; only who has our key can compute it."""
    mark = hmac.digest(work.hub.secrets.key("oauth.refresh.next"), value.encode(), "sha256")
    letters_only = urlsafe_b64encode(mark).rstrip(b"=").decode().replace("-", "x").replace("_", "X")
    return f"{REFRESH_PREFIX}{letters_only}"


def _follow(work: Work, digest: str, family: _Family) -> None:
    """The token is used; the access tokens from before may finish what is under way."""
    work.db.execute(
        sa.update(oauth_refreshes)
        .where(oauth_refreshes.c.digest == digest)
        .values(used_at=work.now)
    )
    soon = work.now + FOLLOWED_LIFE
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family.id)
    work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id.in_(held), tokens.c.expires_at > soon)
        .values(expires_at=soon)
    )


def _keep(work: Work, family: _Family, value: str) -> None:
    fresh = upsert(work.db, oauth_refreshes).values(
        digest=work.hub.secrets.digest("oauth.refresh", value),
        family_id=family.id,
        expires_at=work.now + REFRESH_LIFE,
    )
    work.db.execute(fresh.on_conflict_do_nothing())


def _access(work: Work, family: _Family, refresh_token: str) -> Answer:
    made = given.give(
        work,
        given.Wanted(
            user_id=family.user_id,
            name=family.app.name,
            kind=TokenKind.OAUTH,
            role=TokenRole.FINE_GRAINED,
            grants=scopes.grants_of(family.scopes, family.user_id, family.organizations),
            prefix=ACCESS_PREFIX,
            expires_at=work.now + family.lifetime,
        ),
    )
    _inherit(work, made.id, family)
    work.db.execute(sa.insert(oauth_accesses).values(token_id=made.id, family_id=family.id))
    return Answer(
        app=family.app,
        user_id=family.user_id,
        access_token=made.value,
        refresh_token=refresh_token,
        expires_in_s=int(family.lifetime.total_seconds()),
        scopes=family.scopes,
        family_id=family.id,
    )


def _inherit(work: Work, token_id: int, family: _Family) -> None:
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


def _is_leaked(call: Call, family: _Family) -> bool:
    """Whether somebody reported one of its tokens."""
    held = sa.select(oauth_accesses.c.token_id).where(oauth_accesses.c.family_id == family.id)
    leaked = sa.select(tokens.c.id).where(tokens.c.id.in_(held), tokens.c.leaked_at.is_not(None))
    return call.db.execute(leaked.limit(1)).first() is not None


def _of_token(call: Call, token_id: int, column: Any, read: Any) -> tuple[Any, ...]:
    kept = call.db.scalar(
        sa.select(column)
        .select_from(oauth_families)
        .join(oauth_accesses, oauth_accesses.c.family_id == oauth_families.c.id)
        .where(oauth_accesses.c.token_id == token_id)
    )
    return () if kept is None else tuple(read(kept))
