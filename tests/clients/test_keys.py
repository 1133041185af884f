"""Single keys, and the list of them that "?" opens (product §2.0, §2.2 P18)."""

from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, expect

from clients.acting import press, say
from clients.dialogs import opened
from clients.hub import Hub
from clients.pages import HEIGHT, LANGUAGES, NARROW, WIDE, Browsing, Language
from fixtures.axe import findings

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("hub", ["sqlite"], indirect=True)]

EVERYWHERE: Final = ["/", "g m", "g d", "g s", "g n", "?", "Esc"]
IN_THE_INBOX: Final = ["j", "k", "Enter", "e", "u", "m"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_listed_and_can_be_turned_off(
    browser: Browser, hub: Hub, language: Language
) -> None:
    here = opened(browser, hub, hub.user(f"kim-{language.lower()}"), language)
    sheet = says_its_keys(here, "/models", EVERYWHERE)
    assert not findings(here.page)
    here.page.set_viewport_size({"width": NARROW, "height": 256})
    assert here.page.evaluate("document.documentElement.scrollWidth") <= NARROW
    here.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    here.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    says_its_keys(here, "/notifications", [*EVERYWHERE[:5], *IN_THE_INBOX, *EVERYWHERE[5:]])
    here.page.keyboard.press("g")
    here.page.keyboard.press("m")
    expect(here.page.get_by_role("dialog")).to_be_visible()  # what is open keeps the keys
    turned_off(here)


def says_its_keys(here: Browsing, path: str, keys: list[str]) -> Locator:
    """Open the list on a page with "?", once the same key was typed into a field in vain."""
    here.open(path)
    sheet = here.page.get_by_role("dialog", name=say(here, "Keyboard shortcuts"), exact=True)
    search = here.page.locator("#strata-search")
    expect(search).to_be_visible()  # the page was looked at on a narrow screen a moment ago
    here.page.keyboard.press("/")
    expect(search).to_be_focused()
    here.page.keyboard.type("?")
    expect(search).to_have_value("?")
    expect(sheet).to_be_hidden()
    search.evaluate("field => field.blur()")
    here.page.keyboard.press("?")
    expect(sheet).to_be_visible()
    assert sheet.locator("dd").all_inner_texts() == keys
    return sheet


def turned_off(here: Browsing) -> None:
    here.open("/settings/preferences")
    here.page.locator("input[name=shortcuts]").uncheck()
    press(here, say(here, "Save"))
    here.page.keyboard.press("?")
    here.page.keyboard.press("/")
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    assert here.page.evaluate("document.activeElement.id") != "strata-search"
