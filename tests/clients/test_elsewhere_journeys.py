"""J07 in Chromium, in both languages: people who come from GitHub, Google or another issuer.

The GitHub is one of our own; Google and the issuer are a real OpenID Provider, with its own pages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from clients.acting import fill, log_in, press, reads, say
from clients.conftest import StartHub
from clients.hub import Hub, Person
from clients.mailbox import Mailbox, body, links
from clients.openid_provider import SECRET, Account, OpenIdProvider, Service, openid_provider
from clients.pages import LANGUAGES, Browsing, Language
from clients.proofs import forget_proofs, set_up_app
from fixtures.browsers import chromium, settle
from fixtures.issuers import CLIENT, SECRET as GITHUB_SECRET, Issuer, issuing
from strata.lib import clock

pytestmark = pytest.mark.slow

GITHUB, GOOGLE, WORK = "GitHub", "Google", "Example Corp"
AUTHENTICATION: Final = "/settings/authentication"
TAKEN: Final = (
    "That account is already linked to another account here. Log in with it and unlink it there "
    "first."
)
ASKED: Final = 6  # times, of which the kernel gives some to each worker
CODE: Final = {"en": "code", "zh-CN": "验证码"}
REQUEST_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class World:
    """A hub, three other sites, and who has an account where."""

    hub: Hub
    github: Issuer
    google: OpenIdProvider
    work: OpenIdProvider
    ana: Person
    bob: Person
    mailbox: Mailbox
    browser: Browser
    language: Language
    opened: list[Browsing] = field(default_factory=list)

    def browsing(self) -> Browsing:
        """A new browser, which may visit the three other sites too."""
        sites = frozenset({self.github.url, self.google.url, self.work.url})
        page = self.browser.new_context(locale=self.language).new_page()
        self.opened.append(Browsing(page, self.hub.url, self.language, known=sites))
        return self.opened[-1]

    def comes(self, name: str) -> Browsing:
        """A new browser whose person presses the button of a site."""
        here = self.browsing()
        here.page.goto(f"{self.hub.url}/login")
        press(here, say(here, "Continue with %(provider)s", provider=name))
        return here


def providers_file(folder: Path, github: str, google: str, work: str) -> Path:
    file = folder / "logins.toml"
    secret = f'client_secret = "{SECRET}"'
    file.write_text(
        f'[[provider]]\nid = "github"\nkind = "github"\nname = "{GITHUB}"\nurl = "{github}"\n'
        f'api_url = "{github}"\nclient_id = "{CLIENT}"\nclient_secret = "{GITHUB_SECRET}"\n'
        f'[[provider]]\nid = "google"\nkind = "google"\nname = "{GOOGLE}"\nissuer = "{google}"\n'
        f'client_id = "google"\n{secret}\nhosted_domain = "example.com"\n'
        f'[[provider]]\nid = "work"\nkind = "oidc"\nname = "{WORK}"\nissuer = "{work}"\n'
        f'client_id = "work"\n{secret}\nscopes = ["groups"]\ntrust_mfa = true\n'
        f'roles = ["ml=acme:write"]\n'
    )
    return file


@pytest.fixture(params=LANGUAGES)
def world(
    request: pytest.FixtureRequest, start_hub: StartHub, tmp_path: Path, mailbox: Mailbox
) -> Iterator[World]:
    with (
        issuing(clock.now) as github,
        openid_provider() as google,
        openid_provider() as work,
        chromium() as browser,
    ):
        file = providers_file(tmp_path, github.url, google.url, work.url)
        # A browser that is driven fills a form in faster than the hub believes of people.
        quick = {"STRATA_LOGINS_FILE": str(file), "STRATA_ACCOUNTS_FASTEST_SIGN_UP_S": "0",
                 "STRATA_SERVER_WORKERS": "2"}  # fmt: skip
        hub = start_hub(mailbox.settings | quick)
        ana = hub.user("ana")
        google.serve(google_of(hub, ana))
        work.serve(work_of(hub, ana))
        yield World(
            hub, github, google, work, ana, hub.user("bob"), mailbox, browser, request.param
        )


def google_of(hub: Hub, ana: Person) -> Service:
    """Everything in the ID token, signed with RSA."""
    known = {"email": ana.email, "email_verified": True, "hd": "example.com"}
    stranger = {"email": "out@gmail.example", "email_verified": True}
    return Service(
        hub.url, "google", {"ana-g": Account(known), "out": Account(stranger)}, in_token=True
    )


def work_of(hub: Hub, ana: Person) -> Service:
    """Only the subject in the ID token, signed on the curve; the rest beside it."""
    new = {"email": "dan@work.example", "email_verified": True, "preferred_username": "dan-w"}
    return Service(
        hub.url,
        "work",
        {
            "unsure": Account({"email": ana.email, "email_verified": False}),
            "dan": Account(new | {"groups": ["ml"]}, amr=("pwd", "mfa")),
            "weak": Account({"preferred_username": "ana-w"}),
            "strong": Account({"preferred_username": "ana-s"}, amr=("pwd", "mfa")),
        },
        algorithm="ES256",
    )


def log_in_there(here: Browsing, name: str) -> None:
    """Go through the provider's own pages: who one is, and that we may know."""
    here.page.get_by_placeholder("Enter any login").fill(name)
    here.page.get_by_placeholder("and password").fill("whatever it takes")
    here.page.get_by_role("button", name="Sign-in").click()
    here.page.get_by_role("button", name="Continue").click()
    settle(here.page)


