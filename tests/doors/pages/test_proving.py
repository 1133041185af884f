"""Acts that ask once more who sits there, in a browser without scripts (product §3.9)."""

import re
from datetime import timedelta

import pytest

from doors.pages.visitors import PASSWORD, Page, Visitor, code_in, confirmed, letter, token_in
from fixtures.accounts import calling
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, organization
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Role
from strata.core.call import working
from strata.core.hub import Hub

RENAME = "/settings/account/username"
ASK = "/settings/confirm-access"
STAY, MARK = "sudo_stay", "0123456789abcdef" * 2


@pytest.fixture
def aged(hub: Hub, clock: FrozenClock) -> Visitor:
    """A browser whose log-in is a quarter of an hour old."""
    visitor = confirmed(hub, "li")
    clock.advance(timedelta(minutes=15))
    return visitor


def cookie(visitor: Visitor) -> str:
    return visitor.client.cookies["sid"]


def test_a_fresh_log_in_is_not_asked(hub: Hub) -> None:
    answer = confirmed(hub, "li").submit("/settings/account", RENAME, username="wei")
    assert answer.place == "/settings/account"


def test_the_act_is_done_after_the_proof_and_nothing_before(aged: Visitor) -> None:
    asked = aged.submit("/settings/account", RENAME, username="wei")
    assert (asked.status, asked.headers["cache-control"]) == (403, "no-store")
    assert "Confirm that it is you" in asked.text
    assert aged.open("/li").status == 200

    done = aged.send(RENAME, asked.hidden(RENAME) | {"sudo_password": PASSWORD})

    assert done.place == "/settings/account"
    assert aged.open("/wei").status == 200


def test_a_wrong_password_proves_nothing_and_is_counted(aged: Visitor) -> None:
    asked = aged.submit("/settings/account", RENAME, username="wei")
    for _ in range(5):
        asked = aged.send(RENAME, asked.hidden(RENAME) | {"sudo_password": "Guess!ed1"})
        assert asked.status == 403
        assert "This is not your password." in asked.text
    limited = aged.send(RENAME, asked.hidden(RENAME) | {"sudo_password": PASSWORD})
    assert limited.status == 429
    assert aged.open("/wei").status == 404


def test_a_proof_renews_the_cookie_and_leaves_other_tabs_alone(hub: Hub, aged: Visitor) -> None:
    other_tab = aged.open("/settings/profile").hidden("/settings/profile")
    old = cookie(aged)
    asked = aged.submit("/settings/account", RENAME, username="wei")
    aged.send(RENAME, asked.hidden(RENAME) | {"sudo_password": PASSWORD})

    thief = Visitor(hub)
    thief.client.cookies.set("sid", old)
    assert cookie(aged) != old
    assert thief.open("/settings/profile").place.startswith("/login")
    saved = aged.send("/settings/profile", other_tab | {"full_name": "Li Wei"})
    assert saved.place == "/settings/profile"


def test_another_session_is_asked_all_the_same(hub: Hub, aged: Visitor) -> None:
    second = Visitor(hub)
    second.log_in("li")
    assert aged.submit("/settings/account", RENAME, username="wei").status == 403


def test_the_page_that_asks_leads_on_within_the_site(aged: Visitor) -> None:
    asked = aged.open(f"{ASK}?next=//evil.example")
    done = aged.send(ASK, asked.hidden(ASK) | {"sudo_password": PASSWORD})
    assert done.place == "/"
    assert Visitor(aged.hub).open(ASK).place.startswith("/login")


def test_the_proof_does_not_excuse_a_forged_form(aged: Visitor) -> None:
    forged = aged.send(RENAME, {"username": "wei", "sudo_password": PASSWORD, "csrf_token": "x"})
    assert forged.status == 400
    assert aged.open("/wei").status == 404


def left_there(answer: Page) -> bool:
    """The browser stays on its page, whose script finds a cookie that tells why."""
    told = f"proof-{MARK}=wanted; Max-Age=20; Path=/; SameSite=strict"
    return (answer.status, answer.cookies, answer.text) == (204, [told], "")


