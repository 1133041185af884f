"""Journeys of an account in a real browser, in both languages (product §6)."""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from clients import visits
from clients.acting import fill, log_in, press, reads, say
from clients.conftest import StartHub
from clients.hub import Hub
from clients.mailbox import Mailbox, links
from clients.pages import LANGUAGES, Browsing, Language, OpenBrowser
from fixtures.axe import violations

pytestmark = pytest.mark.slow

OTHER: Final = "An0ther-Horse!"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_forgotten_password_is_chosen_anew_and_other_browsers_are_out(
    language: Language, start_hub: StartHub, mailbox: Mailbox, open_browser: OpenBrowser
) -> None:
    """J08: wrong six times, wait, choose another password; the other browser is signed out."""
    hub = start_hub(mailbox.settings)
    ana = hub.user("ana")
    elsewhere = open_browser(hub, language)
    log_in(elsewhere, ana.name, ana.password)
    elsewhere.open("/settings/authentication")

    here = open_browser(hub, language)
    for _ in range(4):
        log_in(here, ana.name, "Wr0ng-Horse!")
        reads(here, "That e-mail/username and password don't match.")
    for password in ("Wr0ng-Horse!", ana.password):
        here.page.goto(f"{hub.url}/login")
        fill(here, "Username or e-mail", ana.name)
        fill(here, "Password", password)
        press(here, "Log In")
    expect(here.page.get_by_role("main").get_by_role("alert")).to_be_visible()
    timer = here.page.get_by_role("timer")
    first = timer.inner_text()
    assert re.search(r"\b[01]:\d\d\b", first)
    expect(timer).not_to_have_text(first)  # it counts down
    assert "/login" in here.page.url
    here.complaints.clear()  # Chromium notes the 429 itself

    for who in ("nobody-here", "nobody@example.org", ana.name):
        here.open("/forgot-password")
        fill(here, "Username or e-mail", who)
        press(here, "Send me a link")
        reads(here, "Nothing arrived? Look into the spam folder, or try your other address.")
    (link,) = links(mailbox.wait_about(ana.email, "Choose a new password"))
    here.page.goto(link)
    fill(here, "New password", OTHER)
    press(here, "Change password")
    reads(here, "Your password is changed. Log in with it.")
    elsewhere.page.goto(f"{hub.url}/settings/authentication")  # at once: 5 seconds are allowed
    assert "/login" in elsewhere.page.url
    mailbox.wait_about(ana.email, "password was changed")
    log_in(elsewhere, ana.name, OTHER)
    elsewhere.open("/settings/authentication")
    again = here.page.goto(link)
    assert again is not None
    assert again.status == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guessed_account_confirms_a_new_browser_by_mail(
    language: Language, start_hub: StartHub, mailbox: Mailbox, open_browser: OpenBrowser
) -> None:
    """J08: guesses from twenty places; the owner's new phone goes on with a link, a thief not."""
    hub = start_hub(mailbox.settings | {"STRATA_SERVER_TRUSTED_PROXIES": "127.0.0.1"})
    ana = hub.user("ana")
    for number in range(20):
        with visits.browser(hub.url) as guessing:
            guessing.web.headers["X-Forwarded-For"] = f"198.51.{number}.1"
            answer = guessing.submit("/login", "/login", username=ana.name, password="Wr0ng-Horse!")
            assert answer.status_code == 401
    mailbox.wait_about(ana.email, "Many failed log-ins")

    phone = open_browser(hub, language)
    log_in(phone, ana.name, ana.password)
    reads(phone, "Look into your mailbox")
    checked(phone)
    (link,) = links(mailbox.wait_about(ana.email, "Confirm your log-in"))

    thief = open_browser(hub, language)
    log_in(thief, ana.name, "Wr0ng-Horse!")
    reads(thief, "Look into your mailbox")
    thief.page.goto(link)
    reads(thief, "Open this link where you log in")
    checked(thief)

    phone.page.goto(link)
    reads(phone, "Confirm your log-in")
    checked(phone)
    press(phone, "Log In")
    phone.open("/settings/authentication")
    again = phone.page.goto(link)
    assert again is not None
    assert again.status == 404
    reads(phone, "This link does not work")
    phone.complaints.clear()  # Chromium notes the 404 itself


def checked(here: Browsing) -> None:
    """What is asked of every page, and no finding of axe."""
    here.check()
    colours = here.language == "en"  # they are the same in each
    assert violations(here.page, colours=colours) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sessions_are_seen_and_ended_and_the_log_tells_of_it(
    language: Language, hub: Hub, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    """J21: two browsers, one signs the other out; the log lists what happened."""
    person = hub.user(f"sessions-{language[:2]}")
    here, other = open_browser(hub, language), open_browser(hub, language)
    for one in (here, other):
        log_in(one, person.name, person.password)
    here.open("/settings/authentication")
    reads(here, "This browser")
    main = here.page.get_by_role("main")
    main.get_by_role("button", name=say(here, "Sign out")).first.click()
    reads(here, "That browser is signed out.")
    other.page.goto(f"{hub.url}/settings/profile")
    assert "/login" in other.page.url

    log_in(other, person.name, person.password)
    here.open("/settings/authentication")
    press(here, "Sign out all other browsers")
    reads(here, "All other browsers are signed out.")
    other.page.goto(f"{hub.url}/settings/profile")
    assert "/login" in other.page.url
    here.open("/settings/security-log")
    expect(here.page.get_by_text("127.0.0.1").first).to_be_visible()
    expect(here.page.get_by_text("Chrome").first).to_be_visible()  # the device
    with here.page.expect_download() as download:
        here.page.get_by_role("link", name=say(here, "Export as JSON")).click()
    kept = tmp_path / "log.json"
    download.value.save_as(kept)
    exported = kept.read_text()
    for event in ("account.login", "account.session_revoke", "127.0.0.1"):
        assert event in exported


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_that_change_are_agreed_to_anew(
    language: Language, start_hub: StartHub, tmp_path: Path, open_browser: OpenBrowser
) -> None:
    """J03: terms v2 are published; declining reads on, agreeing writes again."""
    hub = start_hub({"STRATA_ACCOUNTS_CONSENT_GRACE_DAYS": "0"})
    ana = hub.user("ana")
    for name, text in (("en", "# Terms two\n\nBe kind."), ("zh", "# 第二版条款\n\n请友善。")):
        (tmp_path / name).write_text(text)
    hub.cli("legal", "publish", "terms", "--version", "2", "--en", str(tmp_path / "en"),
            "--zh", str(tmp_path / "zh"))  # fmt: skip
    here = open_browser(hub, language)
    log_in(here, ana.name, ana.password)
    reads(here, "Our documents have changed")
    here.check()
    bearer = {"Authorization": f"Bearer {ana.token_write}"}
    warned = here.page.request.get(f"{hub.url}/api/whoami-v2", headers=bearer)
    assert f"accept them on {hub.url}/agree" in warned.headers["x-hf-warning"]
    press(here, "Not now")
    here.open("/models")

    here.open("/settings/profile")
    fill(here, "Full name", "Ana Maria")
    press(here, "Save profile")
    reads(here, "Our documents have changed")
    here.complaints.clear()  # Chromium notes the 403 itself
    here.page.get_by_role("main").get_by_role("checkbox").check()
    press(here, "Agree and continue")
    here.open("/ana")
    expect(here.page.get_by_role("main").get_by_text("Ana Maria").first).to_be_visible()
