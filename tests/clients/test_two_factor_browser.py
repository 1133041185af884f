"""J20 in a real browser, in both languages: authenticator app, recovery codes, passkeys."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clients import visits
from clients.conftest import StartHub
from clients.hub import Hub
from clients.mailbox import Mailbox
from clients.pages import LANGUAGES, Browsing, Language
from clients.proofs import SETTINGS, checked, code, forget_proofs, password, set_up_app
from fixtures.browsers import settle

NOTICES: Final = (  # subjects of the mails, in the person's language
    "Two-factor authentication is on",
    "A recovery code",
    "New recovery codes",
    "A passkey was added",
    "The authenticator app was removed",
    "Two-factor authentication is off",
)
NEEDS: Final = {"en": "Passkeys need HTTPS (or localhost).", "zh-CN": "通行密钥需要 HTTPS"}

USED: Final = {"en": "Last used", "zh-CN": "最近使用"}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_factors_from_setting_up_to_taking_away(
    language: Language,
    start_hub: StartHub,
    browser: Browser,
    tmp_path: Path,
    mailbox: Mailbox,
) -> None:
    hub = start_hub(mailbox.settings)
    li = hub.user("li")
    here = opened(browser, hub, language)
    give_authenticator(here.page)
    password(here, li)
    secret, codes = set_up_app(here, tmp_path)
    step = int(time.time()) // 30

    second = opened(browser, hub, language)
    password(second, li)
    checked(second, "/login/2fa")
    second.page.locator("[name=code]").press_sequentially(code(secret, step))  # sent by itself
    second.page.wait_for_url(f"{hub.url}/")

    third = opened(browser, hub, language)
    password(third, li)
    sending_is_undone(third, code(secret, step))
    third.page.fill("[name=code]", code(secret, step))
    third.page.keyboard.press("Enter")
    third.page.wait_for_selector("#strata-code-error")
    checked(third, "/login/recovery")
    third.page.fill("[name=recovery_code]", codes[0])
    third.page.keyboard.press("Enter")
    third.page.wait_for_url(f"{hub.url}/")

    burned = opened(browser, hub, language)
    password(burned, li)
    burned.page.goto(f"{hub.url}/login/recovery")
    burned.page.fill("[name=recovery_code]", codes[0])
    burned.page.keyboard.press("Enter")
    burned.page.wait_for_selector("#strata-recovery_code-error")

    add_passkey(here)
    prove_by_passkey(here)
    forget_proofs(hub)
    renew_codes_asks_for_proof(here)
    forget_proofs(hub)
    renames_after_a_code(here, secret, step)
    enter_by_passkey(here)
    take_all_away(here)
    fourth = opened(browser, hub, language)
    password(fourth, li)
    fourth.page.wait_for_url(f"{hub.url}/")
    insecure = opened(browser, hub, language, f"http://127.0.0.1:{hub.port}")
    checked(insecure, "/login")
    assert NEEDS[language] in insecure.page.locator("main").inner_text()
    for words in NOTICES:
        mailbox.wait_about(li.email, words)
    for one in (here, second, third, burned, fourth, insecure):
        one.require_quiet()
    hub.require_clean_log()


def opened(browser: Browser, hub: Hub, language: Language, base: str = "") -> Browsing:
    """Open a context of its own, in which the hub may have another address."""
    context: BrowserContext = browser.new_context(locale=language, accept_downloads=True)
    return Browsing(context.new_page(), base or hub.url, language)


def sending_is_undone(here: Browsing, typed: str) -> None:
    """A code that is complete is sent by itself after a moment, unless its writer says no."""
    page = here.page
    page.clock.install()
    page.reload()
    stop = page.locator("[data-one-time-note] button")
    ways: tuple[Callable[[], object], ...] = (
        stop.click,
        lambda: page.keyboard.press("Escape"),
        lambda: page.keyboard.press("Backspace"),
    )
    for undo in ways:
        page.reload()
        page.locator("[name=code]").press_sequentially(typed)
        expect(stop).to_be_visible()
        undo()
        expect(stop).to_be_hidden()
        page.clock.run_for(60_000)
        assert page.url.partition("?")[0].endswith("/login/2fa")
        expect(page.locator("#strata-code-error")).to_have_count(0)
    page.reload()
    page.locator("[name=code]").press_sequentially(typed)
    page.clock.run_for(60_000)
    page.wait_for_selector("#strata-code-error")  # it was used before
    page.clock.resume()


def give_authenticator(page: Page) -> None:
    """Put a fingerprint reader into the machine of this page."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_passkey(here: Browsing) -> None:
    checked(here, f"{SETTINGS}/passkeys/new")
    here.page.fill("[name=name]", "My reader")
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(f"{here.base}{SETTINGS}")
    checked(here)
    told = here.page.locator("section[aria-labelledby=passkeys-title]").inner_text()
    assert "My reader" in told
    assert USED[here.language] not in told


