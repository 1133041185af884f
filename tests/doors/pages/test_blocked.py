"""What somebody may not do stays where it is, and says why and what helps (product §2.0, S-010).

The rights themselves are tried in `test_unconfirmed.py` and `test_leaving.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from doors.pages.controls import GOING, LEAVE, blocked, names, offered
from doors.pages.visitors import Visitor, confirmed
from doors.pages.writes import ALLOWED
from fixtures.accounts import made
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.gated import does, gate
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import joins, organization
from fixtures.shown_repos import served
from strata.access.organizations import admitting
from strata.core.actor import SYSTEM, Role
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.organizations.admitting.queries import Rules
from strata.repos.change import Settings
from strata.web.pages.frame.render import Viewer

MODEL, THREADS, ACME = "/owner/thing", "/owner/thing/discussions", "/acme"
CONFIRM = "Confirm your e-mail first."
# Pages with what others made, and pages on which something new is made.
SHOWN = (
    MODEL, f"{MODEL}/tree/main", THREADS, f"{THREADS}/1", "/datasets/owner/shut",
    "/buckets/owner/box", "/owner", ACME, "/organizations/acme/join",
    "/settings/notifications?q=owner",
)  # fmt: skip
MAKING = (
    "/new", "/new-dataset", "/new-space", "/new-kernel", "/new-bucket", "/organizations/new",
    "/collections/new", "/settings/tokens/new", "/settings/webhooks/new",
    "/settings/applications/new", "/device",
)  # fmt: skip
OWN = (
    "/settings/tokens", "/settings/webhooks", "/settings/applications", "/settings/organizations",
    "/settings/keys", "/settings/authentication", "/settings/billing", "/settings/account",
    "/settings/profile", "/settings/preferences", "/settings/collaborations",
)  # fmt: skip
# Where there is nothing to see before: the page that refuses leads to what helps.
REFUSED = (f"{THREADS}/new", "/collections/add?item=models/owner/thing", "/settings/repositories")


@dataclass(frozen=True)
class Town:
    """A hub where others have made things, and the address of a collection of theirs."""

    hub: Hub
    collection: str


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    hub = build_test_hub(tmp_path_factory.mktemp("blocked") / "data", clock=FrozenClock())
    made(hub, "first", admin=True)
    owner = made(hub, "owner")
    created(hub, owner, "thing")
    bucket_of(hub, owner, "box")
    shut = created(hub, owner, "shut", RepoType.DATASET)
    gate(hub, owner, shut, Settings(gated="manual"))
    organization(hub, "owner")
    does(hub, SYSTEM, lambda work: admitting.change_rules(work, "acme", Rules(anybody=True)))
    writer = confirmed(hub, "writer")
    assert writer.submit(MODEL, f"{MODEL}/like", like="yes").status == 303
    opened = writer.submit(f"{THREADS}/new", f"{THREADS}/new", title="A title", description="d")
    assert opened.place == f"{THREADS}/1"
    begun = writer.submit("/collections/new", "/collections/new", title="Good", visibility="public")
    yield Town(hub, begun.place)
    hub.database.close()


@pytest.fixture(scope="module")
def newcomer(town: Town) -> Visitor:
    """Give the browser of somebody who has not confirmed their address."""
    visitor = Visitor(town.hub)
    assert visitor.join("new-one").status == 303
    return visitor


@pytest.fixture(scope="module")
def leaver(town: Town) -> Visitor:
    """Give the browser of somebody who asked for the deletion of their account."""
    visitor = confirmed(town.hub, "goer")
    assert visitor.submit(LEAVE, LEAVE, confirm_name="goer").place == "/settings/account"
    return visitor


@pytest.mark.parametrize("path", SHOWN + MAKING + OWN)
def test_no_form_is_offered_that_would_be_refused_for_want_of_a_confirmed_address(
    newcomer: Visitor, path: str
) -> None:
    page = newcomer.open(path)
    assert page.status == 200
    assert set(offered(page)) <= ALLOWED.keys()
    blocked(page)


def test_what_others_made_shows_what_could_be_done_with_it(newcomer: Visitor, town: Town) -> None:
    model = newcomer.open(MODEL)
    assert names(model, CONFIRM) == [
        "Like1", "Watch owner/thing", "Add to a collection", "Mute owner/thing"
    ]  # fmt: skip
    assert 'href="/verify-email?next=%2Fowner%2Fthing"' in model.text
    assert names(newcomer.open(town.collection), CONFIRM) == ["Upvote0"]
    assert names(newcomer.open("/owner"), CONFIRM) == ["Follow", "Watch repositories owner"]
    assert names(newcomer.open(ACME), CONFIRM) == ["Join", "Follow", "Watch repositories acme"]
    listed = names(newcomer.open(THREADS), CONFIRM)
    assert listed[-2:] == ["New pull request", "New discussion"]
    thread = newcomer.open(f"{THREADS}/1")
    assert names(thread, CONFIRM)[-1] == "Comment"
    assert re.search(r'<summary class="reaction"[^>]*describedby="strata-why-answer"', thread.text)
    gated = newcomer.open("/datasets/owner/shut")
    assert blocked(gated)[-1].name == "Agree and request access"
    assert blocked(gated)[-1].why.startswith("Confirm your e-mail to do this. We sent a link to ")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/settings/tokens", "New Token"),
        ("/settings/webhooks", "New webhook"),
        ("/settings/applications", "New application"),
        ("/settings/organizations", "New organization"),
        ("/settings/authentication", "Set up an authenticator app"),
        ("/settings/authentication", "Trust this publisher"),
        ("/settings/billing", "Request upgrade"),
    ],
)
def test_their_own_pages_show_what_they_may_do_later(
    newcomer: Visitor, path: str, name: str
) -> None:
    assert name in names(newcomer.open(path), CONFIRM)


@pytest.mark.parametrize("path", MAKING)
def test_instead_of_a_form_stands_the_reason_and_the_way_out(newcomer: Visitor, path: str) -> None:
    page = newcomer.open(path)
    assert "Confirm your e-mail to do this. We sent a link to n•••@example.com." in page.text
    assert f'class="button" href="/verify-email?next={path.replace("/", "%2F")}"' in page.text


@pytest.mark.parametrize("path", REFUSED)
def test_a_page_that_refuses_leads_to_what_helps(newcomer: Visitor, path: str) -> None:
    page = newcomer.open(path)
    assert (page.status, "Confirm your e-mail to do this." in page.text) == (403, True)
    assert re.search(r'class="button button-primary" href="/verify-email\?next=%2F', page.text)


def test_a_form_that_is_refused_all_the_same_does_not_lead_back_to_itself(
    newcomer: Visitor, town: Town
) -> None:
    proof = newcomer.open("/settings/account").hidden("/logout")
    refused = newcomer.send(f"{MODEL}/like", proof | {"like": "yes"})
    assert (refused.status, 'href="/verify-email"' in refused.text) == (403, True)
    stranger = Visitor(town.hub).send(f"{MODEL}/like", {"like": "yes"})
    assert "next=%2Fowner%2Fthing%2Flike" not in stranger.text


@pytest.mark.parametrize("path", [*SHOWN, "/new", "/collections/new", "/device"])
def test_who_leaves_is_told_so_before_anything_is_sent(leaver: Visitor, path: str) -> None:
    page = leaver.open(path)
    assert page.status == 200
    settings = {"/settings/notifications"}  # what one hears of can be read there, and is refused
    assert set(offered(page)) - settings <= {"/logout", f"{LEAVE}/cancel"}
    assert page.text.count('id="strata-keep-account"') == 1
    assert 'href="#strata-keep-account"' in page.text or path == "/buckets/owner/box"
    blocked(page)


def test_who_leaves_sees_what_could_be_done_with_what_others_made(
    leaver: Visitor, town: Town
) -> None:
    assert "Like1" in names(leaver.open(MODEL), GOING)
    assert names(leaver.open(town.collection), GOING) == ["Upvote0"]
    assert names(leaver.open(f"{THREADS}/1"), GOING)[-1] == "Comment"


def test_what_keeps_somebody_from_acting_is_told_in_the_order_of_the_rooms() -> None:
    late = FrozenClock()()
    assert Viewer("ana").barred == ""
    assert Viewer("ana", leaving_on=late).barred == "leaving"
    assert Viewer("ana", waiting=True, leaving_on=late).barred == "approval"
    assert Viewer("ana", unverified_email="a•••@x.org", waiting=True).barred == "confirm"


def test_the_last_admin_is_told_before_they_leave(town: Town) -> None:
    founder = confirmed(town.hub, "founder")
    organization(town.hub, "founder", "lonely")
    (leave,) = blocked(founder.open("/settings/organizations"))
    assert leave.name == "Leave lonely"
    assert leave.why == "You are the last admin. Make another member admin first."
    joins(town.hub, "owner", Role.ADMIN, name="lonely")
    page = founder.open("/settings/organizations")
    assert (blocked(page), offered(page)) == ([], ["/logout", "/settings/organizations"])
    assert founder.submit("/settings/organizations", "/settings/organizations").status == 303


def test_blocked_controls_are_reached_and_read_by_everybody(town: Town, newcomer: Visitor) -> None:
    """In a browser: every button takes the keyboard and says why; nothing leaves the screen."""
    cookie = newcomer.client.cookies["sid"]
    with served(town.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 320, "height": 700})
        context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
        tab = context.new_page()
        for path in (MODEL, THREADS, f"{THREADS}/1", "/owner", town.collection, "/new"):
            tab.goto(f"{base}{path}")
            assert violations(tab, WCAG) == [], path
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, path
            for button in tab.locator("main button[aria-disabled=true]:visible").all():
                button.focus()
                assert button.evaluate("one => one === document.activeElement")
                why = tab.locator(f"#{button.get_attribute('aria-describedby')}")
                assert why.is_visible()
                assert CONFIRM in why.inner_text()
        context.close()
