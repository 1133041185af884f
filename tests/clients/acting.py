"""What people do on the pages of accounts: read, fill in, press, log in."""

from playwright.sync_api import expect

from clients.pages import Browsing
from fixtures.browsers import settle
from strata.web.pages.words.language import translated


def say(here: Browsing, sentence: str, **values: object) -> str:
    """A sentence of ours as this browser reads it."""
    return translated(here.language, sentence, **values)


def press(here: Browsing, label: str) -> None:
    """Press the button, or follow the link, with exactly this label; look at what comes."""
    main = here.page.get_by_role("main")
    name = say(here, label)
    main.get_by_role("button", name=name, exact=True).or_(
        main.get_by_role("link", name=name, exact=True)
    ).first.click()
    settle(here.page)
    if here.page.url.startswith(here.base):  # not that of another site, where people log in
        here.look()


def fill(here: Browsing, label: str, text: str) -> None:
    main = here.page.get_by_role("main")
    main.get_by_role("textbox", name=say(here, label), exact=True).fill(text)


def log_in(here: Browsing, name: str, password: str) -> None:
    here.open("/login")
    fill(here, "Username or e-mail", name)
    fill(here, "Password", password)
    press(here, "Log In")


def reads(here: Browsing, sentence: str, **values: object) -> None:
    """The page says this sentence."""
    expect(here.page.get_by_text(say(here, sentence, **values)).first).to_be_visible()
