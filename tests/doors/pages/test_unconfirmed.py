"""What an unconfirmed account may do: only what stands in a list here (product S-010).

Every request is refused, so that each finds the hub as it was made: they share one.
"""

import re
from collections.abc import Iterator

import pytest
from httpx2 import Response

from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.accounts import calling, made, person
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import organization
from fixtures.questions import BODIES, FILES, FORMS, OID, UPLOAD, body
from strata.content.refs import create_branch, create_tag
from strata.core.actor import TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import GIT_TYPES, RepoType
from strata.credentials.tokens import making
from strata.web.paths import Route
from strata.web.routes import ROUTES

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SDK = {RepoType.SPACE: "static"}

# Writes that an unconfirmed account may do: getting in and out, and getting confirmed.
ALLOWED = {
    "/join": "signs up",
    "/api/signup": "signs up",
    "/login": "logs in",
    "/login/2fa": "logs in",
    "/login/recovery": "logs in",
    "/login/passkey": "logs in",
    "/login/confirm/{token}": "logs in",
    "/settings/authentication/devices": "has browsers asked for more",
    "/logout": "logs out",
    "/api/logout": "ends the token of a password log-in",
    "/verify-email/resend": "asks for a new mail",
    "/verify-email/address": "changes the address that is to be confirmed",
    "/verify-email/code": "confirms",
    "/email_confirmation/{token}": "confirms",
    "/admin": "is there for the admins of the site alone",
    "/admin/mail/test": "is there for the admins of the site alone",
    "/admin/mail/retry": "is there for the admins of the site alone",
    "/admin/mail/confirm": "is there for the admins of the site alone",
    "/agree": "agrees to documents that changed",
    "/agree/later": "puts that off",
    "/forgot-password": "asks for a link",
    "/reset-password/{token}": "chooses a password, which a link allows",
    "/settings/confirm-access": "proves who they are",
    "/settings/emails/confirm/{token}": "confirms, which a link allows",
    "/settings/authentication/password": "changes the password",
    "/settings/authentication/password/mail": "asks for a link",
    "/settings/authentication/sessions": "signs browsers out",
    "/settings/authentication/sessions/others": "signs browsers out",
    "/login/link": "links another site to the account",
    "/settings/authentication/identities": "links another site to the account",
    "/settings/authentication/identities/unlink": "unlinks it",
    "/settings/keys/{kind}/{id}/remove": "removes a key of a time before",
    "/settings/tokens/revoke-all": "revokes tokens that an operator made",
    "/settings/tokens/{id}/delete": "revokes a token that an operator made",
    "/settings/connected-applications/{id}/revoke": "shuts an application out",
    "/settings/connected-applications/{id}": "lets an application do less",
    "/settings/preferences": "chooses how pages look",
    "/settings/notifications": "chooses what to hear of",
    "/settings/notifications/unsubscribe/{ticket}": "stops mails, which a link allows",
    "/settings/profile": "edits the profile",
    "/settings/profile/picture": "edits the profile",
    "/settings/profile/picture/remove": "edits the profile",
    "/settings/account/username": "edits the profile",
    "/settings/account/delete": "deletes the account",
}

# POST only because the question is long: they change nothing.
QUESTIONS = {
    "/api/{type}/{repo}/paths-info/{revision}",
    "/api/buckets/{repo}/paths-info",
    "/api/quicksearch",
    "/api/validate-yaml",
    "/{web}{repo}.git/git-upload-pack",
    "/v1/telemetry",
}

# Asked by programs, which show who they are themselves: a person's credentials count for nothing
# there, and what a person gives them is given on a page.
OF_PROGRAMS = {
    "/oauth/token",
    "/oauth/device",
    "/oauth/revoke",
    "/oauth/register",
    "/oauth/userinfo",
    "/api/credentials/revoke",  # finders of leaked tokens
    "/api/credentials/scanned",  # secret scanners, which sign what they send
    "/api/login",  # with a password, where an operator allows it
    "/logout/backchannel/{provider}",  # sites that end sessions, which sign what they say
}

