"""What an application is told about a person: `id_token` and userinfo (hub-api 03 §5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from strata.accounts import confirmed, profiles
from strata.accounts.profile import details
from strata.core.actor import TokenKind
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, Unauthenticated
from strata.credentials.oauth import scopes
from strata.credentials.oauth.openid import keys
from strata.credentials.oauth.tokens import accesses
from strata.credentials.oauth.tokens.families import Answer
from strata.lib.mail.message import address_key
from strata.organizations import queries as organizations
from strata.organizations.record import Membership

ID_TOKEN_LIFE: Final = timedelta(hours=8)
Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """What an `id_token` says of the log-in itself."""

    at: datetime  # when the person last proved who they are
    nonce: str = ""


def id_token(work: Work, answer: Answer, entered: Entered) -> str:
    """A signed statement of who logged in; empty when the application did not ask for one."""
    if scopes.OPENID not in answer.scopes:
        return ""
    now = int(work.now.timestamp())
    claims = {
        **about(work, answer.user_id, answer.scopes),
        "iss": issuer(work),
        "aud": answer.app.client_id,
        "iat": now,
        "exp": now + int(ID_TOKEN_LIFE.total_seconds()),
        "auth_time": int(entered.at.timestamp()),
    }
    return keys.signed(work, claims | ({"nonce": entered.nonce} if entered.nonce else {}))


def userinfo(call: Call) -> Claims:
    """What an application's own token tells it of its person.

    Raises:
        Unauthenticated: no token came along.
        Forbidden: the token is none of an application, or was given without `openid`.
    """
    token, user_id = call.actor.token, call.actor.user_id
    if token is None or user_id is None:
        raise Unauthenticated("Send the access token of an application.")
    held = accesses.scopes_of(call, token.id) if token.kind is TokenKind.OAUTH else ()
    if scopes.OPENID not in held:
        raise Forbidden("This token was given without the scope openid.")
    chosen = frozenset(accesses.organizations_of(call, token.id))
    told = about(call, user_id, held)
    if scopes.PROFILE in held:
        told["isPro"] = False
    told["orgs"] = [
        _organization(call, one, shows_role=scopes.MEMBERSHIPS in held)
        for one in organizations.memberships_of(call, user_id)
        if scopes.MEMBERSHIPS in held or one.organization.id in chosen
    ]
    return told


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller may be told of the person behind the credentials."""

    email: bool = True
    organizations: frozenset[int] | None = None  # ids; None: all of theirs


def what_is_told(call: Call) -> Told:
    """Everything to people and their own tokens; to an application what its scopes open."""
    token = call.actor.token
    if token is None or token.kind is not TokenKind.OAUTH:
        return Told()
    held = accesses.scopes_of(call, token.id)
    chosen = frozenset(accesses.organizations_of(call, token.id))
    return Told(
        email=scopes.EMAIL in held,
        organizations=None if scopes.MEMBERSHIPS in held else chosen,
    )


def about(call: Call, user_id: int, held: Iterable[str]) -> Claims:
    """The claims about a person that these scopes open."""
    person = profiles.person(call, user_id)
    given = frozenset(held)
    told: Claims = {"sub": person.public_id}
    if scopes.PROFILE in given:
        told |= {
            "name": person.full_name or person.name,
            "preferred_username": person.name,
            "profile": f"{issuer(call)}/{person.name}",
            "picture": f"{issuer(call)}{person.avatar_path}",
        }
        website = details.details_of(call, user_id).homepage
        if website:
            told["website"] = website
    if scopes.EMAIL in given:  # sites let people in by it: only what is theirs for sure
        key = address_key(person.email)
        proved = person.verified and confirmed.owner_id(call, key) == user_id
        told |= {"email": person.email, "email_verified": proved}
    return told


def issuer(call: Call) -> str:
    """Who states this: the address of the hub."""
    return call.hub.settings.public_url.rstrip("/") or call.origin.base_url


def _organization(call: Call, one: Membership, *, shows_role: bool) -> Claims:
    organization = one.organization
    told: Claims = {
        "sub": organization.public_id,
        "name": organization.full_name or organization.name,
        "preferred_username": organization.name,
        "picture": f"{issuer(call)}{profiles.avatar_path(organization.public_id)}",
    }
    return told | ({"roleInOrg": one.role.value} if shows_role else {})
