"""Applications that register themselves (RFC 7591).

Nobody vouches for them: the page on which a person decides says so. They get nothing that their
kind of program does not need, no grant that they did not name (RFC 7591 §2), and those that nobody
lets in are forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import limits
from strata.core.call import Work
from strata.core.errors import GrantRefused
from strata.credentials.oauth import scopes
from strata.credentials.oauth.apps import Origin
from strata.credentials.oauth.making import keeping
from strata.credentials.oauth.making.description import Described, faults
from strata.credentials.oauth.making.keeping import Birth, Made
from strata.credentials.oauth.tables import oauth_apps, oauth_consents
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.facts import record

CODE_GRANT: Final = "authorization_code"
REFRESH_GRANT: Final = "refresh_token"
DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS: Final = (CODE_GRANT, REFRESH_GRANT, DEVICE_GRANT)
METHODS: Final = ("none", "client_secret_basic", "client_secret_post")
PER_HOUR_HERE, PER_HOUR_EVERYWHERE = 20, 500
FORGOTTEN_AFTER: Final = timedelta(days=30)
MOST_A_ROUND: Final = 2 * PER_HOUR_EVERYWHERE  # that are forgotten in an hour


@dataclass(frozen=True, slots=True)
class Wish:
    """What an application says of itself."""

    name: str
    homepage: str
    redirect_uris: tuple[str, ...]
    scope: str
    grants: tuple[str, ...]
    method: str  # how it will show who it is


def register(work: Work, wish: Wish) -> Made:
    """Take an application in that nobody vouches for.

    Raises:
        GrantRefused: `invalid_redirect_uri` or `invalid_client_metadata`.
        TooMany: too many registered from this address, or at all.
    """
    address = limits.address_of(work.origin.ip)
    limits.count(
        work,
        limits.Limit(f"oauth.register:{address}", PER_HOUR_HERE, 60),
        limits.Limit("oauth.register", PER_HOUR_EVERYWHERE, 60),
    )
    _require_offered(wish)
    described = Described(
        name=wish.name,
        homepage=wish.homepage,
        # Without the grant no browser is sent back, wherever it says that it would be.
        redirect_uris=wish.redirect_uris if CODE_GRANT in wish.grants else (),
        scopes=scopes.parsed(wish.scope) or scopes.OFFERED,
        device_flow=DEVICE_GRANT in wish.grants,
        refreshes=REFRESH_GRANT in wish.grants,
    )
    _require_sound(described)
    require_none(work, described.name, described.homepage)
    made = keeping.insert(work, described, Birth(Origin.ITSELF, None, wish.method != "none"))
    detail = {"client_id": made.app.client_id, "by": "registration"}
    record(work, "oauth.app_create", target=made.app.name, detail=detail)
    return made


def forget_unused(work: Work) -> None:
    """Remove those that came by themselves long ago and that nobody let in, nor does just now."""
    unused = ~sa.exists().where(oauth_consents.c.app_id == oauth_apps.c.id)
    old = sa.select(oauth_apps.c.id).where(
        oauth_apps.c.origin.in_([Origin.ITSELF.value, Origin.DOCUMENT.value]),
        oauth_apps.c.created_at <= work.now - FORGOTTEN_AFTER,
    )
    some = old.where(unused).limit(MOST_A_ROUND).with_for_update(skip_locked=True)
    held = work.db.scalars(some).all()
    work.db.execute(sa.delete(oauth_apps).where(oauth_apps.c.id.in_(held), unused))


def _require_offered(wish: Wish) -> None:
    if wish.method not in METHODS or not frozenset(wish.grants) <= frozenset(GRANTS):
        raise GrantRefused(
            "invalid_client_metadata",
            f"This hub offers the grant_types {', '.join(GRANTS)} and the"
            f" token_endpoint_auth_method {', '.join(METHODS)}.",
        )


def _require_sound(described: Described) -> None:
    found = faults(described)
    if "redirect_uris" in found:
        raise GrantRefused(
            "invalid_redirect_uri",
            "Register addresses that begin with https://, with http:// and a loopback host, or with"
            " a scheme of the program itself such as com.example.app:; no user name, no fragment.",
        )
    if found:
        wrong = {"name": "client_name", "homepage": "client_uri", "scopes": "scope"}
        named = ", ".join(wrong[name] for name in found)
        raise GrantRefused("invalid_client_metadata", f"These are missing or malformed: {named}.")