# Opened by a ticket which the doors of UPLOAD_DOORS give out, and by nothing else.
TICKETED = re.compile(r"/xet/.*|/\{web\}\{repo\}\.git/info/lfs/objects/(verify|\{oid\}|\{oid\}/.*)")
UPLOAD_DOORS = (
    ("GET", "/api/models/owner/thing/xet-write-token/main", None),
    ("POST", "/owner/thing.git/info/lfs/objects/batch", UPLOAD),
)
GRANT = b'{"length": 1, "checksum": {"algo": "crc64nvme", "value": "1"}}'
# Known requests that this hub serves to nobody.
NOT_OFFERED = re.compile(r"/\{web\}\{repo\}\.git/info/lfs/locks.*|/api/buckets/\{owner\}")


@pytest.fixture(scope="module", name="hub")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    built = build_test_hub(tmp_path_factory.mktemp("shared") / "data", clock=FrozenClock())
    yield built
    built.database.close()


@pytest.fixture(scope="module")
def member(hub: Hub) -> Visitor:
    """Give the browser of somebody who confirmed."""
    return confirmed(hub, "member")


@pytest.fixture(scope="module")
def newcomer(hub: Hub) -> Visitor:
    """Give the browser of somebody who did not confirm yet, on a hub where others work."""
    made(hub, "admin-of-it", admin=True)
    owner = made(hub, "owner")
    organization(hub, "owner", "acme")
    things = [created(hub, owner, "thing", kind, sdk=SDK.get(kind)) for kind in GIT_TYPES]
    bucket_of(hub, owner, "thing")
    with calling(hub, owner) as call:
        create_branch(call, things[0].repo_id, "x")
        create_tag(call, things[0].repo_id, "main", "y")
    visitor = Visitor(hub)
    assert visitor.join("new-one").status == 303
    return visitor


def decided(route: Route) -> bool:
    return (
        route.template in ALLOWED
        or route.template in QUESTIONS
        or route.template in OF_PROGRAMS
        or TICKETED.fullmatch(route.template) is not None
        or NOT_OFFERED.fullmatch(route.template) is not None
    )


def writing() -> Iterator[tuple[str, Route]]:
    for route in ROUTES:
        for method in sorted(WRITES & set(route.methods)):
            yield method, route


REFUSED = [(method, route) for method, route in writing() if not decided(route)]


def address(route: Route) -> str:
    """Fill a template in with the repo that is there."""
    values = {
        "{type}": "models", "{web}": "", "{repo}": "owner/thing", "{namespace}": "owner",
        "{name}": "thing", "{revision}": "main", "{path}": "x", "{id}": "1", "{oid}": OID,
        "{token}": "t", "{number}": "1", "{user}": "owner", "{comment}": "0" * 24, "{sha}": OID,
        "{slug}": f"title-{'0' * 24}", "{item}": "0" * 24, "{log}": "0" * 24,
        "{kind}": "ssh", "{ticket}": "t", "{key}": "0" * 24,
    }  # fmt: skip
    # A branch and a tag are there under these names.
    path = route.template.replace("/tag/{path}", "/tag/y")
    path = path.replace("/users/{name}", "/users/owner")
    path = path.replace("/organizations/{name}", "/organizations/acme")
    return re.sub(r"\{\w+\}", lambda found: values.get(found[0], "x"), path)


def ticketed_address(route: Route) -> str:
    """Fill in the template of a route that a ticket opens."""
    path = re.sub(r"\{epoch\}|\{number\}", "1", route.template)
    path = re.sub(r"\{hash\}|\{oid\}", OID, path).replace("{prefix}", "default")
    return path.replace("{web}{repo}", "owner/thing").replace("{grant}", "x")


def sent(visitor: Visitor, route: Route, proof: dict[str, str], **headers: str) -> Page:
    """Submit the form of a page as a browser would."""
    fields = proof | FORMS.get(route.template, {})
    if route.template not in FILES:
        return visitor.send(address(route), fields, **headers)
    files = {FILES[route.template]: ("file", b"content")}
    return Page(visitor.client.post(address(route), data=fields, files=files, headers=headers))


