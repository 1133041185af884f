"""Every way into an account, in every state of product §3.1: who tries holds all that opens it.

Li has a password, an authenticator app, a passkey, an SSH key and an access token; her browser is
signed in, another one is remembered, and a third one is half the way in. What each state leaves of
that stands in one table.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest

from doors.pages.standings import FAR, KEY, change, closed, locked, stand
from doors.pages.visitors import Page, Visitor, confirmed, token_in
from fixtures.accounts import calling, made, person
from fixtures.authenticators import Authenticator
from fixtures.factors import App, set_up
from fixtures.hubs import FrozenClock
from fixtures.log_ins import enter, shown, with_passkey
from strata.app.hub import LISTENERS, PERSONAL
from strata.core.actor import Actor, Standing
from strata.core.call import working
from strata.core.errors import StrataError
from strata.core.hub import Hub
from strata.credentials.keys.ssh import actor_for_key, add
from strata.membership.closing import gone, leave, suspend
from strata.sessions.signed_in.sessions import actor_for_session

LOCAL: Final = "http://localhost:8080"  # where passkeys are


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return replace(each_hub, listeners=LISTENERS, personal=PERSONAL)


@dataclass
class Held:
    """What opens Li's account."""

    hub: Hub
    signed_in: Visitor
    remembered: Visitor
    halfway: Visitor
    app: App
    passkey: Authenticator
    fingerprint: str
    token: str

    def ways(self) -> dict[str, str]:
        """What each of them opens now."""
        return {
            "session": _page(self.signed_in.open("/settings/account")),
            "password": _page(Visitor(self.hub, site=LOCAL).log_in("li")),
            "remembered": _page(self.remembered.log_in("li")),
            "second": self._second(),
            "passkey": _tried(lambda: enter(self.hub, shown(self.hub, self.passkey)).name),
            "key": _tried(self._key),
            "token": self._token(),
        }

    def _second(self) -> str:
        page = self.halfway.open("/login/2fa")
        if page.status != 200:
            return _page(page)
        fields = page.hidden("/login/2fa") | {"code": self.app.code(1)}
        return _page(self.halfway.send("/login/2fa", fields))

    def _key(self) -> str:
        with self.hub.database.reading() as db:
            actor = actor_for_key(db, self.hub, self.fingerprint)
        return actor.name or "" if actor else "nobody"

    def _token(self) -> str:
        client = Visitor(self.hub, site=LOCAL).client
        answer = client.get(
            "/api/whoami-v2",
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
        )
        return f"{answer.status_code} {answer.headers.get('x-error-code', '')}".strip()


def _page(page: Page) -> str:
    if page.status == 303:
        return "log in" if page.place.startswith("/login?") else page.place.partition("?")[0]
    for words in ("suspended", "new password first", "Try again in", "don't match"):
        if words in page.text:
            return words
    return str(page.status)


def _tried(act: Callable[[], str]) -> str:
    try:
        return act()
    except StrataError as error:
        return type(error).__name__


@pytest.fixture
def held(hub: Hub, clock: FrozenClock) -> Held:
    made(hub, "first", admin=True)
    confirmed(hub, "li")
    browser = Visitor(hub, site=LOCAL)
    browser.log_in("li")
    token = token_in(browser.make_token("laptop", "write"))
    app, _ = set_up(browser)
    cookie = browser.client.cookies["sid"]
    with calling(hub) as call:
        actor = actor_for_session(call.db, hub, cookie)
    assert isinstance(actor, Actor)
    key = with_passkey(hub, actor)
    with calling(hub, replace(actor, proved_until=FAR)) as call, working(call) as work:
        fingerprint = add(work, "laptop", KEY).fingerprint
    clock.advance(timedelta(seconds=60))
    signed_in, remembered, halfway = (Visitor(hub, site=LOCAL) for _ in range(3))
    for visitor in (signed_in, remembered):
        clock.advance(timedelta(seconds=60))
        assert visitor.log_in("li").place.startswith("/login/2fa")
        fields = {"code": app.code()}
        if visitor is remembered:
            fields["remember_device"] = "on"
        assert visitor.submit("/login/2fa", "/login/2fa", **fields).place == "/"
    remembered.submit("/settings/account", "/logout")
    assert halfway.log_in("li").place.startswith("/login/2fa")
    return Held(hub, signed_in, remembered, halfway, app, key, fingerprint, token)


