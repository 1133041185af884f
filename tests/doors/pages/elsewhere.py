"""People who come from another site: there and back, as a browser goes."""

import re
from dataclasses import replace
from typing import Any

import httpx

from doors.pages.visitors import Page, Visitor
from fixtures.accounts import made, person
from fixtures.issuers import CLIENT, SECRET, Issuer
from fixtures.plain_http import NO_AUTHORITIES
from strata.core.call import reading
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities.linking import identities_of


def provider(issuer: Issuer, kind: str = "oidc", **more: Any) -> LoginProvider:
    where = {"oidc": {"issuer": issuer.url}, "github": {"url": issuer.url, "api_url": issuer.url}}
    return LoginProvider(
        id="there", kind=kind, name="There", client_id=CLIENT, client_secret=SECRET,
        **{**where[kind], **more},
    )  # fmt: skip


def beside(hub: Hub, *providers: LoginProvider) -> Hub:
    made(hub, "first-one", admin=True)
    return replace(hub, providers=providers)


def back_from(place: str) -> str:
    """Go to the other site, and come back with what it says."""
    answer = httpx.get(place, verify=NO_AUTHORITIES, follow_redirects=False, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].partition("://")[2].partition("/")[2].join(["/", ""])


def off_to(page: Page) -> str:
    """Where a page sends the browser by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def through(visitor: Visitor, onward: str = "/models") -> Page:
    """Log in by way of the other site."""
    off = visitor.open(f"/login/with/there?next={onward}")
    assert off.status == 303, off.text
    return visitor.open(back_from(off.place))


def joined(visitor: Visitor, name: str) -> Page:
    """Take the second step of a sign-up."""
    visitor.take_time()
    agreed = {"username": name, "full_name": "", "language": "en", "consents": "on"}
    return visitor.submit("/join?step=2", "/join", **agreed)


def names_of(hub: Hub, name: str) -> list[str]:
    with reading(hub) as call:
        return [one.shown for one in identities_of(call, person(hub, name).id)]
