"""Log in and out, and what a page says when it may not be seen."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed, people
from fixtures.hubs import FrozenClock
from strata.core.hub import Hub
from strata.sessions.signed_in.sessions import REMEMBERED
from strata.web.pages.frame.visit import safe_next

WRONG = "That e-mail/username and password don't match."


@pytest.mark.parametrize("identifier", ["li-wei", "LI-WEI", "li-wei@example.com"])
def test_a_name_or_an_address_opens_the_account(hub: Hub, identifier: str) -> None:
    confirmed(hub, "li-wei")
    visitor = Visitor(hub)
    assert visitor.log_in(identifier).place == "/"
    assert "li-wei@example.com" in visitor.open("/settings/account").text


def test_every_log_in_has_a_new_session(hub: Hub) -> None:
    visitor = confirmed(hub, "li-wei")
    first = visitor.client.cookies["sid"]
    out = visitor.open("/settings/account").hidden("/logout")
    visitor.send("/logout", out)
    visitor.log_in("li-wei")
    assert visitor.client.cookies["sid"] != first
    stranger = Visitor(hub)
    stranger.client.cookies.set("sid", first)
    assert stranger.open("/settings/account").place.startswith("/login")


@pytest.mark.parametrize("identifier", ["li-wei", "nobody-here", "nobody@example.com"])
def test_one_sentence_for_every_failure(hub: Hub, identifier: str) -> None:
    confirmed(hub, "li-wei")
    with capture_logs() as told:
        page = Visitor(hub).log_in(identifier, "Wrong-Password!")
    assert page.status == 401
    assert (told[-1]["log_level"], told[-1]["refused"]) == ("warning", "BadCredentials")
    assert identifier not in str(told)
    assert WRONG in page.text
    assert "Wrong-Password!" not in page.text
    assert f'value="{identifier}"' in page.text


def test_many_failures_wait_and_then_may_try_again(hub: Hub, clock: FrozenClock) -> None:
    confirmed(hub, "li-wei")
    visitor = Visitor(hub)
    for _ in range(5):
        assert visitor.log_in("li-wei", "wrong").status == 401
    refused = visitor.log_in("li-wei")
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 61
    told = r"Too many attempts\. Try again in \d+ seconds?, or reset your password\."
    assert re.search(told, refused.text)
    chinese = Visitor(hub, language="zh-CN").log_in("li-wei")
    assert re.search(r"尝试次数过多，请在 \d+秒钟? 后重试，或重置密码。", chinese.text)
    clock.advance(timedelta(minutes=6))
    assert visitor.log_in("li-wei").status == 303


def test_remembered_sessions_outlive_the_browser_and_others_do_not(hub: Hub) -> None:
    confirmed(hub, "li-wei")
    said = (
        f"For {REMEMBERED.idle.days} days without a visit, {REMEMBERED.absolute.days} days at most"
    )
    assert said in Visitor(hub).open("/login").text
    passing, _device = Visitor(hub).log_in("li-wei").cookies
    kept, _device = Visitor(hub).log_in("li-wei", remember="on").cookies
    assert "Max-Age" not in passing
    assert f"Max-Age={90 * 24 * 3600}" in kept


def test_pages_that_need_an_account_lead_to_the_log_in_and_back(hub: Hub) -> None:
    confirmed(hub, "li-wei")
    visitor = Visitor(hub)
    turned_away = visitor.open("/settings/tokens/new?displayName=a%26b")
    assert turned_away.status == 303
    page = visitor.open(turned_away.place)
    fields = page.hidden("/login") | {"username": "li-wei", "password": PASSWORD}
    assert visitor.send("/login", fields).place == "/settings/tokens/new?displayName=a%26b"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb", "/模",
     "/a\\..\\evil.example",
     "/" + "a" * 5000, ""],
)  # fmt: skip
def test_log_in_leads_to_no_other_site(elsewhere: str) -> None:
    assert safe_next(elsewhere) == "/"
    assert safe_next("/li-wei/model?x=1") == "/li-wei/model?x=1"


def test_log_out_ends_the_session(hub: Hub) -> None:
    visitor = confirmed(hub, "li-wei")
    held = visitor.client.cookies["sid"]
    left = visitor.send("/logout", visitor.open("/settings/account").hidden("/logout"))
    assert left.place == "/"
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    assert "sid" not in visitor.client.cookies
    visitor.client.cookies.set("sid", held)
    assert visitor.open("/settings/account").status == 303


def test_another_site_can_log_nobody_out(hub: Hub) -> None:
    visitor = confirmed(hub, "li-wei")
    assert visitor.send("/logout", {"csrf_token": "guess"}).status == 400
    proof = visitor.open("/settings/account").hidden("/logout")
    for where in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert visitor.send("/logout", proof, **where).status == 403
    assert visitor.open("/settings/account").status == 200
    assert visitor.send("/logout", proof, Origin=SITE).place == "/"


def test_a_form_of_another_site_does_not_make_the_browser_drop_its_session(hub: Hub) -> None:
    # Such a request comes without the cookie, because of SameSite.
    answer = Visitor(hub).send("/logout", {"csrf_token": "guess"})
    assert answer.cookies == []


def test_a_session_that_is_over_can_still_be_left(hub: Hub, clock: FrozenClock) -> None:
    visitor = confirmed(hub, "li-wei")
    form = visitor.open("/settings/account").hidden("/logout")
    clock.advance(timedelta(days=2))
    assert visitor.send("/logout", form).place == "/"
    assert "sid" not in visitor.client.cookies


def test_a_strangers_form_cookie_does_not_stand_in_for_a_session(hub: Hub) -> None:
    visitor, attacker = confirmed(hub, "li-wei"), Visitor(hub)
    theirs = attacker.open("/login").hidden("/login")["csrf_token"]
    session = visitor.client.cookies["sid"]
    visitor.client.cookies.clear()
    visitor.client.cookies.update({"sid": session, "form": attacker.client.cookies["form"]})
    asked = {"csrf_token": theirs, "name": "x", "role": "read"}
    made = visitor.send("/settings/tokens/new", asked)
    assert (made.status, "This form is too old." in made.text) == (400, True)


def test_access_tokens_have_no_say_on_settings_pages(hub: Hub) -> None:
    li = confirmed(hub, "li-wei")
    page = li.make_token("ci", "write")
    for shown in ("Bearer ", "Basic Og=="):  # a program that has none, and the cookies of somebody
        assert li.open("/settings/tokens", Authorization=shown).status == 303
    value = page.text[page.text.index('value="hf_') + 7 :].split('"')[0]
    bearer = Visitor(hub).open("/settings/tokens", Authorization=f"Bearer {value}")
    assert bearer.status == 303


def test_hidden_and_missing_pages_are_one_404_without_a_password_dialog(hub: Hub) -> None:
    page = Visitor(hub).open("/no/such/page/here")
    assert page.status == 404
    assert "www-authenticate" not in page.headers
    assert page.text.count("<h1>") == 1


def test_a_wrong_token_is_a_page_without_a_password_dialog(hub: Hub) -> None:
    page = Visitor(hub).open("/login", Authorization="Bearer hf_wrong")
    assert page.status == 401
    assert "www-authenticate" not in page.headers
    assert "x-request-id" in page.headers


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"username=a%00b", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(99)), 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 70_000, 413),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%fe", 400),
    ],
)
def test_strange_bodies_are_refused(hub: Hub, content_type: str, body: bytes, status: int) -> None:
    visitor = Visitor(hub)
    visitor.open("/login")
    answer = visitor.client.post("/login", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert people(hub) == 0


def test_only_pages_with_forms_give_out_a_cookie(hub: Hub) -> None:
    assert Visitor(hub).open("/privacy").cookies == []
    assert len(Visitor(hub).open("/login").cookies) == 1


def test_a_reminder_of_an_old_password_forces_nobody_and_is_off_by_itself(
    hub: Hub, clock: FrozenClock
) -> None:
    """S-023: no forced rotation."""
    said = "Your password has not been changed for a long time."
    visitor = confirmed(hub, "li-wei")
    clock.advance(timedelta(days=90, minutes=1))
    visitor.log_in("li-wei")
    assert said not in visitor.open("/").text

    accounts = replace(hub.settings.accounts, password_reminder_days=90)
    reminding = replace(hub, settings=replace(hub.settings, accounts=accounts))
    back = Visitor(reminding)
    assert back.log_in("li-wei").place == "/"
    assert said in back.open("/").text
    assert said not in back.open("/").text  # told once
    assert back.open("/settings/tokens/new").status == 200
    chosen = {"current_password": PASSWORD, "password": "Another-one!9"}
    on, action = "/settings/authentication", "/settings/authentication/password"
    assert back.submit(on, action, **chosen).status == 303
    fresh = Visitor(reminding)
    fresh.log_in("li-wei", "Another-one!9")
    assert said not in fresh.open("/").text
