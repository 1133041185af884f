"""The unsubscribe link of a mail: one click, no log-in, and no power over anything else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium, settle
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import BASE_URL, calling
from fixtures.shown_repos import Scene, served, staged
from strata.accounts.notices import unsubscribing
from strata.accounts.notices.choices import Kind, choices_of
from strata.app.serving import build_app
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.hub import Hub

PATH = "/settings/notifications/unsubscribe"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock, public_url=BASE_URL), clock)
    yield made
    made.hub.database.close()


def link_of(hub: Hub, who: Actor, *kinds: Kind) -> str:
    """The address in a mail, from the root of the hub."""
    with calling(hub, SYSTEM) as call:
        address = unsubscribing.address(call, who.user_id or 0, kinds)
    return address.removeprefix(BASE_URL)


def mailed(hub: Hub, who: Actor) -> set[Kind]:
    """What somebody is mailed about."""
    with calling(hub, SYSTEM) as call:
        return {kind for kind, how in choices_of(call, who.user_id or 0).items() if how.mail}


def mailbox(scene: Scene, link: str, **more: object) -> Response:
    """What a mailbox sends when its reader presses its own button: no cookie, none of our forms."""
    client = TestClient(build_app(scene.hub), base_url=BASE_URL, follow_redirects=False)
    return client.post(link, **{"data": ONE_CLICK, **more})  # type: ignore[arg-type]


def test_one_click_stops_what_the_mail_was_about_and_nothing_else(scene: Scene) -> None:
    before, owners = mailed(scene.hub, scene.other), mailed(scene.hub, scene.owner)
    link = link_of(scene.hub, scene.other, Kind.MENTION)
    stranger = scene.visitor()
    for _ in range(3):  # whoever scans mails looks, and looks again
        page = stranger.get(link)
        assert page.status_code == 200
        assert "Stop these mails?" in page.text
        assert "Mentions" in page.text
        assert "ada" not in page.text.split("<main")[1]
    assert stranger.client.head(link).status_code == 200
    assert mailed(scene.hub, scene.other) == before
    answer = mailbox(scene, link)
    assert answer.status_code == 200
    assert "sid=" not in answer.headers.get("set-cookie", "")
    assert mailed(scene.hub, scene.other) == before - {Kind.MENTION}
    assert mailed(scene.hub, scene.owner) == owners
    with calling(scene.hub, SYSTEM) as call:
        assert choices_of(call, scene.other.user_id or 0)[Kind.MENTION].web
    assert "These mails are stopped" in stranger.get(link).text
    assert mailbox(scene, link).status_code == 200  # twice is fine


def test_both_types_of_form_and_the_button_of_the_page_stop_mails(scene: Scene) -> None:
    multipart = {"data": {}, "files": {"List-Unsubscribe": (None, "One-Click")}}
    mailbox(scene, link_of(scene.hub, scene.other, Kind.MENTION), **multipart)
    answer = scene.visitor(scene.owner).post(
        link_of(scene.hub, scene.other, Kind.PARTICIPATING), {}
    )
    assert answer.status_code == 200
    assert not {Kind.MENTION, Kind.PARTICIPATING} & mailed(scene.hub, scene.other)
    # Whoever was logged in there keeps what they chose: the link is about its own person.
    assert {Kind.MENTION, Kind.PARTICIPATING} <= mailed(scene.hub, scene.owner)


def test_a_link_opens_no_account(scene: Scene) -> None:
    link = link_of(scene.hub, scene.other, Kind.MENTION)
    visitor = scene.visitor()
    visitor.get(link)
    visitor.post(link, ONE_CLICK)
    assert visitor.get("/settings/notifications").headers["location"].startswith("/login")


def test_forged_changed_and_old_links_do_nothing(scene: Scene) -> None:
    before = mailed(scene.hub, scene.other)
    link = link_of(scene.hub, scene.other, Kind.MENTION)
    claims = (scene.other.user_id, [Kind.MENTION.value])
    late = datetime(2036, 1, 1, tzinfo=UTC)
    secrets = scene.hub.secrets
    foreign = [
        secrets.sign("session", claims, expires=late),  # signed for something else
        secrets.sign("notices.unsubscribe", claims, expires=scene.clock()),
        secrets.sign("notices.unsubscribe", (999, ["mention"]), expires=late),
        secrets.sign("notices.unsubscribe", (scene.other.user_id, ["x"]), expires=late),
        link.rpartition("/")[2][:-2] + "AA",
        link.rpartition("/")[2].swapcase(),
        "x" * 5000,
        "%00",
    ]
    for ticket in foreign:
        for answer in (scene.visitor().get(f"{PATH}/{ticket}"), mailbox(scene, f"{PATH}/{ticket}")):
            assert answer.status_code == 404, ticket
    assert mailed(scene.hub, scene.other) == before
    scene.clock.advance(unsubscribing.LIFE + timedelta(seconds=1))
    assert mailbox(scene, link).status_code == 404


def test_no_link_stops_what_keeps_an_account_safe(scene: Scene) -> None:
    assert link_of(scene.hub, scene.other, Kind.SECURITY) == ""
    with calling(scene.hub, SYSTEM) as call, working(call) as work:
        ticket = unsubscribing.Ticket(scene.other.user_id or 0, (Kind.SECURITY, Kind.MENTION))
        unsubscribing.stop(work, ticket)
    assert Kind.SECURITY in mailed(scene.hub, scene.other)


def test_a_form_of_another_site_changes_nothing_without_a_link(scene: Scene) -> None:
    before = mailed(scene.hub, scene.other)
    victim = scene.visitor(scene.other)
    answer = victim.client.post(
        "/settings/notifications",
        data={"form": "choices"},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    )
    assert answer.status_code in {400, 403}
    assert (
        victim.client.post("/settings/notifications", data={"form": "choices"}).status_code == 400
    )
    assert mailed(scene.hub, scene.other) == before


def test_everybody_can_use_the_page(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        page = browser.new_context(viewport={"width": 320, "height": 700}).new_page()
        for language, button in (("en", "Stop these mails"), ("zh-CN", "退订这些邮件")):
            link = link_of(
                scene.hub, scene.other, Kind.MENTION if language == "en" else Kind.INVITATION
            )
            page.goto(f"{base}{link}?lang={language}")
            for _ in range(2):
                assert violations(page, WCAG) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 320
                if page.get_by_role("button", name=button).count():
                    page.get_by_role("button", name=button).click()
                    settle(page)
        assert not {Kind.MENTION, Kind.INVITATION} & mailed(scene.hub, scene.other)
