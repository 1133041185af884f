"""A private repository is shared with one person, in a real browser, in both languages (P37)."""

from typing import Final

import pytest

from clients.api import Repo, speaking_as
from clients.conftest import StartHub
from clients.hub import Hub, Person
from clients.mailbox import Mailbox, links
from clients.pages import LANGUAGES, Browsing, Language, OpenBrowser
from clients.proofs import forget_proofs, password
from fixtures.axe import WCAG, violations
from fixtures.browsers import settle

pytestmark = pytest.mark.slow

VAULT: Final = Repo("dataset", "li/vault")
PAGE: Final = f"{VAULT.page}/settings/collaborators"
MINE: Final = "/settings/collaborations"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_repository_is_shared_and_taken_back(
    language: Language,
    start_hub: StartHub,
    mailbox: Mailbox,
    open_browser: OpenBrowser,
) -> None:
    hub = start_hub(mailbox.settings)
    li, bob = hub.user("li"), hub.user("bob")
    with speaking_as(hub.url, li) as api:
        api.create(VAULT, private=True)
    here, his = (at_home(hub, one, language, open_browser) for one in (li, bob))
    invites_by_keyboard(here, li, hub)
    looked_at(his, MINE)
    letter = mailbox.wait_about(bob.email, "li/vault")
    (landing,) = [link for link in links(letter) if MINE in link]
    looked_at(his, landing)
    his.page.get_by_role("button").and_(his.page.locator("[value=accept]")).focus()
    his.page.keyboard.press("Enter")
    his.page.wait_for_url(f"{hub.url}{VAULT.page}")
    his.check()
    looked_at(his, f"{VAULT.page}/settings")
    looked_at(his, MINE)
    looked_at(here, PAGE)
    looked_at(here, "/notifications")
    assert "bob" in here.page.locator("main").inner_text()
    here.open(PAGE)
    here.page.get_by_role("combobox").last.select_option("read")
    here.page.locator("input[name=form][value=remove] ~ button").click()
    settle(here.page)
    here.check()
    answer = his.page.goto(hub.url + VAULT.page)
    assert answer is not None
    assert answer.status == 404
    hub.require_clean_log()


def at_home(hub: Hub, person: Person, language: Language, open_browser: OpenBrowser) -> Browsing:
    """A browser in which somebody is logged in."""
    here = open_browser(hub, language)
    password(here, person)
    return here


def looked_at(here: Browsing, path: str) -> None:
    """Open a page; look at it as axe does, and on a narrow screen."""
    here.open(path)
    colours = here.language == "en"  # they are the same in each
    assert violations(here.page, WCAG, colours=colours) == [], here.page.url


def invites_by_keyboard(here: Browsing, li: Person, hub: Hub) -> None:
    """Type a name, go to the roles with Tab, choose with the arrow, send with Enter, prove."""
    forget_proofs(hub)
    looked_at(here, PAGE)
    here.page.locator("[name=who]").focus()
    here.page.keyboard.type("bob")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("ArrowDown")
    assert here.page.locator("[name=role][value=write]").is_checked()
    here.page.keyboard.press("Enter")
    here.page.locator("dialog [name=sudo_password]").fill(li.password)
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("[name=form][value=withdraw]", state="attached")
    here.check()
