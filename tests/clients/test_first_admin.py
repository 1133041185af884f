"""A hub that others can reach is started, and its operator becomes the admin before a stranger."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from clients import visits
from clients.acting import fill, reads
from clients.hub import Hub
from clients.pages import HEIGHT, WIDE, Browsing
from fixtures.axe import findings
from fixtures.browsers import chromium

pytestmark = pytest.mark.slow

PASSWORD: Final = "Corr3ct-Horse!a"
SETTINGS: Final = {
    "STRATA_ACCOUNTS_FASTEST_SIGN_UP_S": "0",
    "STRATA_SERVER_TRUSTED_PROXIES": "192.0.2.1",  # what is behind a proxy can be reached
    "STRATA_SERVER_WORKERS": "2",
}
SHOWN: Final = re.compile(r"(http://\S+/join)#code=((?:[A-Z]{4}-){7}[A-Z]{4})")


def test_who_started_the_hub_becomes_its_admin_and_no_stranger(tmp_path: Path) -> None:
    hub = Hub(tmp_path, SETTINGS)
    try:
        hub.start()
        ((place, first),) = SHOWN.findall(hub.log.read_text())
        assert place == f"{hub.url}/join"
        with visits.browser(hub.url) as mallory:
            assert "This site has no accounts yet" in mallory.web.get("/").text
            for code in ("", "BCDF-" * 7 + "BCDF"):
                fields = {"email": "m@example.com", "password": PASSWORD, "first_code": code}
                assert mallory.submit("/join", "/join", **fields).status_code == 400
        hub.stop()
        hub.start()
        assert hub.log.read_text().count(first) == 2  # by itself, and in the address: once printed
        assert "that was printed before" in hub.log.read_text()
        fresh = hub.cli("user", "first-code")
        assert SHOWN.search(f"http://localhost/join#code={fresh}")

        signs_up(hub, first, fresh)

        (operator,) = json.loads(hub.cli("user", "list", "--json"))
        assert (operator["name"], operator["admin"]) == ("operator", True)
        late = hub.strata("user", "first-code")
        assert late.returncode != 0
        assert "has accounts already" in late.stderr
        with visits.browser(hub.url) as mallory:
            assert "This site has no accounts yet" not in mallory.web.get("/").text
            assert "first_code" not in mallory.web.get("/join").text
        hub.stop()
        log = hub.log.read_text()
        assert (log.count(first), log.count(fresh)) == (2, 0)
    finally:
        hub.kill()
    hub.require_clean_log()


def signs_up(hub: Hub, former: str, fresh: str) -> None:
    """Open the address of the terminal: the former code is dead, the fresh one stands there."""
    with chromium() as browser:
        context = browser.new_context(locale="zh-CN", viewport={"width": WIDE, "height": HEIGHT})
        here = Browsing(context.new_page(), hub.url, "zh-CN")
        here.open("/")
        reads(here, "This site has no accounts yet")
        here.check()
        assert not findings(here.page)
        for code in (former, fresh):
            here.page.goto("about:blank")
            here.page.goto(f"{hub.url}/join#code={code}")
            expect(here.page.locator("#strata-first_code")).to_have_value(code)
            assert here.page.evaluate("location.href") == f"{hub.url}/join"
            fill(here, "E-mail", "operator@example.com")
            fill(here, "Password", PASSWORD)
            here.button("next").click()
            if code == former:
                reads(here, "This is not the code.")
                assert not findings(here.page)
        here.field("username").fill("operator")
        here.checkbox("consent").check()
        here.button("create account").click()
        here.page.wait_for_url("**/verify-email*")
