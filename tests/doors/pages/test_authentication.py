"""Passwords, addresses and sessions, in a browser without scripts (product P05, P08, P09)."""

from datetime import timedelta

import pytest

from doors.pages.visitors import PASSWORD, Visitor, confirmed, letter, link_in
from fixtures.accounts import made
from fixtures.hubs import FrozenClock
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.membership import recovery

ACCOUNT, PAGE = "/settings/account", "/settings/authentication"
OTHER = "An0ther-Horse!"


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """A browser in which a confirmed person is logged in, who is not the first of the hub."""
    made(hub, "first-one", admin=True)
    return confirmed(hub, "li")


def asked(hub: Hub, who: str) -> str:
    """Ask for a link as a stranger; the place of the answer."""
    place = Visitor(hub).submit("/forgot-password", "/forgot-password", username=who).place
    while run_due(hub, {recovery.SendReset.kind: recovery.SendReset}):
        pass
    return place


def reset_link(hub: Hub) -> str:
    assert asked(hub, "li") == "/forgot-password?sent=1"
    return link_in(letter(hub, "li@example.com"))


def test_everybody_reads_the_same_who_asks(hub: Hub, li: Visitor) -> None:
    assert li.open(PAGE).status == 200
    places = {asked(hub, who) for who in ("li", "nobody", "li@example.com", "x@example.com", "?")}
    assert places == {"/forgot-password?sent=1"}
    assert "If there is such an account" in Visitor(hub).open(places.pop()).text


def test_a_link_changes_the_password_and_logs_nobody_in(hub: Hub, li: Visitor) -> None:
    link = reset_link(hub)
    elsewhere = Visitor(hub)
    form = elsewhere.open(link)
    assert form.headers["cache-control"] == "no-store"
    assert form.headers["referrer-policy"] in {"no-referrer", "strict-origin-when-cross-origin"}
    assert 'name="sign_out" value="on" checked' in form.text
    assert 'name="revoke_tokens" value="on">' in form.text.replace(
        ' aria-describedby="strata-revoke_tokens-hint"', ""
    )  # not ticked
    assert form.text.count('type="password"') == 1  # asked once, and shown on request
    weak = elsewhere.send(link, {**_csrf(elsewhere, link), "password": "short", "sign_out": "on"})
    assert weak.status == 400
    done = elsewhere.send(link, {**_csrf(elsewhere, link), "password": OTHER, "sign_out": "on"})
    assert done.place == "/login"
    assert elsewhere.open(PAGE).place.startswith("/login")
    assert li.open(PAGE).place.startswith("/login")  # signed out everywhere
    assert elsewhere.open(link).status == 404
    assert elsewhere.log_in("li").status == 401  # the old password
    assert elsewhere.log_in("li", OTHER).status == 303


@pytest.mark.usefixtures("li")
def test_expired_used_replaced_and_malformed_links_are_one_page(
    hub: Hub, clock: FrozenClock
) -> None:
    replaced, used = reset_link(hub), reset_link(hub)
    eve = Visitor(hub)
    assert eve.send(used, {**_csrf(eve, used), "password": OTHER}).place == "/login"
    expired = reset_link(hub)
    clock.advance(timedelta(hours=1))
    odd = ("x", "x" * 200, "..%2F", "%F0%9F%98%80", expired[len("/reset-password/") :][:-1])
    links = [replaced, used, expired, *(f"/reset-password/{token}" for token in odd)]
    for link in links:
        page = eve.open(link)
        assert (page.status, "This link does not work" in page.text) == (404, True), link
        assert 'href="/forgot-password"' in page.text
        csrf = eve.open("/forgot-password").hidden("/forgot-password")
        sent = eve.send(link, {**csrf, "password": "Yet-An0ther-Horse!"})
        assert (sent.status, "This link does not work" in sent.text) == (404, True), link
    assert Visitor(hub).log_in("li", OTHER).status == 303


