"""Log out at the other site too, if somebody wants that (RP-Initiated Logout 1.0)."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from doors.pages.elsewhere import beside, joined, provider, through
from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.accounts import person
from fixtures.hubs import FrozenClock
from fixtures.issuers import Issuer, Person, issuing
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.membership.closing import gone
from strata.sessions.identities import leaving
from strata.sessions.identities.tables import logins_elsewhere
from strata.sessions.signed_in.sessions import PASSING

BACK = "/logout/callback/there"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        running.more = {"end_session_endpoint": f"{running.url}/end?tenant=1"}
        yield running


@pytest.fixture
def near(hub: Hub, issuer: Issuer) -> Hub:
    """A hub that knows an issuer, and octo, who has come from there."""
    near = beside(hub, provider(issuer))
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    return near


def leave(visitor: Visitor) -> Page:
    return visitor.submit("/settings/account", "/logout")


def way_there(page: Page) -> str:
    """Where the page offers to log out too; empty: it offers nothing."""
    found = re.search(r'href="(http://127[^"]+)"', page.text)
    return found[1] if found else ""


def kept(hub: Hub) -> int:
    with reading(hub) as call:
        return len(call.db.execute(sa.select(logins_elsewhere.c.digest)).all())


def test_the_way_there_is_offered_and_leads_back_here(near: Hub, issuer: Issuer) -> None:
    visitor = Visitor(near)
    through(visitor)
    left = leave(visitor)
    assert (left.status, left.headers["cache-control"]) == (200, "no-store")
    assert "Stay logged in there" in left.text
    assert visitor.open("/settings/account").place.startswith("/login")  # already out here
    place = urlsplit(way_there(left))
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{issuer.url}/end"
    assert asked["tenant"] == "1"
    assert asked["client_id"] == "strata-client"
    assert asked["id_token_hint"].count(".") == 2
    assert asked["post_logout_redirect_uri"] == f"http://hub.example.com{BACK}"

    home = visitor.open(f"{BACK}?state={asked['state']}")
    assert home.place == "/"
    assert "You are logged out there too." in visitor.open("/").text
    again = visitor.open(f"{BACK}?state={asked['state']}")
    assert "You are logged out there too." not in visitor.open(again.place).text


def test_the_way_back_leads_to_the_front_page_and_nowhere_else(near: Hub) -> None:
    visitor = Visitor(near)
    for query in ("", "?state=x", "?state=x&next=https://evil.example", "?post=//evil.example"):
        back = visitor.open(f"{BACK}{query}")
        assert back.place == "/"
        assert "logged out there" not in visitor.open("/").text


def test_nothing_is_offered_where_nobody_came_from_or_the_site_has_no_such_page(
    near: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    assert leave(confirmed(near, "li")).place == "/"
    for odd in (None, "", 5, "javascript:alert(1)", "//evil.example"):
        issuer.more = {"end_session_endpoint": odd} if odd is not None else {}
        clock.advance(PASSING.absolute)
        visitor = Visitor(near)
        assert through(visitor).status == 303
        assert leave(visitor).place == "/"


def test_the_token_of_one_person_is_never_offered_to_the_next_in_that_browser(
    near: Hub,
) -> None:
    confirmed(near, "li")
    visitor = Visitor(near)
    through(visitor)
    visitor.client.cookies.delete("sid")
    assert visitor.log_in("li").status == 303
    assert leave(visitor).place == "/"
    assert kept(near) == 1  # of the sign-up, in another browser


def test_a_long_token_stays_here_and_the_site_asks_by_itself(near: Hub, issuer: Issuer) -> None:
    issuer.person = Person(more={"blob": "x" * leaving.LONGEST_TOKEN})
    visitor = Visitor(near)
    through(visitor)
    there = way_there(leave(visitor))
    assert "id_token_hint" not in there
    assert "client_id" in there


def test_nothing_is_kept_longer_than_a_session_or_the_account(
    near: Hub, clock: FrozenClock
) -> None:
    through(Visitor(near))
    assert kept(near) == 2
    with reading(near) as call, working(call) as work:
        gone.delete(work, person(near, "octo"))
    assert kept(near) == 0

    visitor = Visitor(near)
    through(visitor)
    clock.advance(PASSING.absolute)
    with reading(near) as call, working(call) as work:
        leaving.forget_over(work)
    assert kept(near) == 0


def test_the_token_cannot_be_read_from_the_table(near: Hub) -> None:
    with reading(near) as call:
        (sealed,) = call.db.scalars(sa.select(logins_elsewhere.c.id_token)).all()
    assert b"eyJ" not in sealed
