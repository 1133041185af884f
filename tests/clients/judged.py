"""What axe finds on the pages of a run, each thing looked at once, whichever worker saw it.

Colours are most of its work. Those of an element are given by what our style sheets choose by, in
it and in all that it stands in; where that is alike, in whatever language and on whatever page,
they were judged.
"""

import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

from fixtures.axe import findings

_CONTRAST: Final = {"type": "rule", "values": ["color-contrast"]}
# Each element: that around it, how it looks, whether it shows text now. Rows of a page that look
# alike and stand in the same are one look; what it is asked for stays at hand for axe.
_LOOKS: Final = """() => {
  const told = ['class', 'type', 'role', 'tabindex', 'aria-selected', 'aria-pressed', 'aria-busy',
    'aria-disabled', 'aria-current', 'aria-invalid', 'data-theme', 'data-code-theme'];
  const known = new Map(), place = new Map();
  const numbered = (looks) => {
    if (!known.has(looks)) known.set(looks, known.size);
    return known.get(looks);
  };
  const shows = (one) => one.checkVisibility({visibilityProperty: true}) &&
    (one.matches('input, select, textarea') ||
      [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  window.strataElements = [...document.querySelectorAll('*')];
  const all = window.strataElements.map((one, index) => {
    place.set(one, index);
    const now = getComputedStyle(one);
    const looks = [one.tagName, ...one.getAttributeNames().sort(),
      ...told.map((name) => one.getAttribute(name)), now.color, now.backgroundColor,
      now.backgroundImage, now.opacity, now.fontSize, now.fontWeight, now.position];
    return [place.get(one.parentElement) ?? -1, numbered(looks.join(' ')), shows(one)];
  });
  const sheets = [...document.styleSheets].map((one) => one.href && new URL(one.href).pathname);
  return {all, sheets, looks: [...known.keys()]};
}"""


class Judged:
    """What axe has judged: once is enough in a run for each thing, whichever worker saw it."""

    def __init__(self) -> None:
        self.folder: Path | None = None  # of the run; none: of no run
        self._here: set[str] = set()

    def add(self, *thing: str) -> bool:
        """Whether it is new."""
        name = _digest(*thing)
        if self.folder is None:
            new = name not in self._here
            self._here.add(name)
            return new
        try:
            (self.folder / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


JUDGED: Final = Judged()


def judge(page: Page, language: str, heading: str, marks: int) -> list[str]:
    """What axe finds on a page as it is shown, in light and in dark, that it was not asked before.

    Args:
        page: its scripts run: axe waits for timers.
        language: of the page.
        heading: tells states of a page apart, with `marks`.
        marks: how much on it asks for attention.
    """
    state = JUDGED.add("all", urlsplit(page.url).path, heading, language, str(marks))
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    new = _new_looks(page)
    found = findings(page, colours=bool(new)) if state else []
    if new:
        found += [] if state else findings(page, _CONTRAST, within=new)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += findings(page, _CONTRAST, within=new)
    # Back at once: colours that still fade into each other would be judged as they are.
    page.emulate_media(color_scheme="null", reduced_motion="reduce")
    page.evaluate("getComputedStyle(document.body).color")
    page.emulate_media(reduced_motion="null")
    return found


def _new_looks(page: Page) -> list[int]:
    """Where in `window.strataElements` text is shown whose colours axe was not asked about."""
    shown = page.evaluate(_LOOKS)
    chains: list[str] = []
    new = []
    for place, (around, looks, shows) in enumerate(shown["all"]):
        outside = chains[around] if around >= 0 else str(shown["sheets"])
        chains.append(_digest(outside, shown["looks"][looks]))
        if shows and JUDGED.add("colours", chains[-1]):
            new.append(place)
    return new


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
