"""The cards on which people decide, on whatever they hold in their hands (product §2.2 P06)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page as Window, expect

from doors.pages.applications import CONNECTED, address, answered, decided
from doors.pages.visitors import Visitor, confirmed
from fixtures.accounts import calling, made, person
from fixtures.browsers import chromium
from fixtures.hubs import FrozenClock
from fixtures.oauth import COMMAND_LINE, application
from fixtures.organizations import organization
from fixtures.shown_repos import served, session_of
from strata.core.call import Origin
from strata.core.hub import Hub
from strata.credentials.oauth import consents
from strata.credentials.oauth.device import polling, starting
from strata.sessions.signed_in.sessions import PROVED_FOR


@pytest.fixture
def ana(hub: Hub) -> Iterator[Visitor]:
    application(hub)
    visitor = confirmed(hub, "ana")
    with visitor.client:
        yield visitor


def waiting(hub: Hub) -> starting.Codes:
    """Have the library ask, from somewhere else."""
    origin = Origin(ip="198.51.100.9", user_agent="python-httpx2/2.4; hf_hub/2.4.0")
    with calling(hub, origin=origin) as call:
        return starting.start(call, COMMAND_LINE, "")


def test_a_device_card_says_what_asks_from_where_when_and_for_what(
    hub: Hub, ana: Visitor, clock: FrozenClock
) -> None:
    code = waiting(hub).user_code
    asked_at = clock()
    clock.advance(timedelta(minutes=3))
    typing = ana.open("/device")
    assert "Only continue if you started this yourself, on your own machine" in typing.text
    card = ana.submit("/device", "/device", user_code=code)
    for words in (
        "Authorize Hub CLI / Python library?",
        f"A program with the code {code} wants to act for your account ana.",
        "198.51.100.9",
        "python-httpx2/2.4; hf_hub/2.4.0",
        f'datetime="{asked_at.isoformat()}"',
        "Read your private repositories, and change your files",
        "Open and answer discussions and pull requests in your name",
        "Create, change and delete your collections",
        "See your e-mail address",
        "What you authorize lasts at most a year.",
        "Only continue if you started this yourself, on your own machine",
    ):
        assert words in card.text, words
    assert "the same address as yours" not in card.text
    denied = ana.send("/device", card.hidden("/device") | {"decision": "deny"})
    assert "Not authorized" in denied.text
    assert "was turned away and cannot use your account" in denied.text
    late = ana.send("/device", card.hidden("/device") | {"decision": "allow"})
    assert "This code is wrong, was used already" in late.text
    assert late.status == 400  # as every form that did nothing
    assert "Hub CLI" not in ana.open(CONNECTED).text


def test_a_code_that_grew_old_and_one_too_many_wrong_ones(
    hub: Hub, ana: Visitor, clock: FrozenClock
) -> None:
    code = waiting(hub).user_code
    clock.advance(timedelta(minutes=15))
    assert "no longer valid" in ana.submit("/device", "/device", user_code=code).text
    for _ in range(9):
        assert ana.submit("/device", "/device", user_code="BBBB-BBBB").status == 400
    blocked = ana.submit("/device", "/device", user_code=waiting(hub).user_code)
    assert blocked.status == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 15 * 60
    assert "Too many" in blocked.text


def test_a_person_picks_the_organizations_on_either_card(
    hub: Hub, ana: Visitor, clock: FrozenClock
) -> None:
    clock.advance(PROVED_FOR)  # nobody asks once more who sits there (product §3.11)
    ids = [organization(hub, "ana", name).public_id for name in ("hers", "other")]
    shown = waiting(hub)
    card = ana.submit("/device", "/device", user_code=shown.user_code)
    for public_id in ids:  # the library acts wherever its person may
        assert re.search(rf'name="org-{public_id}"[^>]* checked', card.text)
    proof = card.hidden("/device")
    ana.send("/device", proof | {"decision": "allow", f"org-{ids[0]}": "on"})
    with calling(hub) as call:
        polling.poll(call, polling.Poll(COMMAND_LINE, shown.device_code))
    assert "Also in these organizations: hers<" in ana.open(CONNECTED).text

    application(hub, "reader", scopes="openid profile read-repos")
    path = address("reader", scope="openid read-repos", orgIds=ids[1])
    page = ana.open(path)
    ticked = [bool(re.search(rf'name="org-{one}"[^>]* checked', page.text)) for one in ids]
    assert ticked == [False, True]  # what the application proposes, and no more
    answered(decided(ana, path, "allow", **{f"org-{ids[1]}": "on", f"org-{'0' * 24}": "on"}))
    with calling(hub) as call:
        (one,) = [
            consent
            for consent in consents.connected(call, person(hub, "ana").id)
            if consent.app.name == "reader"
        ]
        chosen = consents.of(call, one.app, person(hub, "ana").id)
    assert chosen is not None
    assert len(chosen.organizations) == 1


FIRST = re.compile("Continue|继续")
ALLOW = re.compile("Authorize|授权")
DENY = re.compile("Deny|拒绝")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_on_a_phone_a_code_is_pasted_as_it_comes_and_buttons_fit_a_thumb(
    hub: Hub, language: str
) -> None:
    organization_owner = made(hub, "ana", password=None)
    organization(hub, "ana", "an-organization-with-quite-a-long-name-of-its-own")
    codes_shown = waiting(hub).user_code
    # What chats and terminals make of a code.
    pasted = f"  {codes_shown[:2].lower()}{codes_shown[2:4]}\u2013{codes_shown[5:]}\t. "
    with served(hub) as base, chromium() as browser:
        context = browser.new_context(
            locale=language, viewport={"width": 320, "height": 640}, has_touch=True
        )
        session = session_of(hub, organization_owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/device")
        for text in (f"http://localhost:8080/device?user_code={codes_shown}", pasted):
            page.locator("[name=user_code]").fill(text)
            expect(page.locator("[name=user_code]")).to_have_value(codes_shown)
        fits(page, FIRST)
        page.get_by_role("main").get_by_role("button", name=FIRST).tap()
        fits(page, ALLOW, DENY)
        page.get_by_role("main").get_by_role("button", name=ALLOW).tap()
        expect(page.get_by_role("heading", name=re.compile("You are done|已完成"))).to_be_visible()


def fits(page: Window, *names: re.Pattern[str]) -> None:
    """Nothing is cut off, and every button is at least 44 pixels high and wide."""
    for name in names:
        box = page.get_by_role("main").get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44, (name, box)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