def prove_by_passkey(here: Browsing) -> None:
    checked(here, f"/settings/confirm-access?next={SETTINGS}")
    here.page.click("form[data-passkey] button")
    here.page.wait_for_url(f"{here.base}{SETTINGS}")


def renew_codes_asks_for_proof(here: Browsing) -> None:
    """The act waits for the proof, which is asked for over its own dialog, and is done then."""
    here.page.goto(f"{here.base}{SETTINGS}")
    form = here.page.locator(f"form[action='{SETTINGS}/recovery-codes']")
    dialog = here.page.locator("details[data-dialog]").filter(has=form)
    if dialog.count():
        dialog.locator("summary").click()
    form.locator("button[type=submit]").last.click()
    proof = here.page.locator("dialog form[data-passkey]")
    expect(proof).to_be_visible()
    checked(here)
    refuses(here)
    proof.locator("button").click()
    expect(proof.locator("[data-passkey-error]")).to_be_visible()
    assert here.page.url == f"{here.base}{SETTINGS}"
    refuses(here, refused=False)
    proof.locator("button").click()
    here.page.wait_for_selector(".recovery-codes")


def refuses(here: Browsing, *, refused: bool = True) -> None:
    """Whether whoever holds the reader of this page takes the finger away."""
    here.page.evaluate(
        "(refused) => { navigator.credentials.true ??= navigator.credentials.get;"
        " navigator.credentials.get = refused"
        " ? () => Promise.reject(new DOMException('', 'NotAllowedError'))"
        " : navigator.credentials.true; }",
        refused,
    )


def renames_after_a_code(here: Browsing, secret: str, used: int) -> None:
    """A code counts once; what was typed and which of two buttons was pressed are kept."""
    here.page.goto(f"{here.base}{SETTINGS}")
    form = here.page.locator(f"form[action='{SETTINGS}/passkeys']")
    dialog = here.page.locator("details[data-dialog]").filter(has=form)
    # Beside the others; phones have no Esc.
    cancel = form.locator(".button-row [data-dialog-close]")
    for by_key in (False, True):
        dialog.locator("summary").click()
        expect(dialog.get_by_role("dialog")).to_be_visible()
        here.page.keyboard.press("Escape") if by_key else cancel.click()
        expect(dialog.get_by_role("dialog")).to_be_hidden()
        expect(dialog.locator("summary")).to_be_focused()
    dialog.locator("summary").click()
    form.locator("[name=name]").fill("Red key")
    form.locator("button[value=rename]").click()
    typed = here.page.locator("dialog [name=sudo_code]")
    typed.fill(code(secret, used))
    here.page.keyboard.press("Enter")
    expect(here.page.locator("dialog [name=sudo_code][aria-invalid]")).to_be_focused()
    expect(here.page.locator("#strata-sudo_code-error[role=alert]")).to_be_visible()
    here.forgive(403)
    checked(here)
    typed.fill(code(secret, int(time.time()) // 30 + 1))
    here.page.keyboard.press("Enter")
    section = here.page.locator("section[aria-labelledby=passkeys-title]")
    expect(section.get_by_text("Red key").first).to_be_visible()
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    assert "My reader" not in here.page.locator("main").inner_text()


def enter_by_passkey(here: Browsing) -> None:
    """Log in by the passkey alone, which the browser offers by itself.

    Somebody in the same network has had so many refused that it takes a computation.
    """
    with visits.browser(here.base) as eve:
        page = eve.web.get("/login")
        refused = [eve.send(page, "/login/passkey", passkey="{}") for _ in range(31)]
    assert [answer.status_code for answer in refused] == [400] * 30 + [429]
    here.page.context.clear_cookies()
    here.page.goto(f"{here.base}/login?next={SETTINGS}")
    here.page.wait_for_url(f"{here.base}{SETTINGS}")
    section = here.page.locator("section[aria-labelledby=passkeys-title]")
    assert "Red key" in section.inner_text()
    assert USED[here.language] in section.inner_text()
    section.locator("summary").click()
    section.locator("[name=name]").fill("Blue key")
    section.locator("button[value=rename]").click()
    section.get_by_text("Blue key").first.wait_for()
    assert "Red key" not in here.page.locator("main").inner_text()


def take_all_away(here: Browsing) -> None:
    for action in (f"{SETTINGS}/authenticator/remove", f"{SETTINGS}/passkeys"):
        here.page.goto(f"{here.base}{SETTINGS}")
        form = here.page.locator(f"form[action='{action}']")
        here.page.locator("details[data-dialog]").filter(has=form).locator("summary").click()
        form.locator(".button-danger").click()
        settle(here.page)
    assert here.page.locator(f"form[action='{SETTINGS}/passkeys']").count() == 0
