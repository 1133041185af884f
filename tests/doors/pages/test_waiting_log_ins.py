"""The pages of a log-in that waits for a link by mail."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Page, Visitor, confirmed, letter, link_in
from fixtures.hubs import FrozenClock
from strata.accounts.tables import attempts
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.sessions.entering.waiting import LIFE, SendLogInLink

WRONG = "Wrong-Horse!b"
JOBS = {SendLogInLink.kind: SendLogInLink}


@pytest.fixture
def alice(hub: Hub, clock: FrozenClock) -> Visitor:
    """A person whose account is under attack; her own browser is known."""
    visitor = confirmed(hub, "alice")
    visitor.send("/logout", visitor.open("/settings/account").hidden("/logout"))
    for _ in range(2):
        assert Visitor(hub).log_in("alice", WRONG).status == 401
        of_person = attempts.c.key.startswith("login.person:")
        with hub.database.writing() as db:
            db.execute(sa.update(attempts).where(of_person).values(count=attempts.c.count + 18))
        clock.advance(timedelta(minutes=6))  # all of them come from one address
    return visitor


def mailed(hub: Hub) -> str:
    while run_due(hub, JOBS):
        pass
    return link_in(letter(hub, "alice@example.com"))


def bare(page: Page) -> tuple[object, ...]:
    """An answer without what is drawn by lot."""
    random = re.compile(r"waiting=[^:]{43}:|value=\"[0-9a-f]{64}\"|req_\w+|nonce-[\w-]+")
    headers = sorted(f"{name}: {value}" for name, value in page.headers.items())
    kept = [line for line in headers if not line.startswith(("x-request-id", "date"))]
    return page.status, random.sub("*", page.text), [random.sub("*", line) for line in kept]


def test_a_new_browser_goes_on_with_the_link_and_a_known_one_needs_none(
    hub: Hub, alice: Visitor
) -> None:
    assert alice.log_in("alice").place == "/"

    phone = Visitor(hub)
    page = phone.open("/login?next=/settings/tokens")
    fields = page.hidden("/login") | {"username": "alice", "password": PASSWORD, "remember": "on"}
    waits = phone.send("/login", fields)
    assert waits.place == "/login/mailed?next=%2Fsettings%2Ftokens"
    assert not [cookie for cookie in waits.cookies if cookie.startswith("sid=")]
    told = phone.open(waits.place)
    assert "If the name and the password are right, a mail with a link is on its way" in told.text
    assert phone.open("/settings/tokens").place.startswith("/login")

    link = mailed(hub)
    looked = phone.open(link)
    assert looked.status == 200
    assert phone.open(link).status == 200  # looking changes nothing
    entered = phone.send(link, _token(looked))
    assert entered.place == "/settings/tokens"
    assert any("Max-Age=7776000" in cookie for cookie in entered.cookies)  # 90 days, as wanted
    assert phone.open("/settings/account").status == 200

    again = phone.open(link)
    assert again.status == 404
    assert "This link does not work" in again.text


@pytest.mark.usefixtures("alice")
def test_right_and_wrong_get_the_same_answer_to_the_letter(hub: Hub) -> None:
    answers = []
    for password in (PASSWORD, WRONG):
        stranger = Visitor(hub)
        waits = stranger.log_in("alice", password)
        answers.append([bare(waits), bare(stranger.open(waits.place))])
    assert answers[0] == answers[1]


def test_the_mail_alone_opens_nothing(hub: Hub, alice: Visitor) -> None:
    """The owner opens the link of an attacker who knows the password: nobody gets in."""
    attacker = Visitor(hub)
    attacker.log_in("alice")
    link = mailed(hub)

    looked = alice.open(link)
    assert looked.status == 200
    assert "Your log-in waits in another browser" in looked.text
    assert '<form class="panel"' not in looked.text
    refused = alice.send(link, alice.open("/login").hidden("/login"))
    assert "Your log-in waits in another browser" in refused.text
    assert attacker.open("/settings/account").place.startswith("/login")


@pytest.mark.usefixtures("alice")
def test_a_link_needs_the_form_of_the_page(hub: Hub) -> None:
    phone = Visitor(hub)
    phone.log_in("alice")
    link = mailed(hub)
    assert phone.send(link, {}).status == 400
    assert phone.send(link, {"csrf_token": "0" * 64}).status == 400
    own = _token(phone.open(link))
    assert Visitor(hub).send(link, own).status == 400


@pytest.mark.usefixtures("alice")
def test_the_log_in_waits_ten_minutes(hub: Hub, clock: FrozenClock) -> None:
    phone = Visitor(hub)
    phone.log_in("alice")
    link = mailed(hub)
    fields = _token(phone.open(link))
    clock.advance(LIFE)
    assert phone.send(link, fields).status == 404


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example"])
def test_the_way_on_stays_here(hub: Hub, onward: str) -> None:
    phone = Visitor(hub)
    fields = phone.open("/login").hidden("/login")
    waits = phone.send(
        "/login", fields | {"username": "alice", "password": PASSWORD, "next": onward}
    )
    assert waits.place == "/login/mailed?next=%2F"
    held = phone.client.cookies["waiting"].partition(":")[0]
    del phone.client.cookies["waiting"]
    phone.client.cookies.set("waiting", f"{held}:{quote(onward, safe='')}")
    link = mailed(hub)
    assert phone.send(link, _token(phone.open(link))).place == "/"


def test_a_site_that_wants_it_has_every_new_browser_confirmed(hub: Hub) -> None:
    accounts = replace(hub.settings.accounts, confirm_new_browsers=True)
    strict = replace(hub, settings=replace(hub.settings, accounts=accounts))
    confirmed(hub, "alice")  # in a browser of her own
    laptop = Visitor(strict)
    assert "don't match" in laptop.log_in("alice", WRONG).text
    assert laptop.log_in("alice").place.startswith("/login/mailed")
    link = mailed(strict)
    assert laptop.send(link, _token(laptop.open(link))).place == "/"
    laptop.send("/logout", laptop.open("/settings/account").hidden("/logout"))
    assert laptop.log_in("alice").place == "/"


def _token(page: Page) -> dict[str, str]:
    """The proof in a form that goes back to its own address."""
    return dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', page.text))
