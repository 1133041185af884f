"""Whose account is not open, about to be deleted or not yet let in, is offered no form that would
be refused: their own pages stay, and say why and what helps (product §2.0).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from doors.pages.controls import GOING, LEAVE, blocked, names, offered
from doors.pages.publishing import publish
from doors.pages.visitors import Visitor, confirmed
from fixtures.accounts import person
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.lived_in import NO_PAGES, OWNER, lived_in
from fixtures.organizations import joins
from fixtures.shown_repos import served
from strata.accounts.people import User
from strata.core.actor import Role, Standing
from strata.core.hub import Hub
from strata.web.routes import ROUTES

ACCOUNT = "/settings/account"
# What is taken from them all the same; `free` says so of forms, the others need no account at all.
TAKEN = {route.template for route in ROUTES if route.free} | {"/logout", "/login/mailed"}
PENDING = "Your account waits for approval."


class Leaver(Visitor):
    """Who asked for the deletion of an account in which there is everything."""

    places: dict[str, str]


@pytest.fixture(scope="module")
def leaver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaver]:
    scene = lived_in(tmp_path_factory.mktemp("shut"), FrozenClock())
    joins(scene.hub, "ben", Role.ADMIN)
    visitor = Leaver(scene.hub)
    visitor.client.cookies.set("sid", scene.cookie)
    visitor.places = dict(scene.places())
    assert visitor.submit(LEAVE, LEAVE, confirm_name=OWNER).place == ACCOUNT
    yield visitor
    scene.hub.database.close()


def test_who_leaves_is_offered_no_form_that_would_be_refused(leaver: Leaver) -> None:
    refused, offers = set(), {}
    for template, path in leaver.places.items():
        if template in NO_PAGES:
            continue
        page = leaver.open(path)
        if page.status == 403:
            refused.add(template)
        if page.status == 200:
            blocked(page)  # each says why
            offers[template] = set(offered(page)) - TAKEN
    assert {template: forms for template, forms in offers.items() if forms} == {}
    # What they look after in the name of others, who see to it now.
    assert {template.partition("/{")[0] for template in refused} <= {
        "/organizations", "/oauth/authorize",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "acts"),
    [
        (ACCOUNT, ["Change username", "Add address", "Ask for a copy"]),
        ("/settings/profile", ["Save picture", "Save profile"]),
        ("/settings/preferences", ["Save"]),
        ("/settings/notifications", ["Save"]),
        ("/settings/repositories", ["Apply to the chosen repositories"]),
        ("/settings/connected-applications", ["Change shop", "Revoke shop"]),
        ("/settings/tokens", ["Delete all tokens"]),
    ],
)
def test_what_they_could_do_stays_in_its_place(leaver: Leaver, path: str, acts: list[str]) -> None:
    page = leaver.open(path)
    told = blocked(page)
    assert set(acts) <= {control.name for control in told}
    assert {control.why for control in told} <= {
        GOING, "Your account is about to be deleted. Keep it to do this.",
    }  # fmt: skip
    assert 'href="#strata-keep-account"' in page.text
    assert f"{LEAVE}/cancel" in offered(page)


def test_the_sections_of_the_log_in_are_blocked_each(leaver: Leaver) -> None:
    acts = {control.name for control in blocked(leaver.open("/settings/authentication"))}
    for act in ("Change password", "Unlink There, anas-own-octo", "Link There", "Make new ones"):
        assert act in acts


def test_it_is_read_and_reached_by_everybody(leaver: Leaver) -> None:
    """In a browser, on a phone's screen."""
    with served(leaver.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 320, "height": 700})
        cookie = leaver.client.cookies["sid"]
        context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
        tab = context.new_page()
        for path in (ACCOUNT, "/settings/authentication", "/settings/profile", "/notifications"):
            tab.goto(f"{base}{path}")
            assert violations(tab, WCAG) == [], path
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, path
            for button in tab.locator("main button[aria-disabled=true]:visible").all():
                button.focus()
                assert button.evaluate("one => one === document.activeElement")
                assert tab.locator(f"#{button.get_attribute('aria-describedby')}").is_visible()
        context.close()


def test_nobody_is_asked_for_a_consent_that_is_not_taken_from_them(
    tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "data", clock=clock)
    visitor = confirmed(hub, "li")
    assert visitor.submit(LEAVE, LEAVE, confirm_name="li").place == ACCOUNT
    publish(hub, "2")
    assert visitor.open("/models").status == 200
    asked = visitor.open("/agree")
    assert names(asked, "Your account is about to be deleted. Keep it to do this.") == [
        "Agree and continue"
    ]
    assert visitor.submit("/models", f"{LEAVE}/cancel").place == ACCOUNT
    assert visitor.open("/models").place == "/agree?next=%2Fmodels"
    hub.database.close()


def waits(hub: Hub, name: str) -> tuple[Visitor, User]:
    visitor = Visitor(hub)
    assert visitor.join(name).status == 303
    return visitor, person(hub, name)


@pytest.fixture
def choosy(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub whose operators let people in."""
    built = build_test_hub(tmp_path / "data", clock=clock, **{"accounts.sign_up": "approval"})
    confirmed(built, "first")
    yield built
    built.database.close()


def test_who_waits_to_be_let_in_is_offered_no_form_either(choosy: Hub) -> None:
    visitor, user = waits(choosy, "li")
    assert (user.standing, user.verified_at) == (Standing.PENDING.value, None)
    for path in ("/settings/profile", "/settings/preferences", "/settings/notifications", ACCOUNT):
        page = visitor.open(path)
        assert page.status == 200, path
        assert set(offered(page)) - TAKEN == set(), path
        assert blocked(page), path
