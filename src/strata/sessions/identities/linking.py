"""Whose account an identity at another site opens (product §3.7).

The key is the site's name for the person, never their address: an address that an account here has
already is no proof. Its owner logs in as before and links; only a site that the operator calls
authoritative for a domain is believed at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.accounts.factors import held as factors
from strata.accounts.factors.challenges import place_of
from strata.accounts.factors.halfway import Ticket
from strata.accounts.mailboxes import addresses
from strata.core.call import Call, Work, working
from strata.core.errors import Forbidden, InvalidFields, NotFound, Unauthenticated
from strata.core.settings.providers import LoginProvider
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.sessions.entering import sites
from strata.sessions.entering.entry import Browser, LoggedIn, arrive, enter
from strata.sessions.identities import letters
from strata.sessions.identities.ending import vouched
from strata.sessions.identities.granting import grant_roles, lock_places
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.identities.tables import identities
from strata.sessions.signed_in.sudo import require_sudo


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity as its owner's list shows it."""

    id: int
    provider: str
    shown: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owned:
    """The address belongs to an account here, which must say so itself."""

    masked: str


def settle(
    call: Call, provider: LoginProvider, claims: Claims, browser: Browser
) -> LoggedIn | Ticket | Owned | None:
    """Log in whoever the identity belongs to; None: nobody yet, who may sign up.

    Raises:
        AccountSuspended, Forbidden, LogInElsewhere: as `sites.require_way_in`.
    """
    user = None
    try:
        with working(call) as work:
            user = _opened_for_good(work, provider, claims)
            if not isinstance(user, people.User):
                return user
            return _let_in(work, user, provider, claims, browser)
    except Forbidden as error:
        if isinstance(user, people.User):
            sites.note_refused(call, user, error)
        raise


def _opened_for_good(
    work: Work, provider: LoginProvider, claims: Claims
) -> people.User | Owned | None:
    """As `_opened_by`, and it stays so: the person may have unlinked it a moment ago."""
    user = _opened_by(work, provider, claims)
    if not isinstance(user, people.User):
        return user
    _lock(work, user.id, [provider])
    return _opened_by(work, provider, claims)


def _let_in(
    work: Work, user: people.User, provider: LoginProvider, claims: Claims, browser: Browser
) -> LoggedIn | Ticket:
    if _owner(work, claims) is None:
        keep(work, user, claims)
    _touch(work, claims)
    grant_roles(work, provider, user, claims.groups)
    shown = enter if claims.second_factor else arrive  # the site has asked for both, and is trusted
    coming = replace(browser, vouched=vouched(work.hub, claims))
    return shown(work, user, coming, how=provider.id, proved=False)


def _opened_by(call: Call, provider: LoginProvider, claims: Claims) -> people.User | Owned | None:
    """The account that an identity opens, or shall open from now on."""
    user = _owner(call, claims)
    if user is not None:
        return user
    address = addresses.parse(claims.email)
    owner = people.owner_of_address(call, address.key) if address else None
    if owner is None or address is None or owner.verified_at is None:
        return None
    believed = _is_believed(provider, address.domain)
    return owner if believed else Owned(addresses.masked(address.text))


def _lock(work: Work, user_id: int, providers: Iterable[LoginProvider]) -> None:
    """Make others wait who change the account, or who is in the organisations of these sites."""
    lock_places(work, providers)
    people.locked(work, user_id)


def _is_believed(provider: LoginProvider, domain: str) -> bool:
    """Whether the site's word about addresses of a domain (ASCII form) is enough to link."""
    if domain in {one.lower() for one in provider.authoritative_domains}:
        return True  # and where people may come in through it alone, there is nobody else to ask
    return any(addresses.covers(one, domain) for one in provider.required_domains)


def link(work: Work, claims: Claims) -> None:
    """Let an identity open the signed-in person's account from now on.

    Raises:
        Unauthenticated, ProofNeeded: who asks must be sure.
        InvalidFields: `identity`: it opens another account already.
    """
    _lock(work, _person(work).id, work.hub.providers)
    user = _person(work)  # as it is now
    require_sudo(work)
    keep(work, user, claims)


