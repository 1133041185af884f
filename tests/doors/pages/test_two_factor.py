"""Two factors in a browser without scripts: set up, asked for, lost, taken away (product §3.12)."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, unquote

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Page, Visitor, confirmed, letter
from fixtures.accounts import calling, fact_names, person
from fixtures.factors import APP, CODES, SETTINGS, App, asked, codes_on, set_up, with_app
from fixtures.hubs import FrozenClock
from strata.accounts.factors.tables import authenticators, recovery_codes
from strata.accounts.tables import users
from strata.core.call import working
from strata.core.hub import Hub

SECOND, RECOVERY = "/login/2fa", "/login/recovery"
DEVICES = "/settings/authentication/devices"


def inside(visitor: Visitor) -> bool:
    return visitor.open("/settings/profile").status == 200


def answer(visitor: Visitor, code: str, **more: str) -> Page:
    page = visitor.open(SECOND)
    return visitor.send(SECOND, page.hidden(SECOND) | {"code": code} | more)


@pytest.fixture
def app(hub: Hub, clock: FrozenClock) -> App:
    """What li holds, one step after it was set up."""
    _, app, _ = with_app(hub, "li")
    clock.advance(timedelta(seconds=30))
    return app


def test_setting_up_shows_secret_and_picture_and_asks_for_a_code(hub: Hub) -> None:
    visitor = confirmed(hub, "li")
    visitor.submit(SETTINGS, APP)
    page = visitor.open(APP)
    assert "<svg" in page.text
    assert "otpauth://totp/Strata:li?" in page.text
    secret = page.text.split('id="strata-secret">')[1].split("<")[0].replace(" ", "")
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)  # 160 bits
    told = parse_qs(page.text.split("otpauth://totp/Strata:li?")[1].split('"')[0])
    assert told["secret"] == [secret]
    usual = {"algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]}
    assert all(told.get(name, wanted) == wanted for name, wanted in usual.items())
    assert page.headers["cache-control"] == "no-store"
    action = f"{APP}/confirm"
    refused = visitor.send(action, page.hidden(action) | {"code": "000000"})
    assert refused.status == 400
    assert "That code is wrong or expired." in refused.text
    assert Visitor(hub).log_in("li").place == "/"  # not on yet


def test_recovery_codes_are_shown_once_and_downloaded(hub: Hub) -> None:
    visitor = confirmed(hub, "li")
    visitor.submit(SETTINGS, APP)
    page = visitor.open(APP)
    app = App(hub, page.text.split('id="strata-secret">')[1].split("<")[0].replace(" ", ""))
    done = visitor.send(f"{APP}/confirm", page.hidden(f"{APP}/confirm") | {"code": app.code()})
    codes = codes_on(done)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", one) for one in codes)
    with calling(hub) as call:
        kept = str(call.db.execute(sa.select(recovery_codes)).all())
    assert not any(one in kept or one.replace("-", "") in kept for one in codes)
    assert "10 recovery codes are left." in visitor.open(SETTINGS).text
    assert 'download="strata-recovery-codes.txt"' in done.text
    assert "\r\n".join(codes) in unquote(done.text)
    assert not codes_on(visitor.open(SETTINGS))
    assert "Two-factor authentication is on" in letter(hub, "li@example.com").subject
    assert {"account.2fa_enable"} <= set(fact_names(hub))


def test_the_secret_is_not_in_the_database(hub: Hub, app: App) -> None:
    with calling(hub) as call:
        sealed = call.db.scalar(sa.select(authenticators.c.sealed))
    assert isinstance(sealed, bytes)
    assert app.secret.encode() not in sealed


def test_the_password_alone_opens_nothing(hub: Hub, app: App) -> None:
    visitor, page = asked(hub, "li", remember="on")
    assert page.status == 200
    assert "sid" not in visitor.client.cookies
    assert not inside(visitor)
    done = answer(visitor, app.code())
    assert (done.status, done.place) == (303, "/")
    assert any("sid=" in one and "Max-Age" in one for one in done.cookies)  # remember me survived
    assert inside(visitor)


def test_next_survives_both_steps(hub: Hub, app: App) -> None:
    visitor = Visitor(hub)
    sent = visitor.submit(
        "/login?next=/settings/tokens", "/login", username="li", password=PASSWORD
    )
    page = visitor.open(sent.place)
    done = visitor.send(SECOND, page.hidden(SECOND) | {"code": app.code()})
    assert done.place == "/settings/tokens"
    foreign = asked(hub, "li", f"{SECOND}?next=//evil.example")[1]
    assert foreign.hidden(SECOND)["next"] == "/"


def test_a_code_works_once_and_one_step_of_drift_is_allowed(
    hub: Hub, app: App, clock: FrozenClock
) -> None:
    code = app.code()
    first, _ = asked(hub, "li")
    assert answer(first, code).place == "/"
    second, _ = asked(hub, "li")
    assert answer(second, code).status == 400
    assert "account.2fa_failed" in fact_names(hub)
    assert answer(second, app.code(1)).place == "/"
    third, _ = asked(hub, "li")
    clock.advance(timedelta(seconds=120))
    assert answer(third, app.code(-2)).status == 400
    assert answer(third, app.code(-1)).place == "/"


def test_guessing_ends_with_the_password_and_does_not_go_on_elsewhere(hub: Hub, app: App) -> None:
    visitor, _ = asked(hub, "li")
    for _ in range(5):
        assert answer(visitor, "000000").status == 400
    stopped = answer(visitor, app.code())
    assert stopped.status == 429
    assert "Too many attempts" in stopped.text
    assert visitor.open(SECOND).place.startswith("/login?")
    other, _ = asked(hub, "li")
    assert answer(other, app.code()).status == 429
    assert not inside(other)


def test_a_ticket_is_for_one_browser_once_and_for_ten_minutes(
    hub: Hub, app: App, clock: FrozenClock
) -> None:
    victim, page = asked(hub, "li")
    fields = page.hidden(SECOND) | {"code": app.code()}
    thief = Visitor(hub)
    thief.open("/login")
    thief.client.cookies.set("halfway", victim.client.cookies["halfway"])
    assert not inside(thief)
    assert thief.open(SECOND).place.startswith("/login?")
    mine = thief.open("/login").hidden("/login")
    stolen = thief.send(SECOND, mine | {"code": app.code()})
    assert stolen.place.startswith("/login?")
    ticket = victim.client.cookies["halfway"]
    assert victim.send(SECOND, fields).place == "/"
    victim.client.cookies.set("halfway", ticket)
    assert victim.open(SECOND).place.startswith("/login?")
    slow, _ = asked(hub, "li")
    clock.advance(timedelta(minutes=10))
    assert slow.open(SECOND).place.startswith("/login?")


def test_a_new_password_ends_what_is_half_done(hub: Hub, app: App) -> None:
    waiting, page = asked(hub, "li")
    with calling(hub) as call, working(call) as work:
        closed = sa.update(users).where(users.c.id == person(hub, "li").id)
        work.db.execute(closed.values(must_reset_password=True))
    refused = waiting.send(SECOND, page.hidden(SECOND) | {"code": app.code()})
    assert refused.status == 403
    assert not inside(waiting)


def test_a_recovery_code_works_once_and_is_told(hub: Hub) -> None:
    _, _, codes = with_app(hub, "li")
    visitor, page = asked(hub, "li", RECOVERY)
    typed = codes[0].lower().replace("-", " ")
    done = visitor.send(RECOVERY, page.hidden(RECOVERY) | {"recovery_code": typed})
    assert done.place == "/"
    assert "9 are left" in letter(hub, "li@example.com").text
    assert "9 recovery codes are left." in visitor.open(SETTINGS).text
    again, page = asked(hub, "li", RECOVERY)
    burned = again.send(RECOVERY, page.hidden(RECOVERY) | {"recovery_code": codes[0]})
    assert burned.status == 400
    assert "account.recovery_used" in fact_names(hub)


def test_the_last_codes_come_with_a_warning_and_new_ones_replace_all(
    hub: Hub, clock: FrozenClock
) -> None:
    visitor, _, codes = with_app(hub, "li")
    for number, code in enumerate(codes[:7]):
        other, page = asked(hub, "li", RECOVERY)
        other.send(RECOVERY, page.hidden(RECOVERY) | {"recovery_code": code})
        mail = letter(hub, "li@example.com").text
        assert ("Make new ones" in mail) == (number == 6)
        clock.advance(timedelta(minutes=6))
    clock.advance(timedelta(minutes=16))
    assert visitor.submit(SETTINGS, CODES).status == 403  # asked who sits there
    page = visitor.open(SETTINGS)
    proved = page.hidden(CODES) | {"sudo_password": PASSWORD}
    fresh = codes_on(visitor.send(CODES, proved))
    assert len(fresh) == 10
    with hub.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(recovery_codes)) == 10
    other, page = asked(hub, "li", RECOVERY)
    old = other.send(RECOVERY, page.hidden(RECOVERY) | {"recovery_code": codes[9]})
    assert old.status == 400


def test_a_remembered_browser_passes_for_thirty_days_with_its_own_account(
    hub: Hub, app: App, clock: FrozenClock
) -> None:
    visitor, _ = asked(hub, "li")
    answer(visitor, app.code(), remember_device="on")
    visitor.submit("/settings/profile", "/logout")
    assert visitor.log_in("li").place == "/"

    with_app(hub, "wei")
    stranger = Visitor(hub)
    stranger.client.cookies.set("remembered", visitor.client.cookies["remembered"])
    assert stranger.log_in("wei").place.startswith(SECOND)

    clock.advance(timedelta(days=30))
    late = Visitor(hub)
    late.client.cookies.set("remembered", visitor.client.cookies["remembered"])
    assert late.log_in("li").place.startswith(SECOND)


def test_remembered_browsers_are_listed_and_revoked(hub: Hub, app: App) -> None:
    visitor, _ = asked(hub, "li")
    answer(visitor, app.code(), remember_device="on")
    page = visitor.open(SETTINGS)
    assert "Remembered devices" in page.text
    visitor.send(DEVICES, page.hidden(DEVICES) | {"device": "all"})
    visitor.submit("/settings/profile", "/logout")
    assert visitor.log_in("li").place.startswith(SECOND)


def test_taking_it_away_asks_who_sits_there_and_signs_others_out(
    hub: Hub, app: App, clock: FrozenClock
) -> None:
    visitor, _ = asked(hub, "li")
    answer(visitor, app.code())
    other, _ = asked(hub, "li")
    answer(other, app.code(1))
    clock.advance(timedelta(minutes=15))
    action = f"{APP}/remove"
    page = visitor.open(SETTINGS)
    refused = visitor.send(action, page.hidden(action))
    assert refused.status == 403
    assert "Confirm that it is you" in refused.text
    assert Visitor(hub).log_in("li").place.startswith(SECOND)
    wrong = visitor.send(action, refused.hidden(action) | {"sudo_code": "000000"})
    assert wrong.status == 403
    assert "That code is wrong or expired." in wrong.text
    old = visitor.client.cookies["sid"]
    done = visitor.send(action, refused.hidden(action) | {"sudo_code": app.code()})
    assert done.place == SETTINGS
    assert visitor.client.cookies["sid"] != old
    assert not inside(other)
    assert Visitor(hub).log_in("li").place == "/"
    assert "is off" in letter(hub, "li@example.com").subject
    assert "account.2fa_disable" in fact_names(hub)


def test_a_code_that_proved_something_is_used_up(hub: Hub, app: App, clock: FrozenClock) -> None:
    visitor, _ = asked(hub, "li")
    answer(visitor, app.code())
    clock.advance(timedelta(minutes=15))
    ask = "/settings/confirm-access"
    proof = visitor.open(ask).hidden(ask) | {"sudo_code": app.code()}
    assert visitor.send(ask, proof).status == 303
    other, _ = asked(hub, "li")
    assert answer(other, app.code()).status == 400


def test_no_second_authenticator_replaces_the_first(hub: Hub) -> None:
    visitor, app, _ = with_app(hub, "li")
    page = visitor.open(SETTINGS)
    token = page.hidden("/settings/authentication/password")
    assert visitor.send(APP, token).status == 409
    assert visitor.open(APP).place == SETTINGS  # nothing is being set up
    again, _ = asked(hub, "li")
    assert answer(again, app.code(1)).place == "/"


def test_an_unconfirmed_account_sets_nothing_up(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("li")
    page = visitor.open(SETTINGS)
    assert page.hidden(APP) == {}, "the button says why not"
    assert visitor.send(APP, page.hidden("/logout")).status == 403


def test_turning_it_on_renews_the_session(hub: Hub) -> None:
    visitor = confirmed(hub, "li")
    old = visitor.client.cookies["sid"]
    set_up(visitor)
    assert visitor.client.cookies["sid"] != old
    assert visitor.open("/settings/account").status == 200
    thief = Visitor(hub)
    thief.client.cookies.set("sid", old)
    assert thief.open("/settings/account").place.startswith("/login")


def test_in_chinese(hub: Hub, app: App) -> None:
    visitor = Visitor(hub, language="zh-CN")
    visitor.log_in("li")
    page = visitor.open(SECOND)
    assert "双重验证" in page.text
    wrong = visitor.send(SECOND, page.hidden(SECOND) | {"code": "1"})
    assert "验证码错误或已过期" in wrong.text
    assert app.code()
