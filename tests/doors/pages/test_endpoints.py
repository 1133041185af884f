"""The page that tells what programs may call, and the foot that leads to it (§2.0)."""

import re
from html import unescape
from typing import Final

import pytest
from playwright.sync_api import Page

from doors.pages.visitors import Visitor
from fixtures.browsers import chromium, untranslated
from fixtures.shown_repos import served
from strata.core.hub import Hub
from strata.web.routes import API, APPLICATIONS, FILES

FINGER_PX: Final = 44
FOOT: Final = {
    "/terms-of-service",
    "/privacy",
    "/docs",
    "/docs/api",
    "/status",
    "/docs/api?lang=en",
    "/docs/api?lang=zh-CN",
}


@pytest.mark.parametrize(("language", "title"), [("en", "API reference"), ("zh-CN", "API 参考")])
def test_every_address_for_programs_stands_there(hub: Hub, language: str, title: str) -> None:
    page = Visitor(hub, language=language).open("/docs/api")
    assert page.status == 200
    assert title in page.text
    told = [unescape(one) for one in re.findall(r'<code class="wrap-anywhere">(.*?)<', page.text)]
    assert told == [route.template for route in (*API, *FILES, *APPLICATIONS)]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_foot_leads_everywhere_and_fits_a_thumb(hub: Hub, language: str) -> None:
    with served(hub) as base, chromium() as browser:
        for width in (320, 1024):  # a phone, and a tablet
            screen = browser.new_context(
                locale=language, viewport={"width": width, "height": 640}, has_touch=True
            )
            page = screen.new_page()
            answer = page.goto(f"{base}/docs/api")
            assert answer is not None
            assert answer.status == 200
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert untranslated(page) == []
            assert {link.removeprefix(base) for link in _foot(page)} >= FOOT


def _foot(page: Page) -> list[str]:
    """Where the foot leads; each link is as large as a finger."""
    links = page.locator(".site-footer a").all()
    for link in links:
        box = link.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= FINGER_PX, (link.inner_text(), box)
    return [str(link.evaluate("one => one.href")) for link in links]