def signs_up(here: Browsing, name: str) -> None:
    """The second step: a name and consent are asked of everybody."""
    agree = here.checkbox("consent")
    expect(agree).not_to_be_checked()
    fill(here, "Username", name)
    press(here, "Create account")
    expect(agree).to_be_visible()  # without consent nothing is opened
    agree.check()
    press(here, "Create account")


def is_in(here: Browsing, email: str) -> None:
    here.page.goto(f"{here.base}/settings/account")
    expect(here.page.get_by_text(email).first).to_be_visible()


def is_out(here: Browsing) -> None:
    here.page.goto(f"{here.base}/settings/account")
    assert "/login" in here.page.url


def leaves(here: Browsing) -> None:
    """Log out by the menu of the account."""
    here.page.goto(here.base)
    here.page.locator("header .site-account summary").click()
    name = say(here, "Log Out")
    here.page.get_by_role("banner").get_by_role("button", name=name).click()
    settle(here.page)


def test_people_come_from_other_sites_link_them_and_leave(world: World, tmp_path: Path) -> None:
    octo = new_from_github(world)
    keeps_the_last_way_in(octo)
    proves_by_a_mail(octo, world)
    address_here_is_no_proof(world)
    only_its_own_domain_comes_in(world)
    an_address_nobody_checked_must_be_confirmed(world)
    links_and_unlinks(world)
    logs_out_there_only_if_asked(world)
    whoever_logs_out_there_is_out_here(world)
    second_factor_stands_between(world, tmp_path)
    a_site_that_is_down_leaves_the_password(world)
    assert [here.complaints for here in world.opened if here.complaints] == []
    world.hub.require_clean_log()


def new_from_github(world: World) -> Browsing:
    here = world.comes(GITHUB)
    assert "/join?step=2" in here.page.url
    signs_up(here, "octo")
    is_in(here, "octo@elsewhere.example")
    assert here.page.get_by_text(say(here, "Check your mailbox")).count() == 0
    return here


def keeps_the_last_way_in(octo: Browsing) -> None:
    octo.page.goto(octo.base + AUTHENTICATION)
    octo.page.get_by_role("button", name=re.compile("^" + say(octo, "Unlink"))).click()
    reads(octo, "This is your last way in. Choose a password first.")
    expect(
        octo.page.get_by_role("button", name=re.compile("^" + say(octo, "Unlink")))
    ).to_be_visible()


def proves_by_a_mail(octo: Browsing, world: World) -> None:
    """Who has no password is sent a code, over the page on which something needs a proof."""
    octo.page.goto(f"{octo.base}/settings/tokens/new")
    octo.page.locator("[name=name]").fill("octo-laptop")
    octo.page.locator("[name=role][value=write]").check(force=True)
    forget_proofs(world.hub)
    octo.page.locator(".token-form button[type=submit]").click()
    dialog = octo.page.get_by_role("dialog", name=say(octo, "Confirm that it is you"))
    expect(dialog.locator("[name=sudo_password], [name=sudo_code]")).to_have_count(0)
    dialog.get_by_role("button", name=say(octo, "Send me a code")).click()
    typed = dialog.locator("[name=sudo_code]")
    expect(
        dialog.get_by_text(
            say(octo, "A mail with a code is on its way to you. Enter the code here.")
        )
    ).to_be_visible()
    letter = world.mailbox.wait_about("octo@elsewhere.example", CODE[octo.language])
    (sent,) = set(re.findall(r"\b\d{6}\b", body(letter, "plain")))
    typed.fill("000000" if sent != "000000" else "111111")
    octo.page.keyboard.press("Enter")
    expect(dialog.locator("#strata-sudo_code-error[role=alert]")).to_be_visible()
    typed.fill(sent)
    octo.page.keyboard.press("Enter")
    octo.page.wait_for_url(f"{octo.base}/settings/tokens")
    octo.forgive(403)  # the wrong code
    reads(octo, "Copy it now: it is not shown again.")


def address_here_is_no_proof(world: World) -> None:
    """Google has verified the address of an account here: its owner must say so."""
    here = world.comes(GOOGLE)
    log_in_there(here, "ana-g")
    assert "/login?next=/login/link" in here.page.url
    is_out(here)
    log_in(here, world.ana.name, "Wr0ng-Horse!b")
    is_out(here)
    here.page.goto(f"{here.base}/login?next=/login/link")
    fill(here, "Username or e-mail", world.ana.name)
    fill(here, "Password", world.ana.password)
    press(here, "Log In")
    press(here, "Link")
    reads(here, "The two accounts are linked.")
    again = world.comes(GOOGLE)
    log_in_there(again, "ana-g")
    is_in(again, world.ana.email)


