"""What a site says about a person, checked: an ID token, or GitHub's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from strata.accounts.mailboxes import addresses
from strata.core.errors import Failure, ProviderFailed
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities.sites import endpoints
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.identities.sites.endpoints import Endpoints
from strata.sessions.identities.sites.talking import get_json

ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY_S: Final = 60
STRONG: Final = frozenset({"mfa", "hwk"})  # RFC 8176
LONGEST_SHOWN: Final = 200


def of_issuer(
    hub: Hub,
    provider: LoginProvider,
    where: Endpoints,
    said: Mapping[str, Any],
    *,
    access_token: str,
) -> Claims:
    """Read what an ID token says, and what the issuer says beside it (Core 1.0 §5.3).

    Args:
        said: the claims of an ID token that was checked.

    Raises:
        ProviderFailed: the person may not come in, or the issuer tells of another one.
    """
    more = _told_beside(hub, provider, where, said, access_token)
    told = {**more, **said}
    email = _verified_email(provider, said) or _verified_email(provider, more)
    if provider.hosted_domain and said.get("hd") != provider.hosted_domain:
        raise ProviderFailed(provider.name, "this account is of another domain", Failure.OUTSIDE)
    username = _found(told, provider.username_claim) or _found(told, provider.email_claim)
    claims = Claims(
        provider=provider.id,
        issuer=where.issuer,
        subject=str(said["sub"]),
        shown=_shown(username or said["sub"]),
        email=_address(email),
        full_name=_shown(_found(told, provider.name_claim) or ""),
        groups=_groups(provider, told),
        session=_text(said.get("sid")),
        second_factor=provider.trust_mfa and _was_strong(said.get("amr")),
    )
    return _allowed(provider, claims)


def _was_strong(methods: object) -> bool:
    """Whether somebody showed two factors, or a key of hardware, to the site (`amr`)."""
    return isinstance(methods, list) and bool(STRONG & {str(method) for method in methods})


def _told_beside(
    hub: Hub, provider: LoginProvider, where: Endpoints, said: Mapping[str, Any], access_token: str
) -> Mapping[str, Any]:
    """What the issuer tells outside of the ID token; asked only for what that lacks."""
    lacking = _found(said, provider.verified_claim) is None or (
        bool(provider.named_groups) and _found(said, provider.groups_claim) is None
    )
    if not where.userinfo or not lacking:
        return {}
    more = get_json(hub, provider, where.userinfo, bearer=access_token)
    if not isinstance(more, dict) or more.get("sub") != said["sub"]:
        raise ProviderFailed(provider.name, "it tells of another person")
    return more


def _verified_email(provider: LoginProvider, told: Mapping[str, Any]) -> object:
    """An address and the word that it was verified, both from one place; some write "true"."""
    checked_there = _found(told, provider.verified_claim) in (True, "true")
    return _found(told, provider.email_claim) if checked_there else None


def _groups(provider: LoginProvider, told: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups that a rule names: of the others nothing is kept."""
    groups = _found(told, provider.groups_claim)
    held = {str(one) for one in groups} if isinstance(groups, list) else set()
    return tuple(sorted(held & provider.named_groups))


def _found(told: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or inside of another one: `realm_access.roles`."""
    if name in told:
        return told[name]
    outer, _, inner = name.partition(".")
    within = told.get(outer)
    return _found(within, inner) if inner and isinstance(within, dict) else None


def of_github(hub: Hub, provider: LoginProvider, token: str) -> Claims:
    """Ask GitHub's API whose token that is; only the primary, verified address counts.

    Raises:
        ProviderFailed: it does not tell.
    """
    api = provider.api_url.rstrip("/")
    user = get_json(hub, provider, f"{api}/user", bearer=token)
    emails = get_json(hub, provider, f"{api}/user/emails", bearer=token)
    if not isinstance(user, dict) or not isinstance(user.get("id"), int):
        raise ProviderFailed(provider.name, "it does not tell who that is")
    listed = emails if isinstance(emails, list) else []
    primary = [
        one.get("email")
        for one in listed
        if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True
    ]
    return _allowed(
        provider,
        Claims(
            provider=provider.id,
            issuer=provider.url.rstrip("/"),
            subject=str(user["id"]),
            shown=_shown(user.get("login") or user["id"]),
            email=_address(primary[0] if primary else ""),
            full_name=_shown(user.get("name") or ""),
        ),
    )


def checked(
    hub: Hub, provider: LoginProvider, where: Endpoints, id_token: str, *, nonce: str = ""
) -> Mapping[str, Any]:
    """The claims of a statement that this issuer signed, for us, and that still holds.

    Args:
        nonce: that the statement must repeat; empty: it answers no question of ours.

    Raises:
        ProviderFailed: it is none such.
    """
    said = signed(hub, provider, where, id_token).claims
    now = int(hub.clock().timestamp())
    asked: dict[str, Any] = {"nonce": {"essential": True, "value": nonce}} if nonce else {}
    rules = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_S,
        iss={"essential": True, "value": where.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        **asked,
    )
    try:
        rules.validate(said)
    except JoseError as error:
        raise ProviderFailed(provider.name, f"its word does not hold: {error}"[:200]) from error
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    if said.get("azp", provider.client_id) != provider.client_id or (several and "azp" not in said):
        raise ProviderFailed(provider.name, "its word is for another application")
    return said


def signed(hub: Hub, provider: LoginProvider, where: Endpoints, statement: str) -> jwt.Token:
    """A statement that this issuer signed; of what it says nothing is checked.

    Raises:
        ProviderFailed: its signature does not hold, or the site tells no keys.
    """
    for fresh in (False, True):  # keys turn: an unknown one is worth one more question
        try:
            keys = KeySet.import_key_set(endpoints.keys_of(hub, provider, where, fresh=fresh))
            return jwt.decode(statement, keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            if fresh:
                raise ProviderFailed(provider.name, "its signature does not hold") from error
    raise AssertionError("the loop ends with a statement or an error")


def _allowed(provider: LoginProvider, claims: Claims) -> Claims:
    domains = [domain.lower() for domain in provider.allowed_domains]
    address = addresses.parse(claims.email)
    if domains and (address is None or address.domain not in domains):
        raise ProviderFailed(
            provider.name, "addresses of this domain may not come in", Failure.OUTSIDE
        )
    return claims


def _address(text: object) -> str:
    address = addresses.parse(text) if isinstance(text, str) else None
    return address.text if address else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _shown(text: object) -> str:
    return str(text).replace("\0", "")[:LONGEST_SHOWN]