def keep(work: Work, user: people.User, claims: Claims) -> None:
    """Write down that an identity belongs to an account, and tell its owner.

    The roles that its groups stand for are given at once.

    Raises:
        InvalidFields: `identity`: it opens another account already.
    """
    fresh = upsert(work.db, identities).values(
        user_id=user.id,
        provider=claims.provider,
        issuer=claims.issuer,
        subject=claims.subject,
        shown=claims.shown,
        created_at=work.now,
    )
    if work.db.execute(fresh.on_conflict_do_nothing().returning(identities.c.id)).first() is None:
        owner = _owner(work, claims)
        if owner is None or owner.id != user.id:
            raise InvalidFields({"identity": ("identity.taken",)})
        return
    provider = _provider(work, claims.provider)
    if provider is not None:
        lock_places(work, [provider])
        grant_roles(work, provider, user, claims.groups)
    detail = {"provider": claims.provider}
    record(work, "account.identity_link", target=user.name, actor_id=user.id, detail=detail)
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.linked(work, reader, provider=_name(work, claims.provider)))


def identities_of(call: Call, user_id: int) -> list[Identity]:
    """The identities of an account, the oldest first."""
    rows = call.db.execute(
        sa.select(*(identities.c[name] for name in Identity.__dataclass_fields__))
        .where(identities.c.user_id == user_id)
        .order_by(identities.c.id)
    )
    return [Identity(*row) for row in rows]


def unlink(work: Work, identity_id: int) -> None:
    """Let an identity open the signed-in person's account no more.

    Without any identity at that site the roles that came from it go too: nothing would take them
    later.

    Raises:
        Unauthenticated, ProofNeeded: as `link`.
        NotFound: the account has no such identity.
        InvalidFields: `identity`: it is the last way in.
    """
    _lock(work, _person(work).id, work.hub.providers)
    user = _person(work)  # as it is now
    require_sudo(work)
    held = identities_of(work, user.id)
    gone = next((one for one in held if one.id == identity_id), None)
    if gone is None:
        raise NotFound("This account has no such linked log-in.")
    others = [one for one in held if one.id != identity_id]
    if not _is_open_elsewhere(work, others) and not _opens_itself(work, user):
        raise InvalidFields({"identity": ("identity.last",)})
    work.db.execute(sa.delete(identities).where(identities.c.id == identity_id))
    provider = _provider(work, gone.provider)
    if provider is not None and [one.provider for one in held].count(gone.provider) == 1:
        grant_roles(work, provider, user, ())
    detail = {"provider": gone.provider}
    record(work, "account.identity_unlink", target=user.name, detail=detail)
    for reader in confirmed.readers(work, user):
        outbox.post(work, letters.unlinked(work, reader, provider=_name(work, gone.provider)))


def _opens_itself(call: Call, user: people.User) -> bool:
    """Whether an account is entered without another site: with a password, or a passkey alone.

    A passkey that is about to be taken away will open nothing.
    """
    if user.password_hash is not None:
        return True
    if factors.are_going(call, user.id) or place_of(call) is None:
        return False
    return factors.of(call, user.id).passkeys > 0


def needs_its_passkey(call: Call, user: people.User) -> bool:
    """Whether an account would have no way in without its passkeys."""
    elsewhere = _is_open_elsewhere(call, identities_of(call, user.id))
    return user.password_hash is None and not elsewhere


def _is_open_elsewhere(call: Call, held: Iterable[Identity]) -> bool:
    """Whether one of these sites is still offered."""
    return any(_provider(call, one.provider) is not None for one in held)


def _owner(call: Call, claims: Claims) -> people.User | None:
    user_id = call.db.scalar(sa.select(identities.c.user_id).where(*_same(claims)))
    return people.by_id(call, user_id) if user_id is not None else None


def _touch(work: Work, claims: Claims) -> None:
    seen = {"last_used_at": work.now, "shown": claims.shown}
    work.db.execute(sa.update(identities).where(*_same(claims)).values(**seen))


def _same(claims: Claims) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        identities.c.provider == claims.provider,
        identities.c.issuer == claims.issuer,
        identities.c.subject == claims.subject,
    )


def _person(call: Call) -> people.User:
    user = people.by_id(call, call.actor.user_id or 0)
    if user is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return user


def _provider(call: Call, provider_id: str) -> LoginProvider | None:
    """The site of an identity; None when the operator has taken it away."""
    return next((one for one in call.hub.providers if one.id == provider_id), None)


def _name(call: Call, provider_id: str) -> str:
    provider = _provider(call, provider_id)
    return provider.name if provider else provider_id