def _csrf(visitor: Visitor, link: str) -> dict[str, str]:
    text = visitor.open(link).text
    return {"csrf_token": text.partition('name="csrf_token" value="')[2].partition('"')[0]}


def test_a_password_changes_with_the_current_one(hub: Hub, li: Visitor) -> None:
    other = Visitor(hub)
    other.log_in("li")
    action = f"{PAGE}/password"
    wrong = li.submit(PAGE, action, current_password="Wr0ng-Horse!", password=OTHER)
    assert (wrong.status, "This is not your password." in wrong.text) == (400, True)
    done = li.submit(PAGE, action, current_password=PASSWORD, password=OTHER)
    assert done.place == PAGE
    assert li.open(PAGE).status == 200
    assert other.open(PAGE).place.startswith("/login")


def test_other_browsers_stay_only_if_chosen_and_the_session_is_another(
    hub: Hub, li: Visitor
) -> None:
    other, thief = Visitor(hub), Visitor(hub)
    other.log_in("li")
    before = li.client.cookies["sid"]
    form = {"current_password": PASSWORD, "password": OTHER, "keep_others": "on"}
    assert li.submit(PAGE, f"{PAGE}/password", **form).place == PAGE
    assert (li.open(PAGE).status, other.open(PAGE).status) == (200, 200)
    thief.client.cookies.set("sid", before)
    assert thief.open(PAGE).place.startswith("/login")


def test_a_browser_is_signed_out_from_another_one(hub: Hub, li: Visitor) -> None:
    other = Visitor(hub)
    other.log_in("li")
    seen = li.open(PAGE)
    assert seen.text.count("This browser") == 1
    theirs = seen.text.partition('name="session" value="')[2].partition('"')[0]
    li.send(f"{PAGE}/sessions", seen.hidden(f"{PAGE}/sessions") | {"session": theirs})
    assert other.open(PAGE).place.startswith("/login")
    assert li.open(PAGE).status == 200


def test_nobody_signs_others_out(hub: Hub, li: Visitor) -> None:
    mallory = confirmed(hub, "mallory")
    form = mallory.open(PAGE).hidden(f"{PAGE}/password")
    for number in ("1", "2", "3", "x", "9" * 30):
        mallory.send(f"{PAGE}/sessions", form | {"session": number})
    assert li.open(PAGE).status == 200


def test_all_others_are_signed_out_at_once(hub: Hub, li: Visitor) -> None:
    others = [Visitor(hub) for _ in range(2)]
    for other in others:
        other.log_in("li")
    li.submit(PAGE, f"{PAGE}/sessions/others")
    assert [other.open(PAGE).status for other in (li, *others)] == [200, 303, 303]


def test_an_address_is_added_confirmed_made_primary_and_removed(hub: Hub, li: Visitor) -> None:
    emails = f"{ACCOUNT}/emails"
    assert li.submit(ACCOUNT, emails, email="wei@other.example").place == ACCOUNT
    assert "wei@other.example" in li.open(ACCOUNT).text
    link = link_in(letter(hub, "wei@other.example"))
    elsewhere = Visitor(hub)
    assert "press the button" in elsewhere.open(link).text
    assert "is confirmed" in elsewhere.send(link, _csrf(elsewhere, link)).text
    again = li.submit(ACCOUNT, emails, email="WEI@other.example")
    assert (again.status, "belongs to your account already" in again.text) == (400, True)

    change = f"{emails}/change"
    li.submit(ACCOUNT, change, key="wei@other.example", act="primary")
    refused = li.submit(ACCOUNT, change, key="wei@other.example", act="remove")
    assert (refused.status, "another address the primary" in refused.text) == (400, True)
    li.submit(ACCOUNT, change, key="li@example.com", act="remove")
    assert "li@example.com" not in li.open(ACCOUNT).text
    assert elsewhere.log_in("wei@other.example").status == 303