def leaves(hub: Hub) -> None:
    user_id = person(hub, "li").id
    li = Actor(user_id=user_id, name="li", verified=True, session_id=0, proved_until=FAR)
    with calling(hub, li) as call, working(call) as work:
        leave.schedule(work)


OPEN: Final = {
    "session": "200", "password": "/login/2fa", "remembered": "/", "second": "/",
    "passkey": "li", "key": "li", "token": "200",
}  # fmt: skip
STATES: Final[dict[str, tuple[Callable[[Hub], object], dict[str, str]]]] = {
    "active": (lambda _hub: None, OPEN),
    # it concerns passwords only
    "locked": (locked, OPEN | {"password": "Try again in", "remembered": "Try again in"}),
    "suspended": (
        closed,
        {
            "session": "log in", "password": "suspended", "remembered": "suspended",
            "second": "suspended", "passkey": "AccountSuspended", "key": "AccountSuspended",
            "token": "403 AccountSuspended",
        },
    ),
    "must reset": (
        lambda hub: change(hub, lambda work: suspend.demand_password(work, person(hub, "li"))),
        OPEN
        | {
            "session": "log in", "password": "new password first", "second": "new password first",
            "remembered": "new password first", "passkey": "Forbidden",
        },
    ),
    # comes in, and finds the way to stay
    "deletion scheduled": (
        leaves, OPEN | {"session": "log in", "key": "Forbidden", "token": "403"},
    ),
    "pending approval": (
        lambda hub: stand(hub, Standing.PENDING), OPEN | {"key": "Forbidden", "token": "403"},
    ),
    "deleted": (
        lambda hub: change(hub, lambda work: gone.delete(work, person(hub, "li"))),
        {
            "session": "log in", "password": "don't match", "remembered": "don't match",
            "second": "log in", "passkey": "InvalidFields", "key": "nobody", "token": "401",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", list(STATES))
def test_what_opens_an_account_in_each_state(held: Held, state: str) -> None:
    come_about, left = STATES[state]
    come_about(held.hub)
    assert held.ways() == left


def test_who_waits_for_approval_comes_in_and_opens_nothing_else(held: Held) -> None:
    STATES["pending approval"][0](held.hub)
    li = held.remembered
    assert li.log_in("li").place == "/"
    assert "Keep my account" not in li.open("/settings/account").text
    assert (li.open("/settings/tokens/new").status, li.open("/new").status) == (403, 403)


def test_who_is_about_to_leave_may_look_and_write_nothing(held: Held) -> None:
    STATES["deletion scheduled"][0](held.hub)
    li = held.remembered
    assert li.log_in("li").place == "/"
    page = li.open("/settings/account")
    assert page.status == 200
    assert "Keep my account" in page.text
    fields = page.hidden("/logout")  # the forms themselves are not shown
    token = li.send("/settings/tokens/new", fields | {"name": "more", "role": "read"})
    assert token.status == 403
    made_one = li.send("/new", fields | {"owner": "li", "name": "another", "visibility": "public"})
    assert made_one.status == 403


def test_a_name_that_was_given_up_is_nobodys_for_a_while(held: Held, clock: FrozenClock) -> None:
    STATES["deleted"][0](held.hub)
    eve = Visitor(held.hub, site=LOCAL)
    begun = eve.begin("eve@example.com")
    assert begun.place == "/join?step=2"
    eve.take_time()
    agreed = {"username": "li", "full_name": "", "language": "en", "consents": "on"}
    assert "li is taken." in eve.submit("/join?step=2", "/join", **agreed).text
    clock.advance(timedelta(days=181))
    eve = Visitor(held.hub, site=LOCAL)
    assert eve.join("li", "eve@example.com").place == "/verify-email"


def test_staying_after_all_opens_everything_again(held: Held) -> None:
    STATES["deletion scheduled"][0](held.hub)
    li = held.remembered
    li.log_in("li")
    li.submit("/settings/account", "/settings/account/delete/cancel")
    li.submit("/settings/account", "/logout")
    ways = held.ways()
    assert ways == OPEN | {"session": "log in"}


def test_a_session_that_a_deleted_account_left_behind_opens_nothing(held: Held) -> None:
    """Its rows are gone; were one of them forgotten, it would still open nothing."""
    stand(held.hub, Standing.DELETED)
    assert held.ways() == {
        "session": "log in", "password": "don't match", "remembered": "don't match",
        "second": "log in", "passkey": "BadCredentials", "key": "AccountSuspended",
        "token": "403 AccountSuspended",
    }  # fmt: skip
