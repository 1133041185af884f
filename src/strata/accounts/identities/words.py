"""What a site says about a person, checked: an ID token, or GitHub's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from strata.accounts import addresses
from strata.accounts.identities import endpoints
from strata.accounts.identities.claims import Claims
from strata.accounts.identities.endpoints import Endpoints
from strata.accounts.identities.talking import get_json
from strata.core.errors import ProviderFailed
from strata.core.hub import Hub
from strata.core.providers import LoginProvider

ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY_S: Final = 60
STRONG: Final = frozenset({"mfa", "hwk"})  # RFC 8176
LONGEST_SHOWN: Final = 200


def of_issuer(
    hub: Hub, provider: LoginProvider, where: Endpoints, id_token: str, *, nonce: str
) -> Claims:
    """Read an ID token (OpenID Connect Core 1.0 §3.1.3.7).

    Raises:
        ProviderFailed: it is not about this log-in, or not of this issuer.
    """
    said = checked(hub, provider, where, id_token, nonce=nonce)
    email = said.get("email") if said.get("email_verified") is True else ""
    if provider.hosted_domain and said.get("hd") != provider.hosted_domain:
        raise ProviderFailed(provider.name, "this account is of another domain")
    groups = said.get(provider.groups_claim)
    factors = said.get("amr")
    strong = isinstance(factors, list) and bool(STRONG & {str(one) for one in factors})
    return _allowed(
        provider,
        Claims(
            provider=provider.id,
            issuer=where.issuer,
            subject=str(said["sub"]),
            shown=_shown(said.get("preferred_username") or said.get("email") or said["sub"]),
            email=_address(email),
            full_name=_shown(said.get("name") or ""),
            groups=tuple(str(one) for one in groups) if isinstance(groups, list) else (),
            second_factor=provider.trust_mfa and strong,
        ),
    )


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
    said = None
    for fresh in (False, True):  # keys turn: an unknown one is worth one more question
        try:
            keys = KeySet.import_key_set(endpoints.keys_of(hub, provider, where, fresh=fresh))
            said = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS)).claims
            break
        except (JoseError, ValueError, KeyError, TypeError) as error:
            if fresh:
                raise ProviderFailed(provider.name, "its signature does not hold") from error
    assert said is not None, "the loop ends with a statement or an error"
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


def _allowed(provider: LoginProvider, claims: Claims) -> Claims:
    domains = [domain.lower() for domain in provider.allowed_domains]
    address = addresses.parse(claims.email)
    if domains and (address is None or address.domain not in domains):
        raise ProviderFailed(provider.name, "addresses of this domain may not come in")
    return claims


def _address(text: object) -> str:
    address = addresses.parse(text) if isinstance(text, str) else None
    return address.text if address else ""


def _shown(text: object) -> str:
    return str(text).replace("\0", "")[:LONGEST_SHOWN]
