"""Sign-up against robots, and by scripts: traps without JavaScript, one neutral answer."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from httpx2 import Response

from doors.pages.visitors import PASSWORD, Visitor, confirmed, letter, link_in, people
from fixtures.accounts import mail_count
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.legal import documents
from strata.accounts.legal.tables import consents
from strata.core.call import reading
from strata.core.hub import Hub
from strata.web.pages.joining.first import FORM_LIFE

SCRIPT = {"Accept": "application/json"}


def second_form(visitor: Visitor) -> dict[str, str]:
    visitor.begin("li@example.com")
    visitor.take_time()
    hidden = visitor.open("/join?step=2").hidden("/join")
    return hidden | {"username": "li-wei", "full_name": "", "consents": "on", "website": ""}


def test_the_trap_is_out_of_sight_of_everybody_but_robots(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    page = visitor.open("/join?step=2").text
    (trap,) = re.findall(r'<div class="off-screen" aria-hidden="true">.*?</div>', page)
    assert 'tabindex="-1"' in trap
    assert 'name="website"' in trap
    assert "required" not in trap


def test_whoever_fills_the_trap_in_is_answered_and_gets_nothing(hub: Hub) -> None:
    visitor = Visitor(hub)
    done = visitor.send("/join", second_form(visitor) | {"website": "https://spam.example"})

    assert (done.status, done.place) == (303, "/verify-email")
    assert [cookie[:4] for cookie in done.cookies if cookie.startswith("sid=")] == ["sid="]
    assert (people(hub), mail_count(hub)) == (0, 0)


def test_faster_than_any_person_gets_nothing(hub: Hub, clock: FrozenClock) -> None:
    quick, slow = Visitor(hub), Visitor(hub)
    quick.begin("li@example.com")
    form = quick.open("/join?step=2").hidden("/join") | {"username": "li-wei", "consents": "on"}
    clock.advance(timedelta(milliseconds=900))
    assert quick.send("/join", form).place == "/verify-email"
    assert (people(hub), mail_count(hub)) == (0, 0)

    assert slow.send("/join", second_form(slow)).place == "/verify-email"
    assert people(hub) == 1


def test_the_time_of_a_form_cannot_be_made_up(hub: Hub, clock: FrozenClock) -> None:
    visitor = Visitor(hub)
    form = visitor.open("/join").hidden("/join") | {"email": "a@b.org", "password": PASSWORD}
    assert visitor.send("/join", form | {"shown": "2020-01-01"}).status == 400
    assert visitor.send("/join", form | {"shown": ""}).status == 400
    clock.advance(FORM_LIFE + timedelta(seconds=1))
    late = visitor.send("/join", form)
    assert late.status == 400
    assert "This form is too old." in late.text


def test_the_time_trap_can_be_taken_away(tmp_path: Path, clock: FrozenClock) -> None:
    off: dict[str, Any] = {"accounts.fastest_sign_up_s": 0}
    hub = build_test_hub(tmp_path / "data", clock=clock, **off)
    Visitor(hub).join("li-wei")
    assert people(hub) == 1
    hub.database.close()


def test_throw_away_mailboxes_are_named_in_both_languages(hub: Hub) -> None:
    english = Visitor(hub).begin("li@mailinator.com").text
    assert "Addresses of throw-away mailboxes can't be used here." in english
    assert "此处不接受一次性邮箱" in Visitor(hub, language="zh-CN").begin("li@mailinator.com").text
    assert "Enter your e-mail address." in Visitor(hub).begin("").text
    too_long = Visitor(hub).begin("a" * 250 + "@example.com").text
    assert "An e-mail address has at most 254 characters." in too_long


def test_consent_is_kept_in_the_language_that_was_read(hub: Hub) -> None:
    Visitor(hub, language="zh-CN").join("li-wei", language="en")  # mails in English from now on
    with reading(hub) as call:
        assert set(call.db.scalars(sa.select(consents.c.language))) == {"zh-CN"}


def script_signs_up(visitor: Visitor, name: str, **changes: object) -> Response:
    asked = {
        "email": f"{name}@example.com",
        "password": PASSWORD,
        "username": name,
        "consents": documents.packaged_versions(),
        **changes,
    }
    return visitor.client.post("/api/signup", json=asked, headers=SCRIPT)


def test_a_script_signs_up_in_one_step(hub: Hub) -> None:
    visitor = Visitor(hub)
    answer = script_signs_up(visitor, "li-wei", fullName="Li Wei", language="zh-CN")

    assert answer.status_code == 201
    assert answer.json() == {"name": "li-wei", "emailVerified": False, "next": "/verify-email"}
    assert answer.headers["cache-control"] == "no-store"
    assert "验证" in letter(hub, "li-wei@example.com").subject
    assert visitor.open("/verify-email").status == 200
    with reading(hub) as call:
        rows = call.db.execute(sa.select(consents)).all()
    assert {row.document for row in rows} == {"terms", "privacy"}


def test_a_script_learns_of_nobodys_address(hub: Hub) -> None:
    confirmed(hub, "owner")
    fresh = script_signs_up(Visitor(hub), "first", email="new@example.com")
    again = script_signs_up(Visitor(hub), "second", email="Owner@Example.com")
    robot = script_signs_up(Visitor(hub), "third", website="x")

    for answer in (again, robot):
        assert answer.status_code == fresh.status_code
        assert answer.json().keys() == fresh.json().keys()
        assert answer.headers.keys() == fresh.headers.keys()
    assert people(hub) == 3
    assert letter(hub, "owner@example.com").subject == "You already have a Strata account"


def test_a_script_is_told_every_broken_rule(hub: Hub) -> None:
    answer = script_signs_up(
        Visitor(hub), "-", email="x", password="abc", consents={"terms": "older"}
    )
    assert answer.status_code == 400
    fields = answer.json()["fields"]
    assert fields["email"] == ["email.invalid"]
    assert fields["username"] == ["name.length", "name.invalid"]
    assert fields["consents"] == ["consent.required"]
    assert {"pw.too_short", "pw.need_upper", "pw.need_special"} <= set(fields["password"])
    stale = dict.fromkeys(documents.packaged_versions(), "older")
    changed = script_signs_up(Visitor(hub), "li-wei", consents=stale)
    assert changed.json()["fields"] == {"consents": ["consent.changed"]}
    assert people(hub) == 0


def test_scripts_and_forms_share_the_limits(hub: Hub) -> None:
    for number in range(4):
        assert script_signs_up(Visitor(hub), f"user{number}x").status_code == 201
    assert Visitor(hub).join("by-form").status == 303
    refused = script_signs_up(Visitor(hub), "one-more")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


def test_a_closed_hub_is_closed_to_scripts(tmp_path: Path, clock: FrozenClock) -> None:
    closed: dict[str, Any] = {"accounts.sign_up": "closed"}
    hub = build_test_hub(tmp_path / "data", clock=clock, **closed)
    refused = script_signs_up(Visitor(hub), "li-wei")
    assert refused.status_code == 403
    assert refused.json()["error"].startswith("Sign-up is closed on this site.")
    hub.database.close()


def test_another_site_can_sign_nobody_up(hub: Hub) -> None:
    visitor = Visitor(hub)
    plain = visitor.client.post(
        "/api/signup", content=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert plain.status_code == 400
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert visitor.client.post("/api/signup", json={}, headers=foreign).status_code == 403
    assert people(hub) == 0


def test_scanners_that_open_the_link_change_nothing(hub: Hub) -> None:
    visitor, scanner = Visitor(hub), Visitor(hub)
    visitor.join("li-wei")
    link = link_in(letter(hub, "li-wei@example.com"))
    for method in ("GET", "HEAD", "GET"):
        answer = scanner.client.request(method, link)
        assert answer.status_code == 200
        assert "sid" not in scanner.client.cookies
    assert visitor.client.get("/verify-email/state").json() == {"verified": False}


def test_too_many_changes_and_mails_are_told_in_chinese(hub: Hub, clock: FrozenClock) -> None:
    visitor = Visitor(hub, language="zh-CN")
    visitor.join("li-wei", language="zh-CN")
    early = visitor.submit("/verify-email", "/verify-email/resend")
    assert early.status == 429
    assert "请求过于频繁" in early.text or "请求太频繁" in early.text
    for number in range(3):
        page = visitor.submit("/verify-email", "/verify-email/address", email=f"a{number}@b.org")
        assert page.status == 303
    clock.advance(timedelta(minutes=2))
    refused = visitor.submit("/verify-email", "/verify-email/address", email="a9@b.org")
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 3600
    assert "1天" in refused.text