def only_its_own_domain_comes_in(world: World) -> None:
    here = world.comes(GOOGLE)
    log_in_there(here, "out")
    reads(here, "This account may not log in here")
    here.forgive(403)
    is_out(here)


def an_address_nobody_checked_must_be_confirmed(world: World) -> None:
    here = world.comes(WORK)
    log_in_there(here, "unsure")
    assert here.page.url.endswith("/join")
    fill(here, "E-mail", "unsure@work.example")
    here.button("next").click()
    signs_up(here, "unsure")
    assert here.page.url.endswith("/verify-email")
    (link,) = links(world.mailbox.wait_mail("unsure@work.example"))
    here.page.goto(link)
    reads(here, "E-mail confirmed")  # the page sends its form by itself


def links_and_unlinks(world: World) -> None:
    here = world.browsing()
    log_in(here, world.ana.name, world.ana.password)
    here.page.goto(here.base + AUTHENTICATION)
    press(here, say(here, "Link %(provider)s", provider=WORK))
    log_in_there(here, "weak")
    reads(here, "The two accounts are linked.")
    expect(here.page.get_by_text("ana-w").first).to_be_visible()
    here.page.get_by_role("button", name=re.compile(f"{WORK}, ana-w")).click()
    expect(here.page.get_by_text("ana-w")).to_have_count(0)
    press(here, say(here, "Link %(provider)s", provider=WORK))  # still logged in there
    expect(here.page.get_by_text("ana-w").first).to_be_visible()
    # Somebody else cannot take it: it opens this account.
    other = world.browsing()
    log_in(other, world.bob.name, world.bob.password)
    other.page.goto(other.base + AUTHENTICATION)
    press(other, say(other, "Link %(provider)s", provider=WORK))
    log_in_there(other, "weak")
    reads(other, TAKEN)
    other.forgive(400)


def logs_out_there_only_if_asked(world: World) -> None:
    world.hub.organization("acme")
    here = world.comes(WORK)
    log_in_there(here, "dan")
    signs_up(here, "dan")
    here.page.goto(f"{here.base}/settings/organizations")
    expect(here.page.get_by_role("main").get_by_text("acme").first).to_be_visible()
    leaves(here)
    reads(here, "You are logged out")
    press(here, "Stay logged in there")
    is_out(here)
    here.page.goto(f"{here.base}/login")
    press(here, say(here, "Continue with %(provider)s", provider=WORK))  # nothing asked there
    is_in(here, "dan@work.example")
    leaves(here)
    press(here, say(here, "Log out at %(provider)s too", provider=WORK))
    assert here.page.url.startswith(world.work.url)
    here.page.get_by_role("button", name=re.compile("^Yes")).click()
    here.page.wait_for_url(f"{here.base}/")
    reads(here, "You are logged out there too.")
    here.page.goto(f"{here.base}/login")
    press(here, say(here, "Continue with %(provider)s", provider=WORK))
    expect(here.page.get_by_placeholder("Enter any login")).to_be_visible()


def whoever_logs_out_there_is_out_here(world: World) -> None:
    """The sites tell the hub, which has two workers; one names the session there, one does not."""
    for name, site, account, email in (
        (WORK, world.work, "dan", "dan@work.example"),
        (GOOGLE, world.google, "ana-g", world.ana.email),
    ):
        here, elsewhere = world.comes(name), world.browsing()
        log_in_there(here, account)
        log_in(elsewhere, world.bob.name, world.bob.password)
        is_in(here, email)
        here.page.goto(f"{site.url}/session/end")
        here.page.get_by_role("button", name=re.compile("^Yes")).click()
        here.page.wait_for_url("**/session/end/success*")  # it has told the hub by then
        for _ in range(ASKED):  # each worker, and at once
            is_out(here)
        is_in(elsewhere, world.bob.email)


def second_factor_stands_between(world: World, folder: Path) -> None:
    """It is asked for after a password there, and not after a second factor there."""
    here = world.browsing()
    log_in(here, world.ana.name, world.ana.password)
    here.page.goto(here.base + AUTHENTICATION)
    press(here, say(here, "Link %(provider)s", provider=WORK))
    log_in_there(here, "strong")
    set_up_app(here, folder)
    weak = world.comes(WORK)
    log_in_there(weak, "weak")
    assert "/login/2fa" in weak.page.url
    is_out(weak)
    strong = world.comes(WORK)
    log_in_there(strong, "strong")
    is_in(strong, world.ana.email)


def a_site_that_is_down_leaves_the_password(world: World) -> None:
    for one in world.opened:  # each asks a hub for news once a minute, a stopped one as well
        one.page.close()
    world.work.stop()
    world.hub.stop()  # it asks a site that it knows once a minute whether it is there
    world.hub.start()
    here = world.comes(WORK)
    reads(here, "%(provider)s did not answer", provider=WORK)
    text = here.page.get_by_role("main").inner_text()
    assert REQUEST_ID.search(text), text
    assert "Traceback" not in text
    here.forgive(502)
    press(here, "Log In")
    fill(here, "Username or e-mail", world.bob.name)
    fill(here, "Password", world.bob.password)
    press(here, "Log In")
    is_in(here, world.bob.email)