def asked(visitor: Visitor, method: str, route: Route, **headers: str) -> Response:
    content, kind = body(route)
    return visitor.client.request(
        method, address(route), content=content, headers={"Content-Type": kind, **headers}
    )


@pytest.mark.parametrize(
    ("method", "route"), REFUSED, ids=[f"{method} {route.template}" for method, route in REFUSED]
)
def test_an_unconfirmed_account_writes_nothing_that_is_not_listed(
    newcomer: Visitor, token: str, method: str, route: Route
) -> None:
    if route.page:
        proof = newcomer.open("/settings/account").hidden("/logout")
        page = sent(newcomer, route, proof)
        assert (page.status, page.headers.get("x-error-code")) == (403, "EmailNotVerified")
        return
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = asked(newcomer, method, route, **headers)
        if not headers and "/git-receive-pack" in route.template:
            continue  # git has no cookies
        assert answer.status_code == 403, answer.text
        assert answer.headers["x-error-code"] == "EmailNotVerified"
        assert answer.headers["x-error-message"].startswith("Please confirm your email address")


@pytest.fixture(scope="module")
def token(hub: Hub, newcomer: Visitor) -> str:
    """An operator may give a token to whomever; it carries no more right than its owner."""
    assert newcomer.open("/settings/account").status == 200
    owner = person(hub, "new-one").id
    with calling(hub) as call, working(call) as work:
        return making.create_for(work, owner, "from the operator", TokenRole.WRITE).value


@pytest.mark.parametrize(("method", "path", "content"), UPLOAD_DOORS)
def test_no_ticket_to_upload_is_given_to_the_unconfirmed(
    newcomer: Visitor, method: str, path: str, content: object
) -> None:
    answer = newcomer.client.request(method, path, json=content)
    assert (answer.status_code, answer.headers["x-error-code"]) == (403, "EmailNotVerified")


@pytest.mark.parametrize(
    ("method", "route"),
    [(method, route) for method, route in writing() if TICKETED.fullmatch(route.template)],
    ids=lambda value: getattr(value, "template", value),
)
def test_what_tickets_open_is_closed_to_a_session(
    newcomer: Visitor, method: str, route: Route
) -> None:
    answer = newcomer.client.request(method, ticketed_address(route), content=GRANT)
    assert answer.status_code in (401, 403, 404), (answer.status_code, answer.text)


def test_every_list_names_routes_that_exist() -> None:
    templates = {route.template for _, route in writing()}
    assert (
        ALLOWED.keys() | QUESTIONS | OF_PROGRAMS | BODIES.keys() | FORMS.keys()
    ) - templates == set()


# What a mailbox sends, which has seen no page of ours: test_unsubscribing.py shows what it may.
OF_MAILBOXES = "/settings/notifications/unsubscribe/{ticket}"
FORM_PAGES = [route for method, route in writing() if route.page and method == "POST"]


@pytest.mark.parametrize("route", FORM_PAGES, ids=lambda route: route.template)
def test_no_form_is_taken_without_the_proof_of_its_page(member: Visitor, route: Route) -> None:
    if route.template == OF_MAILBOXES:
        assert sent(member, route, {}).status == 404  # this ticket is nobody's
        return
    for proof in ({"csrf_token": ""}, {"csrf_token": "x" * 64}):
        page = sent(member, route, proof)
        assert page.status == 400, page.text
        assert "This form is too old." in page.text
    assert member.open("/settings/account").status == 200


@pytest.mark.parametrize("route", FORM_PAGES, ids=lambda route: route.template)
def test_no_form_is_taken_from_another_site(member: Visitor, route: Route) -> None:
    proof = member.open("/settings/account").hidden("/logout")
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert sent(member, route, proof, **foreign).status == 403
    assert member.open("/settings/account").status == 200
