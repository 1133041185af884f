"""Dialogs that pages open, and who can use them."""

from typing import Final

from playwright.sync_api import Browser, Locator

from clients.acting import log_in
from clients.hub import Hub, Person
from clients.pages import HEIGHT, NARROW, WIDE, Browsing, Language
from fixtures.axe import findings

MAGNIFIED: Final = {"width": NARROW, "height": 256}  # 1280 by 1024 at 400 %
FOCUS: Final = (
    "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
)


def opened(browser: Browser, hub: Hub, person: Person, language: Language = "en") -> Browsing:
    """A browser of its own in which somebody is logged in."""
    viewport = {"width": WIDE, "height": HEIGHT}
    context = browser.new_context(locale=language, viewport=viewport, reduced_motion="reduce")  # type: ignore[arg-type]
    here = Browsing(context.new_page(), hub.url, language)
    log_in(here, person.name, person.password)
    return here


# From one colour to another; a window that nobody sees may never get there by itself.
END_TRANSITIONS = """document.getAnimations().forEach(
  (one) => one instanceof CSSTransition && one.finish()
)"""


def can_be_used_by_everybody(here: Browsing, dialog: Locator) -> None:
    page = here.page
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(END_TRANSITIONS)  # halfway between two colours nothing can be read
        assert not findings(page), scheme
    page.set_viewport_size(MAGNIFIED)  # type: ignore[arg-type]  # wants its own TypedDict
    assert dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    for button in dialog.get_by_role("button").all():
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW
        assert 0 <= box["y"] <= MAGNIFIED["height"] - box["height"]
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    for key in ("Tab", "Shift+Tab"):
        for _ in range(5):
            page.keyboard.press(key)
            assert page.evaluate(FOCUS)
