"""Sign-up in a browser: two steps, all rules at once, and silence about who is here."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Visitor, agreements, confirmed, letter, link_in, people
from fixtures.accounts import made, person
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.legal import documents
from strata.accounts.legal.tables import consents
from strata.accounts.notices.choices import ASKED_FOR, Kind, choices_of
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.membership.confirming import approval
from strata.membership.joining import invites
from strata.membership.joining.pending import LIFE
from strata.membership.joining.tables import pending_sign_ups

ALL_RULES = [
    "Use at least 8 characters.",
    "Add an uppercase letter.",
    "Add a special symbol such as ! @ #.",
]


def test_two_steps_make_an_account_and_lead_to_the_mailbox(hub: Hub) -> None:
    visitor = Visitor(hub)
    made = visitor.join("li-wei")

    assert (made.status, made.place) == (303, "/verify-email")
    assert "Check your mailbox" in visitor.open("/verify-email").text
    assert "Confirm your e-mail address" in letter(hub, "li-wei@example.com").subject
    assert people(hub) == 1


def test_the_session_cookie_is_for_this_site_and_no_script(hub: Hub) -> None:
    made = Visitor(hub).join("li-wei")
    (cookie,) = [text for text in made.cookies if text.startswith("sid=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_on_https_every_cookie_is_bound_to_the_host(tmp_path: Path, clock: FrozenClock) -> None:
    site = "https://hub.example.com"
    hub = build_test_hub(tmp_path / "data", clock=clock, public_url=site)
    made(hub, "operator")  # nobody signs up before, where others can come
    visitor = Visitor(hub, site=site)
    page, joined = visitor.open("/join"), visitor.join("li-wei")

    given = [cookie for cookie in (*page.cookies, *joined.cookies) if "Max-Age=0" not in cookie]
    assert given
    assert [text for text in given if not text.startswith("__Host-")] == []
    assert [text for text in given if "Secure" not in text] == []
    hub.database.close()


def test_every_broken_rule_is_named_at_once_and_nobody_is_made(hub: Hub) -> None:
    page = Visitor(hub).begin("foo@", "abcdefg")

    assert page.status == 400
    assert [rule for rule in ALL_RULES if page.text.count(rule) != 2] == []  # summary and field
    assert "This doesn't look like an e-mail address." in page.text
    assert 'href="#strata-email"' in page.text
    assert 'href="#strata-password"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert people(hub) == 0


@pytest.mark.parametrize("refused", ["Abcdefg1", "abcdefg!", "ABCDEFG!", "Abcde1!", "Abcdefg "])
def test_weak_passwords_stay_on_the_first_step(hub: Hub, refused: str) -> None:
    page = Visitor(hub).begin("someone@example.com", refused)
    assert page.status == 400
    assert refused not in page.text
    assert 'name="password"' in page.text


def test_the_password_is_in_no_page_no_address_and_not_readable_in_the_table(hub: Hub) -> None:
    secret = "Correct-Horse9!"
    visitor = Visitor(hub)
    begun = visitor.begin("li@example.com", secret)
    second = visitor.open("/join?step=2")
    with reading(hub) as call:
        (kept,) = call.db.execute(sa.select(pending_sign_ups.c.sealed)).scalars()

    assert secret not in begun.place + second.text + visitor.open("/join").text
    assert secret.encode() not in kept
    assert b"li@example.com" not in kept
    assert second.headers["cache-control"] == "no-store"


def test_the_first_step_is_forgotten_after_half_an_hour(hub: Hub, clock: FrozenClock) -> None:
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    page = visitor.open("/join?step=2")
    clock.advance(LIFE + timedelta(seconds=1))

    assert visitor.open("/join?step=2").place == "/join"
    assert visitor.send("/join", page.hidden("/join") | {"username": "li"}).place == "/join"
    Visitor(hub).begin("other@example.com")
    with reading(hub) as call:
        assert len(call.db.execute(sa.select(pending_sign_ups)).all()) == 1


def test_the_second_step_needs_the_first_ones_browser(hub: Hub) -> None:
    Visitor(hub).begin("li@example.com")
    assert Visitor(hub).open("/join?step=2").place == "/join"


def test_the_first_step_is_gone_once_the_account_exists(hub: Hub) -> None:
    Visitor(hub).join("li-wei")
    with reading(hub) as call:
        assert call.db.execute(sa.select(pending_sign_ups)).all() == []


def test_the_username_is_suggested_and_back_keeps_the_address(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.begin("li.wei@example.com")
    assert 'value="li-wei"' in visitor.open("/join?step=2").text
    assert 'value="li.wei@example.com"' in visitor.open("/join").text


def test_consent_is_unticked_asked_for_and_kept_with_its_versions(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    visitor.take_time()
    page = visitor.open("/join?step=2")
    box = page.text[page.text.index('id="strata-consents"') :].split(">")[0]
    assert "checked" not in box

    without = visitor.send("/join", page.hidden("/join") | {"username": "li-wei"})
    assert "Please agree to both documents to continue." in without.text
    assert people(hub) == 0
    stale = page.hidden("/join") | {"terms_version": "older", "username": "li-wei"}
    assert "have changed" in visitor.send("/join", stale | {"consents": "on"}).text
    agreed = page.hidden("/join") | {"username": "li-wei", "consents": "on"}
    assert visitor.send("/join", agreed).status == 303
    with reading(hub) as call:
        rows = call.db.execute(sa.select(consents.c.document, consents.c.version)).all()
    assert {row.document: row.version for row in rows} == {
        "terms": page.hidden("/join")["terms_version"],
        "privacy": page.hidden("/join")["privacy_version"],
    }


def test_mails_that_nobody_needs_are_sent_to_who_ticked_them(hub: Hub) -> None:
    for name, ticked in (("plain", {}), ("curious", {"mails": "on"})):
        visitor = Visitor(hub)
        visitor.join(name, **ticked)
        with reading(hub) as call:
            mailed = {
                kind for kind, how in choices_of(call, person(hub, name).id).items() if how.mail
            }
        assert (mailed >= ASKED_FOR) == bool(ticked)
        assert set(Kind) - mailed in (set(), ASKED_FOR)
    visitor = Visitor(hub)
    visitor.begin("third@example.com")
    assert " checked" not in visitor.open("/join?step=2").text
    again = visitor.submit("/join?step=2", "/join", username="!", mails="on")
    assert again.text.count(" checked") == 1  # it is kept when something else is wrong


def test_the_documents_open_in_a_new_tab(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    text = visitor.open("/join?step=2").text
    assert "and I will follow" not in text
    for path in ("/terms-of-service", "/privacy"):
        assert f'<a href="{path}" target="_blank"' in text
        assert visitor.open(path).status == 200


@pytest.mark.parametrize(
    ("name", "says"),
    [("-li-", "Letters, numbers"), ("admin", "admin is reserved."), ("TAKEN", "TAKEN is taken.")],
)
def test_a_name_that_cannot_be_had_is_explained_and_kept_in_the_form(
    hub: Hub, name: str, says: str
) -> None:
    confirmed(hub, "taken")
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    page = visitor.submit("/join?step=2", "/join", username=name, consents="on")
    assert says in page.text
    assert f'value="{name}"' in page.text


def test_a_password_with_the_username_in_it_is_refused_beside_the_username(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.begin("li@example.com", "Qo7!Bramble-wick")
    page = visitor.submit("/join?step=2", "/join", username="bramble-wick", consents="on")
    assert "Your password contains this username." in page.text
    assert people(hub) == 0


def test_an_address_in_use_gets_the_same_answers_and_its_owner_a_mail(hub: Hub) -> None:
    confirmed(hub, "owner")
    fresh, again = Visitor(hub), Visitor(hub)
    made, repeated = (
        fresh.join("first", "new@example.com"),
        again.join("second", "Owner@Example.com"),
    )

    assert (made.status, made.place) == (repeated.status, repeated.place)
    assert fresh.open("/verify-email").status == again.open("/verify-email").status == 200
    assert "o•••@" in again.open("/verify-email").text.lower()
    assert letter(hub, "owner@example.com").subject == "You already have a Strata account"


def test_the_account_speaks_the_chosen_language(hub: Hub) -> None:
    made = Visitor(hub).join("li-wei", language="zh-CN")
    assert "验证" in letter(hub, "li-wei@example.com").subject
    assert any(cookie.startswith("lang=zh-CN") for cookie in made.cookies)


def test_people_who_are_logged_in_are_led_home_with_a_notice(hub: Hub) -> None:
    visitor = confirmed(hub, "li-wei")
    assert visitor.open("/join").place == "/"
    assert "You are logged in already." in visitor.open("/settings/account").text
    assert "You are logged in already." not in visitor.open("/settings/account").text


@pytest.mark.parametrize("other", ["/register", "/signup", "/sign-up"])
def test_other_spellings_lead_to_join_for_good(hub: Hub, other: str) -> None:
    page = Visitor(hub).open(other)
    assert (page.status, page.place) == (308, "/join")


def test_closed_sign_up_is_explained_and_the_button_stays(
    tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "data", clock=clock, **{"accounts.sign_up": "closed"})
    visitor = Visitor(hub)
    page = visitor.open("/join")
    assert "Sign-up is closed on this site." in page.text
    assert 'href="/join">Sign Up</a>' in page.text
    form = visitor.open("/login").hidden("/login")
    fields = {"email": "li@example.com", "password": PASSWORD}
    refused = visitor.send("/join", {"csrf_token": form["csrf_token"], "step": "1"} | fields)
    assert refused.status == 403
    assert people(hub) == 0
    hub.database.close()


def test_too_many_sign_ups_are_told_how_long_to_wait(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(
        tmp_path / "data",
        clock=clock,
        database_url=None,
        **{"accounts.sign_ups_per_hour_per_ip": 1},
    )
    assert Visitor(hub).join("first").status == 303
    refused = Visitor(hub).join("second")
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Try again in 60 minutes." in refused.text
    hub.database.close()


def test_blocked_domains_are_named(tmp_path: Path, clock: FrozenClock) -> None:
    blocked = {"accounts.blocked_domains": ("spam.example",)}
    hub = build_test_hub(tmp_path / "data", clock=clock, database_url=None, **blocked)
    page = Visitor(hub).begin("li@spam.example")
    assert "Addresses at spam.example can't be used here." in page.text
    hub.database.close()


def test_a_form_without_its_proof_does_nothing(hub: Hub) -> None:
    visitor = Visitor(hub)
    page = visitor.open("/join")
    fields = page.hidden("/join") | {"email": "li@example.com", "password": PASSWORD}

    assert Visitor(hub).send("/join", fields).status == 400  # the cookie of another browser
    assert visitor.send("/join", fields | {"csrf_token": "x"}).status == 400
    assert visitor.send("/join", fields).status == 303


def test_name_availability_is_told_and_not_for_ever(hub: Hub) -> None:
    confirmed(hub, "taken")
    visitor = Visitor(hub)

    def ask(name: str) -> dict[str, object]:
        answer: dict[str, object] = visitor.client.get(
            f"/api/username-availability?name={name}"
        ).json()
        return answer

    assert ask("free-one") == {"name": "free-one", "available": True, "message": ""}
    assert ask("Taken")["message"] == "Taken is taken."
    for _ in range(28):
        ask("free-one")
    refused = visitor.client.get("/api/username-availability?name=free-one")
    assert refused.status_code == 429
    wait = refused.headers["retry-after"]
    assert refused.json()["error"] == f"Too many requests. Try again in {wait} seconds."


def test_availability_says_in_words_that_a_name_looks_like_another(hub: Hub) -> None:
    confirmed(hub, "bob1")
    for language, words in (("en", "looks too much like another name"), ("zh-CN", "太相似")):
        told = Visitor(hub, language=language).client.get("/api/username-availability?name=bobl")
        assert told.json()["available"] is False
        assert words in told.json()["message"]


def test_chinese_readers_are_answered_in_chinese(hub: Hub) -> None:
    page = Visitor(hub, language="zh-CN").begin("foo@", "abcdefg")
    assert '<html lang="zh-CN"' in page.text
    assert "邮箱格式不正确。" in page.text
    assert "至少 8 个字符。" in page.text
    assert "下一步" in page.text


def test_a_sign_up_by_invitation_takes_its_code_from_the_link(
    tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "data", clock=clock, **{"accounts.sign_up": "invite"})
    with reading(hub) as call, working(call) as work:
        code = invites.invite(work)
    visitor = Visitor(hub)
    without = visitor.submit("/join", "/join", email="li@example.com", password=PASSWORD)
    assert "Enter the code of your invitation." in without.text
    page = visitor.open(f"/join?invite={code}")
    assert f'value="{code}"' in page.text
    fields = {"email": "li@example.com", "password": PASSWORD, "invite": code}
    assert visitor.send("/join", page.hidden("/join") | fields).place == "/join?step=2"
    visitor.take_time()
    agreed = {"username": "li", "full_name": "", "language": "en", "consents": "on"}
    assert visitor.submit("/join?step=2", "/join", **agreed).place == "/verify-email"
    assert {method for _, _, method in agreements(hub)} == {"invite"}

    with reading(hub) as call, working(call) as work:
        code = invites.invite(work)
    late = Visitor(hub)
    page = late.open(f"/join?invite={code}")
    fields |= {"email": "mei@example.com", "invite": code}
    late.send("/join", page.hidden("/join") | fields)
    assert f'value="{code}"' in late.open("/join").text  # as the address, it is still there
    second = late.open("/join?step=2").hidden("/join") | agreed | {"username": "mei"}
    with reading(hub) as call, working(call) as work:
        (kept,) = invites.open_invites(call)
        invites.withdraw(work, kept.id)
    late.take_time()
    refused = late.send("/join", second)
    assert (refused.status, f'value="{code}"' in refused.text) == (400, True)
    with reading(hub) as call, working(call) as work:
        code = invites.invite(work)
    again = late.open(f"/join?invite={code}")  # a fresh link goes before what was kept
    assert f'value="{code}"' in again.text


def test_an_account_that_waits_for_approval_changes_nothing(
    tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "data", clock=clock, **{"accounts.sign_up": "approval"})
    Visitor(hub).join("first-one")
    visitor = Visitor(hub)
    visitor.join("li")
    link = link_in(letter(hub, "li@example.com"))
    for one, words in (
        (Visitor(hub), "as soon as they have let you in"),
        (visitor, "already confirmed"),
    ):
        page = one.open(link)
        found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
        page = one.send(link, {"csrf_token": found[1]}) if found else page
        assert (words in page.text, "open to you now" in page.text) == (True, False)
        assert "/settings/tokens/new" not in page.text
    for path in ("/", "/models", "/settings/profile", "/settings/tokens", "/first-one"):
        shown = visitor.open(path)  # the explanation, once, and nothing else
        assert (shown.status, shown.text.count("have yet to approve your account")) == (403, 1)
        assert "<h1>Your account waits for approval</h1>" in shown.text
        assert "the role this needs" not in shown.text
    account = visitor.open("/settings/account")  # they may leave
    assert (account.status, account.text.count("have yet to approve your account")) == (200, 1)
    assert "/settings/account/username" not in account.text  # and that is all
    proof = re.search(r'name="csrf_token" value="([^"]+)"', account.text)
    assert proof is not None
    sent = {"csrf_token": proof[1], "full_name": "Li Wei"}
    refused = visitor.send("/settings/profile", sent)
    assert (refused.status, "have yet to approve" in refused.text) == (403, True)
    assert visitor.client.post("/api/repos/create", json={"name": "x"}).status_code == 403
    with reading(hub) as call, working(call) as work:
        approval.approve(work, person(hub, "li"))
    done = visitor.submit("/settings/profile", "/settings/profile", full_name="Li Wei")
    assert done.place == "/settings/profile"

    other = Visitor(hub)
    other.join("mei")
    link = link_in(letter(hub, "mei@example.com"))
    csrf = re.search(r'name="csrf_token" value="([^"]*)"', other.open(link).text)
    assert csrf is not None
    other.send(link, {"csrf_token": csrf[1]})
    place = "/settings/account/delete"
    assert other.submit(place, place, confirm_name="mei").place == "/"
    assert Visitor(hub).log_in("mei").status == 401


CODE = "the code of whoever set it up, ".ljust(128, "x")  # the longest that may be chosen


@pytest.fixture
def fresh(tmp_path: Path, clock: FrozenClock) -> Hub:
    """Give an empty hub whose first admin needs a code."""
    settings: dict[str, Any] = {"accounts.first_admin_code": CODE}
    return build_test_hub(tmp_path / "fresh", clock=clock, **settings)


def test_the_first_account_of_a_site_is_its_admin_and_no_other(hub: Hub) -> None:
    assert "Code of the first administrator" not in Visitor(hub).open("/join").text
    Visitor(hub).join("first-one")
    Visitor(hub).join("second-one")
    assert [person(hub, name).admin for name in ("first-one", "second-one")] == [True, False]


def test_nobody_signs_up_before_the_first_admin_has_shown_the_code(fresh: Hub) -> None:
    visitor = Visitor(fresh)
    assert 'name="first_code" type="password"' in visitor.open("/join").text
    fields = {"email": "li@example.com", "password": PASSWORD}
    for code, said in (("", "Enter the code of"), ("wrong", "This is not the code.")):
        refused = visitor.submit("/join", "/join", **fields, first_code=code)
        assert (refused.status, said in refused.text) == (400, True)
        assert CODE not in refused.text
    body = {
        **fields,
        "username": "mallory",
        "consents": documents.packaged_versions(),
    }
    by_script = visitor.client.post("/api/signup", json=body)
    assert (by_script.status_code, by_script.json()["fields"]) == (
        400, {"first_code": ["first_code.missing"]}
    )  # fmt: skip
    assert people(fresh) == 0

    begun = visitor.submit("/join", "/join", **fields, first_code=f" {CODE} ")
    assert begun.place == "/join?step=2"
    visitor.take_time()
    agreed = {"username": "li-wei", "full_name": "", "language": "en", "consents": "on"}
    visitor.submit("/join?step=2", "/join", **agreed)
    assert person(fresh, "li-wei").admin
    assert "first_code" not in Visitor(fresh).open("/join").text
    Visitor(fresh).join("second-one")
    assert not person(fresh, "second-one").admin


def test_who_had_the_code_too_late_is_no_admin(fresh: Hub) -> None:
    late = Visitor(fresh)
    late.submit("/join", "/join", email="a@example.com", password=PASSWORD, first_code=CODE)
    made(fresh, "made-by-operator")
    late.take_time()
    agreed = {"username": "too-late", "full_name": "", "language": "en", "consents": "on"}
    assert late.submit("/join?step=2", "/join", **agreed).place == "/verify-email"
    assert not person(fresh, "too-late").admin


def test_a_site_for_some_domains_says_which_before_anything_is_typed(
    tmp_path: Path, clock: FrozenClock
) -> None:
    settings: dict[str, Any] = {
        "accounts.sign_up": "domains",
        "accounts.allowed_domains": ("uni.example", "*.lab.example"),
    }
    hub = build_test_hub(tmp_path / "domains", clock=clock, **settings)
    page = Visitor(hub).open("/join")
    assert "Only addresses at uni.example, *.lab.example can be used here." in page.text
    refused = Visitor(hub).begin("a@elsewhere.example")
    assert "elsewhere.example is not one of them" in refused.text
    assert Visitor(hub).begin("a@x.lab.example").place == "/join?step=2"