def test_a_page_that_asks_by_itself_is_left_as_it_is_and_nothing_is_done(aged: Visitor) -> None:
    form = aged.open("/settings/account").hidden(RENAME) | {"username": "wei", STAY: MARK}
    before = cookie(aged)
    answer = aged.send(RENAME, form)
    assert left_there(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert (cookie(aged), aged.open("/wei").status) == (before, 404)

    # What its dialog sends is the form of the very page that asks without scripts.
    proved = aged.submit(ASK, ASK, sudo_password=PASSWORD)
    assert (proved.status, proved.place) == (303, "/settings")
    assert not left_there(aged.send(RENAME, form))
    assert aged.open("/wei").status == 200


def test_a_refused_proof_in_the_dialog_is_counted_with_all_others(aged: Visitor) -> None:
    for _ in range(5):
        wrong = aged.submit(ASK, ASK, sudo_password="Guess!ed1")
        assert (wrong.status, "This is not your password." in wrong.text) == (403, True)
    limited = aged.submit(ASK, ASK, sudo_password=PASSWORD)
    assert limited.status == 429
    assert re.search("data-failure>[^<]*Try again in", limited.text)


def test_a_mailed_code_that_was_mistyped_can_be_typed_again(hub: Hub, aged: Visitor) -> None:
    with calling(hub, SYSTEM) as call, working(call) as work:
        work.db.execute(users.update().values(password_hash=None))
    asked = aged.open(ASK)
    assert 'name="sudo_code"' not in asked.text
    told = aged.send(ASK, asked.hidden(ASK) | {"sudo_mail": "on"})
    assert (told.status, 'name="sudo_code"' in told.text) == (403, True)
    code = code_in(letter(hub, "li@example.com"))
    sent = told.hidden(ASK) | {"sudo_code": "000000" if code != "000000" else "111111"}
    wrong = aged.send(ASK, {name: value for name, value in sent.items() if name != "sudo_mail"})
    assert (wrong.status, "That code is wrong or expired." in wrong.text) == (403, True)
    assert 'name="sudo_code"' in wrong.text
    csrf = wrong.hidden(ASK)["csrf_token"]
    assert aged.send(ASK, {"csrf_token": csrf, "sudo_code": code}).status == 303


@pytest.mark.parametrize("mark", ["", "1", "G" * 32, "a" * 33, "a" * 31 + "\n", "a; Path=/x" * 4])
def test_only_a_mark_of_our_script_has_a_form_stay(aged: Visitor, mark: str) -> None:
    asked = aged.submit("/settings/account", RENAME, username="wei", **{STAY: mark})
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)
    assert STAY not in asked.text  # the page that asks sends the form alone again
    assert not asked.cookies


def test_the_page_that_asks_answers_with_itself_whatever_its_scripts_add(aged: Visitor) -> None:
    asked = aged.submit("/settings/account", RENAME, username="wei")
    wrong = asked.hidden(RENAME) | {"sudo_password": "Guess!ed1", STAY: MARK}
    answer = aged.send(RENAME, wrong)
    assert (answer.status, "This is not your password." in answer.text) == (403, True)


def test_what_needs_no_proof_is_done_at_once(aged: Visitor) -> None:
    action = "/settings/tokens/new"
    form = aged.open(action).hidden(action) | {"name": "ci", "role": "read", STAY: MARK}
    assert token_in(aged.send(action, form))


def test_a_forged_form_is_told_nothing_of_a_proof(hub: Hub, aged: Visitor) -> None:
    form = aged.open("/settings/account").hidden(RENAME) | {"username": "wei", STAY: MARK}
    for answer in (
        aged.send(RENAME, form | {"csrf_token": "x"}),
        aged.send(RENAME, form, Origin="https://evil.example"),
        aged.send(RENAME, form, **{"Sec-Fetch-Site": "cross-site"}),
        Visitor(hub).send(RENAME, form),
    ):
        assert answer.status in {400, 401, 403}
        assert not [one for one in answer.cookies if one.startswith("proof-")]
        assert "Confirm that it is you" not in answer.text
    assert aged.open("/wei").status == 404
    for path in (ASK, "/settings/account"):
        page = aged.open(path)
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_acts_on_repos_that_cannot_be_taken_back_ask(hub: Hub, clock: FrozenClock) -> None:
    visitor = confirmed(hub, "li")
    visitor.submit("/new", "/new", name="thing", visibility="private")
    place = "/li/thing/settings"
    forms = {
        "visibility": {"visibility": "public", "public_name": "li/thing"},
        "rename": {"new_name": "other"},
        "delete": {"delete_name": "li/thing"},
    }
    clock.advance(timedelta(minutes=15))
    form = visitor.open(place).hidden(place)
    asked = {
        name: visitor.send(place, form | {"form": name} | fields) for name, fields in forms.items()
    }
    assert {(one.status, "Confirm that it is you" in one.text) for one in asked.values()} == {
        (403, True)
    }
    assert Visitor(hub).open("/li/thing").status == 404
    done = visitor.send(place, asked["delete"].hidden(place) | {"sudo_password": PASSWORD})
    assert done.status == 303
    assert visitor.open("/li/thing").status == 404


def test_changes_of_admins_ask_and_those_of_others_do_not(hub: Hub, clock: FrozenClock) -> None:
    visitor = confirmed(hub, "li")
    confirmed(hub, "wei")
    organization(hub, "li")
    joins(hub, "wei", Role.READ)
    clock.advance(timedelta(minutes=15))
    place = "/organizations/acme/settings/members"
    form = visitor.open(place).hidden(place)
    write = form | {"form": "role", "user": "wei", "role": "write"}
    assert visitor.send(place, write).status == 303
    assert visitor.send(place, write | {"role": "admin"}).status == 403


def test_an_access_token_is_asked_for_no_proof(hub: Hub, clock: FrozenClock) -> None:
    visitor = confirmed(hub, "li")
    token = token_in(visitor.make_token("laptop", "write"))
    clock.advance(timedelta(minutes=15))
    bearer = {"Authorization": f"Bearer {token}"}
    client = Visitor(hub).client
    body = {"name": "thing", "private": True}
    assert client.post("/api/repos/create", json=body, headers=bearer).status_code == 200
    gone = client.request("DELETE", "/api/repos/delete", json={"name": "thing"}, headers=bearer)
    assert gone.status_code == 200
