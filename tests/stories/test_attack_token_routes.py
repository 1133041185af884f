"""A token at every route there is: one that is over, and the widest one on pages for people."""

import re
from collections.abc import Mapping
from typing import Final

import pytest

from doors.pages.visitors import Visitor
from doors.pages.writes import (
    FORM_PAGES,
    NOT_OFFERED,
    OF_MAILBOXES,
    TICKETED,
    address as form_address,
)
from fixtures.accounts import calling, fact_names, made
from fixtures.hidden import FIELDS
from fixtures.large_files import access_token, web_client
from fixtures.organizations import organization
from fixtures.questions import FILES, FORMS, body
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.oauth.tokens import ending
from strata.web.paths import Route
from strata.web.routes import ROUTES

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
NO_PROOF: Final = {"csrf_token": "x"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# What asks nobody who they are, and shows everybody the same; see also TICKETED.
OPEN_TO_ALL: Final = {
    "/api/agent-harnesses", "/api/telemetry/{topic}/{path}", "/healthz", "/metrics",
    "/api/version", "/api/login", "/api/credentials/scanned", "/api/credentials/revoke",
    "/api/validate-yaml", "/v1/telemetry", "/oauth/token", "/oauth/revoke", "/oauth/register",
    "/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
    "/register", "/signup", "/sign-up", "/login/with/{provider}", "/login/callback/{provider}",
    "/logout/callback/{provider}", "/settings", "/static/{version}/{path}", "/favicon.ico",
    "/robots.txt", "/docs/api", "/api/signup", "/oauth/logos/{file}", OF_MAILBOXES,
    "/logout/backchannel/{provider}",  # providers, which sign what they send
    # An old form of somebody who is not logged in is led back to where one logs in.
    "/logout", "/verify-email/resend", "/verify-email/address", "/verify-email/code",
}  # fmt: skip
CLOSED: Final = [
    route
    for route in ROUTES
    if route.template not in OPEN_TO_ALL
    and not TICKETED.fullmatch(route.template)
    and not NOT_OFFERED.fullmatch(route.template)
]


async def test_no_route_forgets_to_look_at_a_token(hub: Hub) -> None:
    """Walk the whole table: a new route either looks at tokens or stands in the list above."""
    value = access_token(hub, made(hub, "ana"))
    with calling(hub) as call, working(call) as work:
        ending.report(work, [value])
    headers = {"Authorization": f"Bearer {value}"}
    seen: list[tuple[str, str, int]] = []
    async with web_client(hub) as client:
        for route in CLOSED:
            address = re.sub(r"\{(\w+)\}", named, route.template)
            for method in route.methods:
                if method in ("GET", "HEAD"):
                    params = {"service": "git-upload-pack"}
                    answer = await client.request(method, address, params=params, headers=headers)
                elif route.page:
                    answer = await client.post(
                        address, data=fields(route), files=files(route), headers=headers
                    )
                else:
                    content, kind = body(route)
                    answer = await client.request(
                        method, address, content=content, headers={**headers, "Content-Type": kind}
                    )
                if answer.status_code != 401:
                    seen.append((method, route.template, answer.status_code))
    assert seen == []


def named(field: re.Match[str]) -> str:
    mine = {"repo": "acme/plans", "name": "acme", "kind": "ssh"}
    return mine.get(field[1]) or FIELDS.get(field[1], "x")


def fields(route: Route, proof: Mapping[str, str] = NO_PROOF) -> dict[str, str]:
    """The form of a page as a browser sends it."""
    return {**proof, **FORMS.get(route.template, {})}


def files(route: Route) -> dict[str, tuple[str, bytes]] | None:
    name = FILES.get(route.template)
    return {name: ("file", b"content")} if name else None


ACCOUNT: Final = [
    route
    for route in FORM_PAGES
    if route.template.startswith(("/settings/", "/admin", "/device", "/oauth/", "/organizations/"))
    # A mailbox shows a ticket; a proof of a session that is not there proves nothing and goes on.
    and route.template not in (OF_MAILBOXES, "/settings/confirm-access")
]


def test_no_token_changes_an_account_by_the_forms_of_its_pages(hub: Hub) -> None:
    """The widest token there is, of an admin of the site, with the proof that forms carry."""
    root = made(hub, "owner", admin=True)
    organization(hub, "owner")
    headers = {"Authorization": f"Bearer {access_token(hub, root)}"}
    visitor = Visitor(hub)
    proof = visitor.open("/login").hidden("/login")
    before = fact_names(hub)
    seen = []
    for route in ACCOUNT:
        answer = visitor.client.post(
            form_address(route), data=fields(route, proof), files=files(route), headers=headers
        )
        if answer.status_code not in (303, 400, 401, 403, 404) or (
            answer.status_code == 303 and not answer.headers["location"].startswith("/login")
        ):
            seen.append((route.template, answer.status_code, answer.headers.get("location")))
    assert seen == []
    assert fact_names(hub) == before
