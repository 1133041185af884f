"""A secret shown once: in a dialog that keeps the focus and leaves nothing behind (S-037, P16)."""

from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, expect

from clients.acting import say
from clients.dialogs import can_be_used_by_everybody, opened
from clients.hub import Hub
from clients.pages import HEIGHT, LANGUAGES, TOKEN, WIDE, Browsing, Language
from fixtures.browsers import settle

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("hub", ["sqlite"], indirect=True)]

TOKENS, NEW_TOKEN = "/settings/tokens", "/settings/tokens/new"
NEW_APP: Final = "/settings/applications/new"
ONCE: Final = "Copy it now: it is not shown again."
KEPT: Final = "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_token_and_an_application_secret(language: Language, hub: Hub, browser: Browser) -> None:
    here = opened(browser, hub, hub.user(f"once-{language[:2]}"), language)
    here.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=hub.url)

    make_token(here)
    token = shown(here, say(here, "Token “%(name)s” is ready", name="laptop"))
    assert TOKEN.fullmatch(token)
    is_copied_and_said(here, token)
    here.page.keyboard.press("Escape")
    is_gone(here, token, TOKENS)

    make_application(here)
    title = say(here, "The secret of “%(name)s”", name="Shop")
    first = shown(here, title)
    place = here.page.url.removeprefix(here.base)
    is_copied_and_said(here, first)
    dialog_of(here, title).get_by_role("link", name=say(here, "I have saved it")).click()
    is_gone(here, first, place)

    here.open(f"{place}/secret")
    here.page.locator("main form button[type=submit]").click()
    second = shown(here, title)
    assert second != first
    here.page.goto(here.base + "/")  # away while it is open
    here.page.go_back()
    is_gone(here, second, place, focus=False)


def test_without_scripts_it_is_a_part_of_the_page(hub: Hub, browser: Browser) -> None:
    person = hub.user("once-plain")
    size = {"width": WIDE, "height": HEIGHT}
    context = browser.new_context(locale="en", viewport=size, java_script_enabled=False)  # type: ignore[arg-type]  # wants its own TypedDict
    here = Browsing(context.new_page(), hub.url, "en")
    here.page.goto(hub.url + "/login")
    here.page.locator("[name=username]").fill(person.name)
    here.page.locator("[name=password]").fill(person.password)
    here.page.keyboard.press("Enter")
    expect(here.page.locator("header details.menu").first).to_be_visible()
    make_token(here)
    token = here.shown_token()
    card, heading = here.page.locator("dialog[open]"), here.page.get_by_role("heading", level=1)
    expect(card).to_contain_text(ONCE)
    above, below = heading.bounding_box(), card.bounding_box()
    assert above is not None
    assert below is not None
    assert below["y"] >= above["y"] + above["height"]  # it covers nothing
    card.get_by_role("link", name="I have saved it").click()
    expect(here.page.get_by_text("laptop").first).to_be_visible()
    assert token not in here.page.content()


def make_token(here: Browsing) -> None:
    here.page.goto(here.base + NEW_TOKEN)
    here.page.locator("[name=name]").fill("laptop")
    here.page.locator(".token-form button[type=submit]").last.click()


def make_application(here: Browsing) -> None:
    here.open(NEW_APP)
    here.page.locator("[name=name]").fill("Shop")
    here.page.locator("[name=redirect_uris]").fill("https://shop.example/done")
    here.page.locator("main form button[type=submit]").click()


def dialog_of(here: Browsing, title: str) -> Locator:
    return here.page.get_by_role("dialog", name=title, exact=True)


def shown(here: Browsing, title: str) -> str:
    """The secret of the dialog, which can be read by everybody and keeps the focus."""
    dialog = dialog_of(here, title)
    expect(dialog).to_be_visible()
    expect(dialog).to_have_accessible_description(say(here, ONCE))
    field = dialog.locator("input[readonly]")
    expect(field).to_be_focused()
    can_be_used_by_everybody(here, dialog)
    assert here.page.evaluate("document.querySelector('dialog').matches(':modal')")
    return field.input_value()


def is_copied_and_said(here: Browsing, secret: str) -> None:
    """Also where scripts have no clipboard, as on a plain http address."""
    page, dialog = here.page, here.page.get_by_role("dialog")
    copy, said = dialog.get_by_role("button", name=say(here, "Copy")), dialog.get_by_role("status")
    copy.click()
    expect(said).to_have_text(say(here, "Copied"))
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.evaluate(
        "navigator.clipboard.writeText('').then(() => { window.kept = navigator.clipboard;"
        " Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true}) })"
    )
    copy.press("Enter")
    page.wait_for_function("kept.readText().then((text) => text !== '')")
    assert page.evaluate("kept.readText()") == secret
    expect(copy).to_be_focused()


def is_gone(here: Browsing, secret: str, place: str, *, focus: bool = True) -> None:
    """The page stands where Reload leads, and the secret is in no part of it."""
    page = here.page
    settle(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == here.base + place
    if focus:
        expect(page.get_by_role("main")).to_be_focused()
    assert secret not in page.content() + page.evaluate(KEPT)
    page.reload()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert secret not in page.content()
    here.check()
