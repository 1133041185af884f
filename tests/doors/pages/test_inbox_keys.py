"""The inbox in Chromium: by keys, on a phone, in both languages, for everyone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from doors.pages.inbox_scene import Scene
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium, settle
from fixtures.hubs import FrozenClock
from fixtures.inboxes import badge, heard, opens, says, telling_hub, told
from fixtures.shown_repos import served
from strata.community.inbox.record import Filter, Show
from strata.core.hub import Hub

HERE = "/notifications"
BELL = {"en": "Notifications: 4 unread", "zh-CN": "通知：4 条未读"}  # noqa: RUF001 — Chinese


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = telling_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture
def scene(hub: Hub, clock: FrozenClock) -> Scene:
    made = Scene(hub)
    made.talk(clock)
    long = "A-rather-long-title-that-has-no-place-to-break-and-goes-on-" * 3
    opens(hub, made.guest, made.model, "`code` " * 40 + "x" * 300, title=long)
    clock.advance(timedelta(minutes=1))
    says(hub, made.guest, made.model, "$e^x$ and @ana", 1)
    told(hub)
    return made


def signed_in(browser: Browser, base: str, scene: Scene, language: str, width: int) -> Page:
    """Open a tab in which ana is logged in."""
    context = browser.new_context(viewport={"width": width, "height": 860}, locale=language)
    for cookie in scene.ana.client.cookies.jar:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": base}])
    return context.new_page()


def assert_usable(tab: Page, width: int) -> None:
    """The page fits, and nothing is in anybody's way."""
    settle(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    # From the top: axe takes a button that has scrolled half under the header for a small one.
    tab.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    assert violations(tab, WCAG) == []


def active(tab: Page) -> str:
    """The title of the row on which the keys act."""
    grid = tab.locator("[role=grid]")
    row = tab.locator(f"#{grid.get_attribute('aria-activedescendant')}.is-active")
    return row.locator(".inbox-title").inner_text().splitlines()[-1]


def goes(tab: Page, key: str) -> None:
    """Press a key that leads to a page."""
    with tab.expect_navigation():
        tab.keyboard.press(key)


@pytest.mark.parametrize(("language", "width"), [("en", 1320), ("zh-CN", 320)])
def test_it_is_read_by_keys_and_fits_the_screen(scene: Scene, language: str, width: int) -> None:
    foreign: list[str] = []
    with served(scene.hub) as base, chromium() as browser:
        tab = signed_in(browser, base, scene, language, width)
        tab.on("request", lambda it: None if it.url.startswith(base) else foreign.append(it.url))
        tab.goto(f"{base}/models")
        tab.keyboard.press("g")
        goes(tab, "n")
        assert tab.url == f"{base}{HERE}"
        assert_usable(tab, width)
        assert tab.locator(".site-bell").get_attribute("aria-label") == BELL[language]

        for key in "jjk":
            tab.keyboard.press(key)
        assert active(tab).endswith("Why so small?")
        goes(tab, "Enter")
        assert_usable(tab, width)
        assert tab.locator(".inbox-comment").count() == 2
        assert tab.locator(".inbox-list").is_visible() == (width > 760)
        assert badge(scene.hub, scene.owner) == 3

        tab.goto(f"{base}{HERE}")
        tab.keyboard.press("j")
        goes(tab, "u")
        assert badge(scene.hub, scene.owner) == 4
        tab.keyboard.press("j")  # from where it was
        goes(tab, "m")
        assert active(tab).endswith("How many rows?")
        goes(tab, "e")
        assert badge(scene.hub, scene.owner) == 2
        tab.keyboard.press("m")  # nobody mutes the safety of an account
        goes(tab, "u")
        unread = heard(scene.hub, scene.owner, Filter(Show.UNREAD))
        assert unread == [("mention", "discussion.comment.create")]
        assert len(heard(scene.hub, scene.owner)) == 2
    assert foreign == []


def test_keys_are_silent_in_fields_and_when_switched_off(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        tab = signed_in(browser, base, scene, "en", 1320)
        tab.goto(f"{base}{HERE}")
        tab.keyboard.press("j")
        tab.keyboard.press("/")
        tab.keyboard.type("gneum")
        assert tab.locator("#strata-search").input_value() == "gneum"
        tab.locator("h1").click()
        tab.evaluate("document.documentElement.dataset.noShortcuts = ''")
        for key in "egnum":
            tab.keyboard.press(key)
        tab.locator("#strata-inbox-page").check()
        boxes = tab.locator("tbody [type=checkbox]")
        assert [boxes.nth(place).is_checked() for place in range(boxes.count())] == [True] * 4
        assert tab.url == f"{base}{HERE}"
        assert badge(scene.hub, scene.owner) == 4


def test_the_bell_of_an_open_page_asks_again(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        tab = signed_in(browser, base, scene, "en", 1320)
        tab.clock.install()
        tab.goto(f"{base}/models")
        scene.ana.send(HERE, scene.ana.open(HERE).hidden(HERE) | {"all": "yes", "act": "read"})
        with tab.expect_response(lambda answer: answer.url.endswith("/notifications/unread")):
            tab.clock.fast_forward(62_000)
        tab.locator(".site-bell[aria-label=Notifications]").wait_for()
        assert tab.locator(".bell-count").is_hidden()
