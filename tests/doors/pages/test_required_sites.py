"""Domains whose people come in through one site alone (product §2.2 P03: SSO-enforced domain).

Eve has stolen passwords and a passkey, and asks who has an account; Ana works at example.com.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doors.pages.elsewhere import beside, joined, provider, through
from doors.pages.visitors import PASSWORD, Page, Visitor, confirmed, letter, link_in
from fixtures.accounts import calling, fact_names, person
from fixtures.factors import set_up
from fixtures.hubs import FrozenClock
from fixtures.issuers import Issuer, Person, issuing
from fixtures.log_ins import enter, shown, with_passkey
from strata.accounts.factors import passkeys
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.errors import LogInElsewhere
from strata.core.hub import Hub
from strata.core.settings.providers import load_providers
from strata.core.settings.refusal import BadSettings
from strata.events.jobs import run_due
from strata.membership.closing import suspend
from strata.membership.recovery import SendReset
from strata.sessions.entering.waiting import SendLogInLink
from strata.sessions.signed_in.sessions import actor_for_session

ANA = Person(subject="7", login="ana", email="ana@example.com")
MINE: dict[str, Any] = {"required_domains": ("Example.com",)}
OTHERS = ("example.org", "an.example.com", "example.com.evil.example", "notexample.com")


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        running.person = ANA
        yield running


@pytest.fixture
def free(hub: Hub, issuer: Issuer) -> Hub:
    """The hub before its operator required anything; Ana has a password, and so has Bo."""
    before = beside(hub, provider(issuer))
    confirmed(before, "ana")
    confirmed(before, "bo")
    return before


@pytest.fixture
def strict(free: Hub, issuer: Issuer) -> Hub:
    return replace(free, providers=(provider(issuer, **MINE),))


def way_of(page: Page) -> str:
    """Where the page leads that leads to the site; empty: it is none."""
    assert page.headers.get("x-error-code", "LogInElsewhere") == "LogInElsewhere"
    found = re.search(r'href="(/login/with/[^"]+)"', page.text)
    return found[1] if page.status == 403 and found else ""


def csrf_on(page: Page) -> str:
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def with_accounts(hub: Hub, **more: Any) -> Hub:
    return replace(
        hub, settings=replace(hub.settings, accounts=replace(hub.settings.accounts, **more))
    )


def moved(visitor: Visitor, hub: Hub) -> Visitor:
    """The same browser, at the hub as its operator has set it now."""
    later = Visitor(hub)
    later.client.cookies = visitor.client.cookies
    return later


def api(hub: Hub, path: str, **body: object) -> tuple[int, str | None]:
    answer = Visitor(hub).client.post(path, json=body, headers={"Accept": "application/json"})
    return answer.status_code, answer.headers.get("x-error-code")


def test_programs_of_old_are_no_way_around(free: Hub, strict: Hub) -> None:
    """S-042: a password alone is not enough there either, wherever it is typed."""
    old = with_accounts(strict, legacy_password_login=True)
    for name in ("ana", "ana@example.com"):
        status, code = api(old, "/api/login", username=name, password=PASSWORD)
        assert (status, code) == (403, "LogInElsewhere")
    before = with_accounts(free, legacy_password_login=True)
    assert api(before, "/api/login", username="ana", password=PASSWORD)[0] == 200


@pytest.mark.parametrize("typed", ["ana@example.com", " ANA@Example.COM ", "nobody@example.com"])
@pytest.mark.parametrize("password", [PASSWORD, "Wr0ng!aaa", ""])
def test_an_address_leads_to_the_site_whoever_has_it(
    strict: Hub, typed: str, password: str
) -> None:
    eve = Visitor(strict)
    for _ in range(12):  # nothing is compared, so nothing is counted
        led = eve.log_in(typed, password, next="/models")
        assert way_of(led) == "/login/with/there?next=/models"
    assert "sid" not in eve.client.cookies
    assert "account.login_failed" not in fact_names(strict)
    pages = [Visitor(strict).log_in(one).text for one in (typed, "x@example.com")]
    assert len({re.sub(r'value="[^"]*"', "", page) for page in pages}) == 1


def test_a_username_says_it_to_who_has_the_password_alone(strict: Hub) -> None:
    eve = Visitor(strict)
    assert "don't match" in eve.log_in("ana", "Wr0ng!aaa").text
    assert "don't match" in eve.log_in("nobody", "Wr0ng!aaa").text
    assert way_of(eve.log_in("ana")) == "/login/with/there?next=/"
    assert eve.open("/settings/account").place.startswith("/login")


def test_others_log_in_as_ever(strict: Hub, issuer: Issuer) -> None:
    for number, domain in enumerate(OTHERS):
        newcomer = Visitor(strict)
        assert newcomer.join(f"new{number}", f"ana@{domain}").place == "/verify-email"
        assert Visitor(strict).log_in(f"ana@{domain}").status == 303
        assert Visitor(strict).log_in(f"new{number}").status == 303
    everybody = replace(strict, providers=(provider(issuer, required_domains=("*.example.com",)),))
    assert way_of(Visitor(everybody).log_in("ana@an.example.com"))
    assert Visitor(everybody).log_in("ana@example.com").status == 303


def test_ana_comes_in_through_the_site_which_links_her_account_by_itself(strict: Hub) -> None:
    ana = Visitor(strict)
    assert through(ana).place == "/models"
    assert "ana" in ana.open("/settings/account").text
    assert through(Visitor(strict)).place == "/models"


def test_another_site_does_not_stand_in_for_it(
    free: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    """Ana linked her account at another site before; Eve has that one."""
    with issuing(clock) as required:
        work = replace(
            provider(required, required_domains=("example.com",)), id="work", name="Work"
        )
        linked = Visitor(replace(free, providers=(provider(issuer, **MINE),)))
        assert through(linked).place == "/models"
        both = replace(free, providers=(provider(issuer), work))
        led = through(Visitor(both))
        assert way_of(led) == "/login/with/work?next=/"
        issuer.person = Person(subject="8", email="new@example.com")
        assert way_of(through(Visitor(both))) == "/login/with/work?next=/"  # nor sign up


def test_signing_up_leads_there_in_every_form(strict: Hub) -> None:
    led = Visitor(strict).begin("new@example.com")
    assert way_of(led) == "/login/with/there?next=/"
    asked = {"email": "new@example.com", "password": PASSWORD, "username": "new-one"}
    assert api(strict, "/api/signup", **asked) == (403, "LogInElsewhere")
    assert fact_names(strict).count("account.signup") == 3  # those of before


def test_through_the_site_people_sign_up(strict: Hub, issuer: Issuer) -> None:
    issuer.person = Person(subject="9", login="new", email="new@example.com")
    visitor = Visitor(strict)
    assert through(visitor).place.startswith("/join?step=2")
    joined(visitor, "new-one")
    assert person(strict, "new-one").verified_at is not None
    assert through(Visitor(strict)).place == "/models"


def test_a_forgotten_password_is_not_replaced(free: Hub, strict: Hub) -> None:
    asked = Visitor(free).submit("/forgot-password", "/forgot-password", username="ana")
    run_due(free, {SendReset.kind: SendReset})
    assert asked.place == "/forgot-password?sent=1"
    old_link = link_in(letter(free, "ana@example.com"))

    eve = Visitor(strict)
    for typed in ("ana@example.com", "nobody@example.com"):
        led = eve.submit("/forgot-password", "/forgot-password", username=typed)
        assert way_of(led) == "/login/with/there?next=/"
    for typed in ("ana", "nobody"):
        told = eve.submit("/forgot-password", "/forgot-password", username=typed)
        assert told.place == "/forgot-password?sent=1"
    run_due(strict, {SendReset.kind: SendReset})
    mail = letter(strict, "ana@example.com")
    assert "You log in to" in mail.subject
    assert "/reset-password/" not in mail.text

    chosen = {"csrf_token": csrf_on(eve.open(old_link)), "password": "An0ther-Horse!"}
    assert way_of(eve.send(old_link, chosen)) == "/login/with/there?next=/"
    assert Visitor(free).log_in("ana").status == 303  # the password is the old one


def test_a_password_that_an_operator_expired_stands_in_nobodys_way(strict: Hub) -> None:
    with calling(strict, SYSTEM) as call, working(call) as work:
        suspend.demand_password(work, person(strict, "ana"))
    assert through(Visitor(strict)).place == "/models"


def test_a_closed_account_stays_closed(strict: Hub) -> None:
    with calling(strict, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(strict, "ana"), suspend.Suspension("spam"))
    assert "suspended" in through(Visitor(strict)).text


def test_a_passkey_alone_opens_nothing(free: Hub, strict: Hub) -> None:
    ana = Visitor(free)
    ana.log_in("ana")
    cookie = ana.client.cookies["sid"]
    with calling(free) as call:
        actor = actor_for_session(call.db, free, cookie)
    assert isinstance(actor, Actor)
    key = with_passkey(free, actor)
    assert enter(free, shown(free, key)).name == "ana"
    with pytest.raises(LogInElsewhere):
        enter(strict, shown(strict, key))
    with calling(strict) as call:
        assert len(passkeys.of(call, person(strict, "ana").id)) == 1


def test_a_program_of_old_is_led_there_too(strict: Hub) -> None:
    old = with_accounts(strict, legacy_password_login=True)
    for name in ("ana", "ana@example.com", "nobody@example.com"):
        told = api(old, "/api/login", username=name, password=PASSWORD)
        assert told == (403, "LogInElsewhere"), name
    assert api(old, "/api/login", username="ana", password="Wr0ng!aaa") == (401, None)


def test_what_waits_is_refused_when_it_is_finished(free: Hub, strict: Hub) -> None:
    """The operator requires the site while log-ins wait for a link by mail, and for a code."""
    careful = with_accounts(free, confirm_new_browsers=True)
    eve = Visitor(careful)
    assert eve.log_in("ana").place.startswith("/login/mailed")
    run_due(careful, {SendLogInLink.kind: SendLogInLink})
    link = link_in(letter(careful, "ana@example.com"))
    eve = moved(eve, strict)
    told = eve.send(link, {"csrf_token": csrf_on(eve.open(link))})
    assert way_of(told) == "/login/with/there?next=/"

    ana = Visitor(free)
    ana.log_in("ana")
    app, _ = set_up(ana)
    eve = Visitor(free)
    assert eve.log_in("ana").place.startswith("/login/2fa")
    eve = moved(eve, strict)
    told = eve.submit("/login/2fa", "/login/2fa", code=app.code(1))
    assert way_of(told) == "/login/with/there?next=/"
    assert "sid" not in eve.client.cookies


def test_in_chinese(strict: Hub) -> None:
    led = Visitor(strict, language="zh-CN").log_in("ana@example.com")
    assert "使用 There 登录" in led.text


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ([{"id": "password"}], "meaning of its own"),
        ([{"required_domains": "example.com"}], "wrong type"),
        ([{"allowed_domains": ["a.example"], "required_domains": ["b.example"]}], "among allowed"),
        (
            [{"required_domains": ["a.example"]}, {"id": "two", "required_domains": ["A.example"]}],
            "twice",
        ),
    ],
)
def test_what_cannot_be_is_said_at_the_start(
    tmp_path: Path, tables: list[dict[str, object]], complaint: str
) -> None:
    file = tmp_path / "logins.toml"
    base = {"id": "one", "kind": "oidc", "name": "One", "client_id": "c", "client_secret": "s",
            "issuer": "https://one.example"}  # fmt: skip
    lines = []
    for table in tables:
        said = (f"{key} = {json.dumps(value)}" for key, value in {**base, **table}.items())
        lines += ["[[provider]]", *said]
    file.write_text("\n".join(lines))
    with pytest.raises(BadSettings, match=complaint):
        load_providers(file)
