"""Confirming an address: by link anywhere, by code here; what the unconfirmed see."""

from datetime import timedelta

import pytest

from doors.pages.visitors import Visitor, code_in, letter, link_in
from fixtures.hubs import FrozenClock
from strata.core.hub import Hub

MAIL = "li-wei@example.com"
NOT_NOW = timedelta(seconds=61)


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    """Give a browser whose person just signed up."""
    joined = Visitor(hub)
    assert joined.join("li-wei").status == 303
    return joined


def is_open(visitor: Visitor) -> bool:
    state: dict[str, bool] = visitor.client.get("/verify-email/state").json()
    return state["verified"]


def test_the_page_shows_the_masked_address_and_no_banner_for_itself(visitor: Visitor) -> None:
    page = visitor.open("/verify-email")
    assert "l•••@example.com" in page.text
    assert MAIL not in page.text
    assert page.text.count('action="/verify-email/resend"') == 1
    assert 'data-verify="/verify-email/state"' in page.text
    assert 'data-countdown="60"' in page.text


def test_every_other_page_has_the_banner_until_then(visitor: Visitor, hub: Hub) -> None:
    assert "site-banner-warn" in visitor.open("/privacy").text
    elsewhere, link = Visitor(hub), link_in(letter(hub, MAIL))
    elsewhere.send(link, proof(elsewhere.open(link).text))
    assert "site-banner-warn" not in visitor.open("/privacy").text


def test_a_link_confirms_in_another_browser_and_logs_nobody_in(visitor: Visitor, hub: Hub) -> None:
    link, elsewhere = link_in(letter(hub, MAIL)), Visitor(hub)
    looked = elsewhere.open(link)
    assert "Confirm your e-mail address" in looked.text
    assert looked.headers["cache-control"] == "no-store"
    assert not is_open(visitor)  # opening it changed nothing

    done = elsewhere.send(link, proof(looked.text))
    assert "Your e-mail address is confirmed." in done.text
    assert is_open(visitor)
    assert not is_open(elsewhere)
    assert "E-mail confirmed" in visitor.open("/verify-email").text
    again = elsewhere.open(link)
    assert again.status == 200
    assert "already confirmed" in again.text


def test_a_link_does_nothing_without_the_proof_of_its_page(visitor: Visitor, hub: Hub) -> None:
    link = link_in(letter(hub, MAIL))
    assert Visitor(hub).send(link, {}).status == 400
    assert not is_open(visitor)


@pytest.mark.parametrize("purpose", ["/reset-password", "/settings/emails/confirm"])
def test_a_link_is_good_for_its_own_purpose_only(visitor: Visitor, hub: Hub, purpose: str) -> None:
    token = link_in(letter(hub, MAIL)).rpartition("/")[2]
    assert len(token) >= 43  # 256 bits, URL-safe
    assert visitor.open(f"{purpose}/{token}").status == 404
    assert not is_open(visitor)


def test_dead_links_say_why_and_how_to_get_a_new_one(
    visitor: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    link = link_in(letter(hub, MAIL))
    tampered = visitor.open(f"{link}x")
    assert tampered.status == 404
    assert "This link does not work" in tampered.text
    clock.advance(timedelta(hours=25))
    expired = Visitor(hub).open(link)
    assert expired.status == 410
    assert "This link has expired" in expired.text
    assert 'href="/verify-email"' in expired.text


def test_the_code_confirms_at_once(visitor: Visitor, hub: Hub) -> None:
    code = code_in(letter(hub, MAIL))
    done = visitor.submit("/verify-email", "/verify-email/code", code=f" {code[:3]} {code[3:]} ")
    assert done.place == "/verify-email"
    assert is_open(visitor)


def test_a_wrong_code_is_said_beside_its_field(visitor: Visitor) -> None:
    page = visitor.submit("/verify-email", "/verify-email/code", code="12ab")
    assert page.status == 400
    assert "This code is not the one in the newest mail." in page.text
    assert 'href="#strata-code"' in page.text


def test_resend_waits_a_minute_and_then_sends_a_new_link(
    visitor: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    first = link_in(letter(hub, MAIL))
    early = visitor.submit("/verify-email", "/verify-email/resend")
    assert early.status == 429
    assert 0 < int(early.headers["retry-after"]) <= 61
    assert "Too many requests. Try again in" in early.text
    clock.advance(NOT_NOW)
    sent = visitor.submit("/verify-email", "/verify-email/resend")
    assert sent.place == "/verify-email?sent=1"
    assert (
        "If l•••@example.com can be used, a message is on its way." in visitor.open(sent.place).text
    )
    assert link_in(letter(hub, MAIL)) != first
    assert visitor.open(first).status == 410


def test_the_address_can_be_changed_before_it_is_confirmed(visitor: Visitor, hub: Hub) -> None:
    moved = visitor.submit("/verify-email", "/verify-email/address", email="wei@other.example")
    assert moved.place == "/verify-email?sent=1"
    assert "w•••@other.example" in visitor.open("/verify-email").text
    assert letter(hub, "wei@other.example").subject
    wrong = visitor.submit("/verify-email", "/verify-email/address", email="wei@")
    assert "This doesn't look like an e-mail address." in wrong.text
    assert '<details class="change-address" open>' in wrong.text


def test_strangers_are_asked_to_log_in(hub: Hub) -> None:
    assert Visitor(hub).open("/verify-email").place == "/login?next=/verify-email"
    assert not is_open(Visitor(hub))


def test_mailboxes_of_known_providers_are_one_click_away(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("li-wei", "li@qq.com")
    assert 'href="https://mail.qq.com/"' in visitor.open("/verify-email").text
    assert "打开 QQ 邮箱</a>" in visitor.open("/verify-email?lang=zh-CN").text


def proof(text: str) -> dict[str, str]:
    """The hidden fields of the page of a link, whose form goes to its own address."""
    return {"csrf_token": text.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]}


def test_a_confirmed_account_is_shown_what_to_do_next(visitor: Visitor, hub: Hub) -> None:
    visitor.submit("/verify-email", "/verify-email/code", code=code_in(letter(hub, MAIL)))
    page = visitor.open("/verify-email")
    assert "E-mail confirmed" in page.text
    for path in ("/settings/tokens/new", "/new", "/settings/profile"):
        assert f'<li><a href="{path}">' in page.text
        assert visitor.open(path).status == 200
