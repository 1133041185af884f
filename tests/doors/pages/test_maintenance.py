"""A hub that is being maintained sends everybody away, and says for how long (product S-001)."""

import re
from datetime import timedelta

import pytest

from doors.pages.visitors import Page, Visitor, confirmed
from doors.pages.writes import address
from fixtures.accounts import made
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.questions import body
from strata.core import maintenance
from strata.core.hub import Hub
from strata.web.entrance import UNPAUSED
from strata.web.paths import Route
from strata.web.routes import ROUTES


@pytest.fixture
def closed(hub: Hub, clock: FrozenClock) -> Visitor:
    """Give the browser of a member, after an operator closed the hub for half an hour."""
    created(hub, made(hub, "owner"), "thing")
    member = confirmed(hub, "member")
    maintenance.begin(hub.settings.data, clock() + timedelta(minutes=30))
    return member


def asked(visitor: Visitor, method: str, route: Route) -> Page:
    content, kind = body(route)
    headers = {"Content-Type": kind}
    return Page(visitor.client.request(method, address(route), content=content, headers=headers))


def test_every_door_answers_503_and_what_watches_the_hub_goes_on(closed: Visitor) -> None:
    for route in ROUTES:
        for method in sorted(route.methods):
            page = asked(closed, method, route)
            if route.template in UNPAUSED:
                assert page.status in ({404} if "static" in route.template else {200}), (
                    route.template
                )
                continue
            assert (page.status, page.headers["retry-after"]) == (503, "1800"), route.template
    assert closed.open("/nothing/like/this/at/all").status == 503


def test_people_read_a_page_in_their_language_that_asks_no_database(
    closed: Visitor, hub: Hub
) -> None:
    hub.database.close()
    page = closed.open("/")
    assert "The site is not available right now" in page.text
    assert "Try again in 30 minutes." in page.text
    assert page.headers["cache-control"] == "no-store"
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert sheets
    assert all(closed.client.get(sheet).status_code == 200 for sheet in sheets)
    chinese = Visitor(hub, language="zh-CN").open("/")
    assert (chinese.status, 'lang="zh-CN"' in chinese.text) == (503, True)
    assert "30分钟" in chinese.text.replace(" ", "")


def test_programs_are_told_in_the_header_that_they_print(closed: Visitor) -> None:
    answer = closed.client.post(
        "/api/models/owner/thing/commit/main", content=b"x" * 100_000, headers={"Accept": "*/*"}
    )
    assert answer.status_code == 503
    told = "This site is being maintained. Try again in 1800 seconds."
    assert (answer.headers["x-error-message"], answer.json()) == (told, {"error": told})


def test_it_stays_closed_until_somebody_opens_it(
    closed: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    clock.advance(timedelta(minutes=45))
    assert closed.open("/").headers["retry-after"] == str(maintenance.LEAST_WAIT_S)
    (hub.settings.data / "maintenance").write_text("half a li")
    assert closed.open("/").status == 503
    assert maintenance.end(hub.settings.data)
    assert not maintenance.end(hub.settings.data)
    assert closed.open("/").status == 200
