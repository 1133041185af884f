"""Who logs out in one tab of Chromium leaves nothing on the screen of the others."""

import pytest
from playwright.sync_api import Browser, expect

from doors.pages.visitors import Visitor, confirmed
from fixtures.browsers import chromium
from fixtures.shown_repos import served
from strata.core.hub import Hub

MAILBOX = "li-wei@example.com"


def tabs(browser: Browser, base: str, visitor: Visitor) -> list:  # type: ignore[type-arg]  # of pages
    context = browser.new_context(locale="en")
    for cookie in visitor.client.cookies.jar:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": base}])
    opened = [context.new_page(), context.new_page()]
    for tab in opened:
        tab.goto(f"{base}/settings/account")
        expect(tab.get_by_text(MAILBOX).first).to_be_visible()
    return opened


@pytest.mark.parametrize("reachable", [True, False])
def test_the_other_tab_is_emptied_with_the_session(hub: Hub, *, reachable: bool) -> None:
    visitor = confirmed(hub, "li-wei")
    with served(hub) as base, chromium() as browser:
        here, there = tabs(browser, base, visitor)
        if not reachable:
            here.context.set_offline(True)
        here.evaluate("document.querySelector('form[action$=\"/logout\"]').requestSubmit()")
        expect(there.get_by_text(MAILBOX)).to_have_count(0)
        if reachable:
            there.wait_for_url("**/login**")
