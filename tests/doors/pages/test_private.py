"""A private hub shows strangers the ways in and nothing else, by every door (product S-001)."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doors.pages.applications import address as authorizing, answered
from doors.pages.visitors import PASSWORD, Page, Visitor, code_in, confirmed, letter
from doors.pages.writes import address
from fixtures.accounts import calling, made, person
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.oauth import application
from fixtures.questions import body
from strata.core.actor import Actor, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.tokens import making, owned
from strata.membership.confirming import approval
from strata.repos.record import Repo
from strata.web.entrance import OPEN, is_open
from strata.web.paths import Route
from strata.web.routes import ROUTES

SECRET = b"only members read this sentence"
INFO = "/api/models/owner/thing"
FILE = "/owner/thing/resolve/main/a.txt"
BATCH = {"operation": "download", "transfers": ["basic"], "objects": []}


@dataclass(frozen=True)
class Scene:
    hub: Hub
    owner: Actor
    repo: Repo

    def token(self, name: str = "owner") -> dict[str, str]:
        """A token that an operator gave to somebody."""
        with calling(self.hub) as call, working(call) as work:
            made_for = person(self.hub, name).id
            held = len(owned.of(work, made_for))
            made_token = making.create_for(work, made_for, f"one {held}", TokenRole.READ)
        return {"Authorization": f"Bearer {made_token.value}"}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = build_test_hub(
        tmp_path / "data", clock=clock, private=True, **{"accounts.sign_up": "approval"}
    )
    yield built
    built.database.close()


@pytest.fixture
def scene(hub: Hub) -> Scene:
    owner = made(hub, "owner", admin=True)
    repo = created(hub, owner, "thing")
    uploaded(hub, owner, repo, {"a.txt": SECRET})
    return Scene(hub, owner, repo)


CLOSED = [
    (method, route) for route in ROUTES if not is_open(route) for method in sorted(route.methods)
]


def test_every_door_but_the_ways_in_is_closed_to_strangers(scene: Scene) -> None:
    stranger, stale = Visitor(scene.hub), Visitor(scene.hub)
    stale.client.cookies.set("sid", "of a session that is over")
    for method, route in CLOSED:
        looks = route.page and method in {"GET", "HEAD"}
        page = asked(stranger, method, route)
        assert page.status == (303 if looks else 401), route.template
        assert not looks or page.place.startswith("/login?next="), route.template
        # Of these a few are told first that their question is malformed.
        later = asked(stale, method, route)
        assert later.status in ({303} if looks else {400, 401, 403, 501}), route.template
        for told in (page, later):
            assert SECRET.decode() not in told.text
            # Pages repeat the address that they were asked for.
            assert route.page or "thing" not in told.text, route.template


def asked(visitor: Visitor, method: str, route: Route) -> Page:
    content, kind = body(route)
    headers = {"Content-Type": kind}
    return Page(visitor.client.request(method, address(route), content=content, headers=headers))


def test_the_home_page_leads_to_the_log_in_and_back(scene: Scene) -> None:
    visitor = Visitor(scene.hub)
    assert visitor.open("/").place == "/login?next=%2F"
    log_in = visitor.open("/login?next=%2F")
    assert (log_in.status, "Log In" in log_in.text) == (200, True)
    member = confirmed(scene.hub, "member")
    assert member.open("/").status == 200
    assert member.open("/owner/thing").status == 200


def test_the_ways_in_stay_open(scene: Scene) -> None:
    visitor = Visitor(scene.hub)
    for path in (
        "/join",
        "/login",
        "/forgot-password",
        "/terms-of-service",
        "/content-guidelines",
        "/api/site-config",
    ):
        assert visitor.open(path).status == 200, path
    assert visitor.open("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    names = {route.template for route in ROUTES}
    assert OPEN - names == set()


def test_programs_are_told_that_credentials_are_needed(scene: Scene) -> None:
    client = Visitor(scene.hub).client
    for path in (INFO, FILE, "/api/models", "/owner/thing.git/info/refs?service=git-upload-pack"):
        answer = client.get(path, headers={"Accept": "*/*"})
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["x-error-message"].startswith("This site is for its members.")
    batch = client.post("/owner/thing.git/info/lfs/objects/batch", json=BATCH)
    assert (batch.status_code, "lfs-authenticate" in batch.headers) == (401, True)


def test_a_token_of_a_member_opens_what_is_public_there_and_no_cache_keeps_it(
    scene: Scene,
) -> None:
    client = Visitor(scene.hub).client
    headers = scene.token()
    assert client.get(INFO, headers=headers).json()["id"] == "owner/thing"
    assert client.get(FILE, headers=headers).content == SECRET
    value = headers["Authorization"].removeprefix("Bearer ")
    basic = base64.b64encode(f"x:{value}".encode()).decode()
    refs = "/owner/thing.git/info/refs?service=git-upload-pack"
    assert client.get(refs, headers={"Authorization": f"Basic {basic}"}).status_code == 200
    for path in (INFO, FILE, f"/avatars/{'0' * 24}.svg"):
        kept = client.get(path, headers=headers).headers.get("cache-control", "")
        assert "public" not in kept, path


def test_who_only_typed_an_address_sees_their_account_and_nothing_of_the_site(
    scene: Scene,
) -> None:
    newcomer = Visitor(scene.hub)
    assert newcomer.join("mallory").place == "/verify-email"
    home = newcomer.open("/")
    assert (home.status, home.headers["x-error-code"]) == (403, "EmailNotVerified")
    assert newcomer.open("/owner/thing").status == 403
    assert newcomer.open("/settings/profile").status == 200
    token = scene.token("mallory")
    assert newcomer.client.get(FILE, headers=token).status_code == 403
    assert newcomer.client.get("/api/whoami-v2").json()["emailVerified"] is False


def test_an_application_that_wants_nothing_shown_is_told_why(scene: Scene) -> None:
    """`prompt=none`: no log-in page, no interstitial, whoever it is (OpenID Core §3.1.2.6)."""
    application(scene.hub)
    newcomer = Visitor(scene.hub)
    assert answered(newcomer.open(authorizing(prompt="none")))["error"] == "login_required"
    assert newcomer.open(authorizing()).place.startswith("/login?next=")
    newcomer.join("rose")
    for _ in ("unconfirmed", "waits for approval"):
        told = answered(newcomer.open(authorizing(prompt="none")))
        assert (told["error"], told["state"]) == ("interaction_required", 'a"><script>')
        assert newcomer.open(authorizing()).status == 403
        code = code_in(letter(scene.hub, "rose@example.com"))
        newcomer.submit("/verify-email", "/verify-email/code", code=code)


def test_who_waits_for_approval_is_let_in_by_it(scene: Scene) -> None:
    newcomer = Visitor(scene.hub)
    newcomer.join("rose")
    code = code_in(letter(scene.hub, "rose@example.com"))
    newcomer.submit("/verify-email", "/verify-email/code", code=code)
    waiting = newcomer.open("/owner/thing")
    assert waiting.status == 403
    assert "have yet to approve your account" in waiting.text
    with calling(scene.hub) as call, working(call) as work:
        approval.approve(work, person(scene.hub, "rose"))
    assert newcomer.open("/owner/thing").status == 200


def test_who_was_let_in_is_out_with_their_session(scene: Scene) -> None:
    member = confirmed(scene.hub, "member")
    assert member.open("/models").status == 200
    member.submit("/settings/account", "/logout")
    assert member.open("/models").place == "/login?next=%2Fmodels"
    assert member.log_in("member", PASSWORD).status == 303
    assert member.open("/models").status == 200


def test_a_closed_sign_up_promises_nothing_that_is_not_open(scene: Scene) -> None:
    accounts = replace(scene.hub.settings.accounts, sign_up="closed")
    closed = replace(scene.hub, settings=replace(scene.hub.settings, accounts=accounts))
    page = Visitor(closed).open("/join")
    assert (page.status, "create accounts themselves" in page.text) == (200, True)
    assert "open to everybody" not in page.text
    assert 'class="button" href="/models"' not in page.text
