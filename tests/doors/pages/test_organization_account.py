"""Rename and delete an organisation."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium, settle
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.organizations import PROMISED, joins, leaves, organization, today
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.access.organizations import inviting
from strata.content.making import new_repo
from strata.core.actor import Actor, Role
from strata.core.call import working
from strata.core.names import RepoType
from strata.repos.create import Wish

ACCOUNT = "/organizations/acme/settings/account"
MEMBERS = "/organizations/acme/settings/members"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Give Li Wei's organisation, to which Ada belongs."""
    clock = FrozenClock()
    built = build_test_hub(tmp_path / "data", clock=clock)
    scene = staged(built, clock)
    organization(built, "li-wei")
    joins(built, "ada", Role.WRITE)
    yield scene
    built.database.close()


def test_a_rename_takes_the_repos_along(scene: Scene) -> None:
    with calling(scene.hub, today(scene.hub, scene.owner)) as call:
        new_repo.create(call, Wish(RepoType.MODEL, "acme", "tiny"), files={})
    owner, ada = scene.visitor(scene.owner), scene.visitor(scene.other)
    rename = {"form": "rename", "username": "Acme-Labs"}
    with calling(scene.hub, today(scene.hub, scene.owner)) as call, working(call) as work:
        share = inviting.make_link(work, "acme", Role.READ, days=7, uses=1)
    assert ada.get(ACCOUNT).status_code == 403
    assert ada.post(ACCOUNT, rename).status_code == 403
    for taken in ("ada", "models", "a b"):
        assert owner.post(ACCOUNT, rename | {"username": taken}).status_code == 400
    done = owner.post(ACCOUNT, rename)
    assert done.headers["location"] == "/organizations/Acme-Labs/settings/account"
    assert owner.get("/Acme-Labs/tiny").status_code == 200
    assert "/Acme-Labs/tiny" in owner.get("/acme/tiny").headers["location"]
    assert owner.get("/acme").headers["location"] == "/Acme-Labs"
    assert "Invitation to Acme-Labs" in scene.visitor().get(share).text
    refused = ada.post("/organizations/new", {"name": "acme", **PROMISED})
    assert refused.status_code == 400


def test_an_empty_organization_is_deleted_by_its_admin(scene: Scene) -> None:
    owner, ada = scene.visitor(scene.owner), scene.visitor(scene.other)
    with calling(scene.hub, today(scene.hub, scene.owner)) as call, working(call) as work:
        share = inviting.make_link(work, "acme", Role.READ, days=7, uses=1)
    delete = {"form": "delete", "delete_name": "acme"}
    assert ada.post(ACCOUNT, delete).status_code == 403
    assert owner.post(ACCOUNT, delete | {"delete_name": "acmes"}).status_code == 400
    done = owner.post(ACCOUNT, delete)
    assert (done.status_code, done.headers["location"]) == (303, "/settings/organizations")
    for gone in ("/acme", share, ACCOUNT):
        assert owner.get(gone).status_code == 404
    assert "acme" not in ada.get("/settings/organizations").text
    assert ada.post("/organizations/new", {"name": "acme", **PROMISED}).status_code == 400


def test_what_owns_repos_is_not_deleted(scene: Scene) -> None:
    with calling(scene.hub, today(scene.hub, scene.owner)) as call:
        new_repo.create(call, Wish(RepoType.MODEL, "acme", "tiny"), files={})
    owner = scene.visitor(scene.owner)
    answer = owner.post(ACCOUNT, {"form": "delete", "delete_name": "acme"})
    assert (answer.status_code, "Transfer or delete them first" in answer.text) == (400, True)
    assert owner.get("/acme").status_code == 200


def test_both_ask_who_sits_there(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    scene.clock.advance(timedelta(minutes=16))
    for form in ({"form": "rename", "username": "labs"}, {"form": "delete", "delete_name": "acme"}):
        asked = owner.post(ACCOUNT, form)
        assert (asked.status_code, "Confirm that it is you" in asked.text) == (403, True)
    assert owner.get("/acme").status_code == 200


def test_a_removed_member_reads_no_more(scene: Scene) -> None:
    with calling(scene.hub, today(scene.hub, scene.owner)) as call:
        new_repo.create(call, Wish(RepoType.MODEL, "acme", "secret", private=True), files={})
    ada = scene.visitor(scene.other)
    assert ada.get("/acme/secret").status_code == 200
    leaves(scene.hub, "ada")
    assert ada.get("/acme/secret").status_code == 404


@pytest.mark.parametrize(
    ("language", "width", "title"),
    [("zh-CN", 320, "加入 acme 的邀请"), ("en", 1240, "Invitation to acme")],
)
def test_an_invitation_in_a_browser(scene: Scene, language: str, width: int, title: str) -> None:
    leaves(scene.hub, "ada")
    with served(scene.hub) as base, chromium() as browser:

        def window(actor: Actor) -> Page:
            context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
            session = session_of(scene.hub, actor)
            context.add_cookies([{"name": "sid", "value": session, "url": base}])
            return context.new_page()

        def sound(page: Page) -> None:
            settle(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(page, WCAG) == []

        owner, ada = window(scene.owner), window(scene.other)
        owner.goto(f"{base}{MEMBERS}")
        owner.fill("#strata-who", "ada")
        owner.locator("form:has(#strata-who) button[type=submit]").click()
        sound(owner)
        ada.goto(f"{base}/settings/organizations")
        sound(ada)
        owner.locator("form:has(#strata-uses) button[type=submit]").click()
        share = owner.input_value("#strata-secret")
        sound(owner)
        ada.goto(base + share[share.index("/organizations/") :])
        assert ada.inner_text("h1") == title
        sound(ada)
        ada.locator("button[value=accept]").click()
        ada.wait_for_url(f"{base}/acme")
        for path in (ACCOUNT, "/organizations/acme/join"):
            owner.goto(f"{base}{path}")
            sound(owner)
