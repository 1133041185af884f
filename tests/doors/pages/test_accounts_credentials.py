"""How a token or a session reaches the hub, and what is left when it is over."""

import base64
import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed, token_in
from fixtures.counting import counted
from fixtures.hubs import FrozenClock
from strata.app.serving import build_app
from strata.core.hub import Hub
from strata.credentials.uses import FLUSH_EVERY_S
from strata.sessions.signed_in import csrf
from strata.web.work import Tallies

WHOAMI = "/api/whoami-v2"
HOST = "hub.example.com"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_bearer_and_basic_with_any_name_carry_a_token(hub: Hub) -> None:
    value = token_in(confirmed(hub, "li-wei").make_token("ci"))
    client = Visitor(hub).client
    for header in (f"Bearer {value}", basic("anyone", value), basic(value, "")):
        answer = client.get(WHOAMI, headers={"Authorization": header})
        assert answer.status_code == 200, header
        assert answer.json()["name"] == "li-wei"


def test_a_password_is_no_token_and_the_answer_says_so_whosever_it_is(hub: Hub) -> None:
    confirmed(hub, "li-wei")
    client = Visitor(hub).client
    answers = []
    for user, password in (("li-wei", PASSWORD), ("li-wei", "Wr0ng-Horse!"), ("nobody", PASSWORD)):
        for path in (WHOAMI, "/li-wei/x.git/info/refs?service=git-upload-pack"):
            answer = client.get(path, headers={"Authorization": basic(user, password)})
            assert answer.status_code == 401
            assert "Passwords are not accepted here. Create an access token" in answer.text
            wire = "Invalid credentials in Authorization header"
            assert answer.headers["x-error-message"] == wire
            answers.append(answer.text)
    assert len(set(answers)) == 2  # of the API, and of git
    wrong = client.get(WHOAMI, headers={"Authorization": basic("li-wei", f"hf_{'a' * 34}")})
    assert "Passwords" not in wrong.text


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_a_token_in_the_address_is_refused_with_a_reason(hub: Hub, name: str) -> None:
    value = token_in(confirmed(hub, "li-wei").make_token("ci"))
    client = Visitor(hub).client
    for path in (WHOAMI, "/api/models"):
        answer = client.get(path, params={name: value})
        assert answer.status_code == 400
        assert "Authorization: Bearer" in answer.json()["error"]
        assert value not in answer.text + str(answer.headers)


@pytest.mark.parametrize("path", ["/api/models", "/api/datasets"])
def test_an_empty_bearer_is_nobody_and_a_wrong_one_is_refused_on_public_content(
    hub: Hub, path: str
) -> None:
    client = Visitor(hub).client
    assert client.get(path, headers={"Authorization": "Bearer "}).status_code == 200
    wrong = client.get(path, headers={"Authorization": f"Bearer hf_{'a' * 34}"})
    assert wrong.status_code == 401
    assert wrong.headers["x-error-message"] == "Invalid credentials in Authorization header"


@pytest.mark.parametrize("header", ["Bearer ", "Bearer TOKEN", "Basic TOKEN", "RemoteAuth x"])
def test_a_cookie_counts_only_where_nothing_else_is_shown(hub: Hub, header: str) -> None:
    """Product §3.8: the cookie of somebody else, or of the same person, adds nothing to a token."""
    other = token_in(confirmed(hub, "li-wei").make_token("ci"))
    browser = confirmed(hub, "ana")
    told = {"Accept": "application/json"}
    assert browser.client.get(WHOAMI, headers=told).json()["name"] == "ana"
    shown = header.replace("Basic TOKEN", basic("x", other)).replace("TOKEN", other)
    answer = browser.client.get(WHOAMI, headers={**told, "Authorization": shown})
    if other in shown or shown.startswith("Basic"):
        assert answer.json()["name"] == "li-wei"
    else:
        assert answer.status_code == 401
    body = {"name": "thing", "type": "model"}
    made = browser.client.post("/api/repos/create", json=body, headers={"Authorization": shown})
    assert made.status_code in {401, 403}  # a token that only reads, or nobody


