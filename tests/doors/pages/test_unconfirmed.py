"""What an unconfirmed account may do: only what stands in a list here (product S-010).

Every request is refused, so that each finds the hub as it was made: they share one.
"""

from collections.abc import Iterator

import pytest

from doors.pages.visitors import Page, Visitor, confirmed
from doors.pages.writes import (
    ALLOWED,
    FORM_PAGES,
    GRANT,
    NOT_OFFERED,
    OF_MAILBOXES,
    OF_PROGRAMS,
    QUESTIONS,
    SDK,
    TICKETED,
    address,
    asked,
    ticketed_address,
    writing,
)
from fixtures.accounts import calling, made, person
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import organization
from fixtures.questions import BODIES, FILES, FORMS, UPLOAD
from strata.content.refs import create_branch, create_tag
from strata.core.actor import TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import GIT_TYPES
from strata.credentials.tokens import making
from strata.web.paths import Route

UPLOAD_DOORS = (
    ("GET", "/api/models/owner/thing/xet-write-token/main", None),
    ("POST", "/owner/thing.git/info/lfs/objects/batch", UPLOAD),
)


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


REFUSED = [(method, route) for method, route in writing() if not decided(route)]


def sent(visitor: Visitor, route: Route, proof: dict[str, str], **headers: str) -> Page:
    """Submit the form of a page as a browser would."""
    fields = proof | FORMS.get(route.template, {})
    if route.template not in FILES:
        return visitor.send(address(route), fields, **headers)
    files = {FILES[route.template]: ("file", b"content")}
    return Page(visitor.client.post(address(route), data=fields, files=files, headers=headers))


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
