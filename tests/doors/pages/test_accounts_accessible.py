"""Every page of accounts (product P02-P18, P53) with everything on it, for all eyes and hands:
 axe, 320 pixels, 400 % zoom, dark and light, both languages, the keyboard.

The pages come from the route table: one that is new is looked at too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from fixtures.axe import findings
from fixtures.browsers import chromium, settle, untranslated
from fixtures.hubs import FrozenClock
from fixtures.lived_in import NO_PAGES, LivedIn, lived_in
from fixtures.shown_repos import served

NARROW: Final = 320  # pixels; also what 1280 pixels are at 400 % zoom (WCAG 1.4.10)
ZOOMED_HEIGHT: Final = 256  # 1024 pixels at 400 %
WIDE: Final = 1320
MORE_TABS: Final = 12  # stops that are none of the controls: parts of a date, the browser itself
# What a keyboard must reach, and where it was seen that one is there: on the control, its label, or
# what stands around it. Of several radio buttons one stands for all.
_WATCH: Final = """() => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true}) && !one.closest('[inert]');
  const all = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary')];
  const wanted = all.filter((one) => shown(one) && !one.disabled && one.tabIndex >= 0);
  const seen = new Set(), unseen = [];
  const rings = (one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  addEventListener('focusin', (event) => {
    const here = event.target, around = [here, ...(here.labels ?? [])];
    for (let one = here.parentElement, n = 0; one && n < 3; one = one.parentElement, n += 1)
      around.push(one);
    seen.add(here);
    if (!around.some(rings)) unseen.push(here.outerHTML.slice(0, 160));
  });
  window.strataWalk = () => ({
    unseen, missed: wanted.filter((one) => one.type !== 'radio' && !seen.has(one))
      .map((one) => one.outerHTML.slice(0, 160)),
  });
  document.activeElement.blur();
  return wanted.length;
}"""
# What a finger hits: the control, or its label; links inside sentences are spared (WCAG 2.5.8).
_SMALL: Final = """() => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden], [type=radio]), select, textarea, summary')]
  .filter((one) => one.checkVisibility({visibilityProperty: true})
    && !one.closest('[inert], .off-screen, .skip-link')
    && !(one.matches('a') && getComputedStyle(one).display === 'inline')
    && [one, ...(one.labels ?? [])].every((it) => it.getBoundingClientRect().height < 43.5))
  .map((one) => one.outerHTML.slice(0, 160))"""
# Their form sends itself where scripts run; what follows is what people see.
GO_ON: Final = frozenset({"/email_confirmation/{token}", "/settings/emails/confirm/{token}"})
Scheme = Literal["light", "dark"]


@dataclass
class Walk:
    """One browser going through all pages, each person in a tab of their own; what was wrong."""

    scene: LivedIn
    browser: Browser
    base: str
    language: str
    scheme: Scheme
    wrong: list[str] = field(default_factory=list)
    _tabs: dict[tuple[tuple[str, str], ...], Page] = field(default_factory=dict)

    def pages(self) -> Iterator[tuple[str, Page]]:
        """Each page, opened."""
        for template, path in self.scene.places().items():
            if template in NO_PAGES:
                continue
            page = self._tab(self.scene.cookies_of(template))
            page.set_viewport_size({"width": WIDE, "height": 860})
            answer = page.goto(self.base + path)
            assert answer is not None
            assert answer.status == 200, (template, answer.status)
            if template in GO_ON:
                settle(page)
            yield template, page

    def _tab(self, cookies: dict[str, str]) -> Page:
        """Their tab: a program that has read axe once need not read it again on the next page."""
        key = tuple(sorted(cookies.items()))
        if key not in self._tabs:
            made = self.browser.new_context(
                locale=self.language, color_scheme=self.scheme, reduced_motion="reduce"
            )
            made.add_cookies(
                [{"name": name, "value": value, "url": self.base} for name, value in key]
            )
            page = self._tabs[key] = made.new_page()
            page.on("request", lambda asked: self._same_host(asked.url))
            page.on("console", lambda said: self._no_error(said.type, said.text))
            page.on("pageerror", lambda error: self.wrong.append(str(error)))
        return self._tabs[key]

    def _no_error(self, kind: str, text: str) -> None:
        if kind == "error":
            self.wrong.append(text)

    def _same_host(self, address: str) -> None:
        if urlsplit(address).scheme in ("http", "https") and not address.startswith(self.base):
            self.wrong.append(f"asks another host: {address}")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[LivedIn]:
    built = lived_in(tmp_path, FrozenClock())
    yield built
    built.hub.database.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-CN", "dark")])
def test_every_page_of_accounts_is_for_everybody(
    scene: LivedIn, language: str, scheme: Scheme
) -> None:
    with served(scene.hub) as base, chromium() as browser:
        walk, seen = Walk(scene, browser, base, language, scheme), 0
        for template, page in walk.pages():
            seen += 1
            looks = (findings, by_keyboard, narrow) if scheme == "light" else (narrow, findings)
            for look in looks:
                walk.wrong += [f"{template}: {found}" for found in look(page)]
            said = page.locator("html").get_attribute("lang")
            walk.wrong += [] if said == language else [f"{template}: speaks {said}"]
        assert walk.wrong == []
        assert seen > 60


def narrow(page: Page) -> list[str]:
    """What is wrong on a screen of 320 pixels, which is also 400 % zoom."""
    page.set_viewport_size({"width": NARROW, "height": ZOOMED_HEIGHT})
    wide = page.evaluate("document.documentElement.scrollWidth")
    wrong = [f"is {wide} pixels wide"] if wide > NARROW else []
    if page.locator("h1").count() != 1 or not page.title():
        wrong.append("has not one heading and a title")
    wrong += [f"fingers miss {one}" for one in page.evaluate(_SMALL)]
    return wrong + [f"shows the key {key}" for key in untranslated(page)]


def by_keyboard(page: Page) -> list[str]:
    """Go once around the page with Tab: everything is reached, and it is seen where one is."""
    controls = page.evaluate(_WATCH)
    for _ in range(controls + MORE_TABS):
        page.keyboard.down("Tab")  # held, so that it repeats
    page.keyboard.up("Tab")
    walked = page.evaluate("window.strataWalk()")
    missed = [f"Tab does not reach {one}" for one in walked["missed"]]
    return missed + [f"the focus is not seen on {one}" for one in walked["unseen"]]