@pytest.mark.parametrize(
    "page", ["profile", "account", "authentication", "tokens", "keys", "applications", "webhooks"]
)
def test_no_token_opens_a_page_of_the_settings(hub: Hub, page: str) -> None:
    browser = confirmed(hub, "li-wei")
    bearer = f"Bearer {token_in(browser.make_token('all', 'write'))}"
    place = f"/settings/{page}"
    assert browser.open(place).status == 200
    for visitor in (Visitor(hub), browser):  # also beside the cookie, which then does not count
        answer = visitor.open(place, Authorization=bearer)
        assert (answer.status, answer.place.partition("?")[0]) == (303, "/login")


def test_the_list_says_when_a_token_was_used_once_uses_are_written_down(
    hub: Hub, clock: FrozenClock
) -> None:
    owner = confirmed(hub, "li-wei")
    value = token_in(owner.make_token("ci"))
    assert "Never used" in owner.open("/settings/tokens").text

    tallies = Tallies.of(hub.settings)
    script = TestClient(build_app(hub, tallies=tallies), base_url=SITE)
    clock.advance(timedelta(hours=1))
    assert script.get(WHOAMI, headers={"Authorization": f"Bearer {value}"}).status_code == 200
    tallies.uses.flush(hub)

    listed = owner.open("/settings/tokens").text
    assert "Never used" not in listed
    assert "Last used" in listed
    assert clock().isoformat()[:13] in listed


def test_what_a_token_reads_writes_nothing_and_its_uses_one_row_a_minute(
    hub: Hub, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = token_in(confirmed(hub, "li-wei").make_token("ci"))
    tallies = Tallies.of(hub.settings)
    script = TestClient(build_app(hub, tallies=tallies), base_url=SITE)
    bearer = {"Authorization": f"Bearer {value}"}
    with counted(monkeypatch) as read:
        for _ in range(30):
            clock.advance(timedelta(seconds=1))
            assert script.get(WHOAMI, headers=bearer).status_code == 200
            assert script.get("/api/models", headers=bearer).status_code == 200
    assert [said for said in read if re.match("INSERT|UPDATE|DELETE", said)] == []

    with counted(monkeypatch) as written:
        tallies.uses.flush(hub)
        tallies.uses.flush(hub)
    assert sum(count for said, count in written.items() if said.startswith("UPDATE tokens")) == 1
    assert FLUSH_EVERY_S >= 60


def test_a_session_that_was_planted_before_the_log_in_is_worth_nothing(hub: Hub) -> None:
    confirmed(hub, "li-wei")
    victim, attacker = Visitor(hub), Visitor(hub)
    for browser in (victim, attacker):
        browser.client.cookies.set("sid", "chosen-by-an-attacker", domain=HOST, path="/")
    assert victim.log_in("li-wei").status == 303

    assert victim.open("/settings/account").status == 200
    assert attacker.open("/settings/account").place.startswith("/login")


def test_a_form_cookie_that_somebody_made_up_is_none(hub: Hub) -> None:
    """A neighbouring site may set cookies; even with a proof that fits, only ours count."""
    confirmed(hub, "li-wei")
    victim = Visitor(hub)
    victim.client.cookies.set("form", "made-up", domain=HOST, path="/")
    fields = {"username": "li-wei", "password": PASSWORD}
    forged = victim.send("/login", fields | {"csrf_token": csrf.token_for(hub, "made-up")})

    assert forged.status == 400
    assert "made-up" not in victim.open("/login").cookies[0]
    assert victim.open("/settings/account").place.startswith("/login")


def test_a_log_in_over_somebody_elses_session_ends_that_one(hub: Hub) -> None:
    confirmed(hub, "li-wei")
    attacker, victim = confirmed(hub, "attacker"), Visitor(hub)
    planted = attacker.client.cookies["sid"]
    victim.client.cookies.set("sid", planted, domain=HOST, path="/")
    proof = victim.open("/settings/account").hidden("/logout")
    entered = victim.send("/login", proof | {"username": "li-wei", "password": PASSWORD})

    assert entered.status == 303
    assert not any(planted in cookie for cookie in entered.cookies)
    assert attacker.open("/settings/account").place.startswith("/login")
