"""The tutorial in a real browser, in both languages: from Sign Up to the first upload."""

import re
from typing import Final

import pytest
from playwright.sync_api import expect

from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.hub import Hub
from clients.mailbox import Mailbox, body, links
from clients.pages import LANGUAGES, TOKEN, Browsing, Language, OpenBrowser
from fixtures.browsers import settle

PASSWORD: Final = "Abcdefg!"  # the shortest that the tutorial's rule allows
TOKEN_NAME: Final = "My First Token"
CARD: Final = "---\nlicense: mit\n---\n# A first model\n\nMade in a story.\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tutorial_from_sign_up_to_the_first_upload(
    language: Language,
    start_hub: StartHub,
    mailbox: Mailbox,
    open_browser: OpenBrowser,
    client: MakeClient,
) -> None:
    hub = start_hub(mailbox.settings)
    email, username = f"li.wei@{language.lower()}.example.com", f"liwei-{language[:2]}"
    here = open_browser(hub, language)

    sign_up(here, email, username)
    confirm_in_another_browser(here, open_browser(hub, language), mailbox, email)
    token = create_token(here)
    hub.keep_secret(username, token)
    hub.keep_secret(f"{username} at sign-up", PASSWORD)

    repo = f"{username}/first-model"
    upload = client(NEWEST, token=token, endpoint=hub.url)
    (upload.home / "folder").mkdir()
    (upload.home / "folder" / "README.md").write_text(CARD)
    (upload.home / "folder" / "config.json").write_text('{"model_type": "bert"}')
    upload.program("hf", "upload", repo, "folder", ".", "--commit-message", "My first upload")
    see_the_repo(here, repo)


def sign_up(here: Browsing, email: str, username: str) -> None:
    """Walk from the home page through both steps to "check your mailbox"."""
    here.open("/")
    expect(here.control("log in")).to_be_visible()
    assert here.rightmost_in_header().inner_text().strip() == here.word("sign up")
    here.rightmost_in_header().click()
    here.page.wait_for_url("**/join*")
    here.check()

    here.field("email").fill(email)
    here.field("password").fill(PASSWORD)
    here.button("next").click()
    expect(here.field("username")).to_be_visible()
    here.check()
    assert PASSWORD not in here.page.url

    here.field("username").fill(username)
    expect(here.checkbox("consent")).not_to_be_checked()
    here.checkbox("consent").check()
    here.button("create account").click()
    here.page.wait_for_url("**/verify-email*")
    here.check()
    expect(here.says("check your mailbox")).to_be_visible()


def confirm_in_another_browser(
    here: Browsing, elsewhere: Browsing, mailbox: Mailbox, email: str
) -> None:
    """Open the mail's link where nobody is logged in; then find the account confirmed here."""
    letter = mailbox.wait_mail(email)
    (link,) = links(letter)
    assert link in body(letter, "html")
    chinese = re.search(r"[\u4e00-\u9fff]", str(letter["Subject"])) is not None
    assert chinese is (here.language == "zh-CN"), letter["Subject"]

    elsewhere.page.goto(link)
    # The page confirms by itself where scripts run; without them there is a button.
    expect(elsewhere.says("confirmed")).to_be_visible()
    elsewhere.check()
    elsewhere.open("/")
    expect(elsewhere.control("log in")).to_be_visible()

    here.open("/settings/tokens")
    expect(here.control("new token")).to_be_enabled()


def create_token(here: Browsing) -> str:
    """Create a write token by the tutorial's path; return its value, shown once."""
    here.open("/")
    here.rightmost_in_header().click()
    here.control("settings").click()
    here.page.wait_for_url("**/settings/**")
    here.check()
    here.control("access tokens").click()
    here.page.wait_for_url("**/settings/tokens")
    here.check()
    here.control("new token").click()
    expect(here.field("token name")).to_be_visible()
    here.check()
    here.field("token name").fill(TOKEN_NAME)
    here.radio("write").check()
    here.control("generate token").click()
    confirm_password_if_asked(here)
    expect(
        here.page.get_by_text(TOKEN).or_(here.page.locator("input[value^=hf_]")).first
    ).to_be_visible()
    here.check()
    token = here.shown_token()
    assert token not in here.page.url

    here.open("/settings/tokens")
    expect(here.page.get_by_text(TOKEN_NAME).first).to_be_visible()
    assert token not in here.page.content()
    here.page.go_back()
    settle(here.page)
    assert token not in here.page.content()
    return token


def confirm_password_if_asked(here: Browsing) -> None:
    """Give the password once more where the hub wants it before a secret is made."""
    settle(here.page)
    if here.page.locator("input[type=password]:visible").count():
        here.field("password").fill(PASSWORD)
        here.button("sudo").click()


def see_the_repo(here: Browsing, repo: str) -> None:
    """Look at the card, the files and the commit of an upload."""
    here.open(f"/{repo}")
    expect(here.page.get_by_role("heading", name="A first model")).to_be_visible()
    expect(here.page.get_by_text("Made in a story.")).to_be_visible()
    here.open(f"/{repo}/tree/main")
    for name in ("README.md", "config.json", ".gitattributes"):
        expect(here.page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    here.open(f"/{repo}/commits/main")
    expect(here.page.get_by_text("My first upload").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_password_rule_names_what_is_missing_and_creates_nobody(
    language: Language, hub: Hub, open_browser: OpenBrowser
) -> None:
    here = open_browser(hub, language)
    for refused in ("Abcdefg1", "abcdefg!", "ABCDEFG!", "Abcde1!"):
        here.open("/join")
        here.field("email").fill("someone@example.com")
        here.field("password").fill(refused)
        here.button("next").click()
        settle(here.page)
        expect(here.field("password")).to_be_visible()
        assert refused not in here.page.url


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/join", "/login", "/models", "/datasets", "/spaces"])
def test_a_visitor_reads_in_their_language(
    path: str, language: Language, hub: Hub, open_browser: OpenBrowser
) -> None:
    here = open_browser(hub, language)
    here.open(path)
    expect(here.control("sign up")).to_be_visible()
    assert here.rightmost_in_header().inner_text().strip() == here.word("sign up")


def test_a_strangers_browser_finds_no_private_repo(
    hub: Hub, client: MakeClient, open_browser: OpenBrowser
) -> None:
    owner = hub.user("page-owner")
    making = client(NEWEST, person=owner)
    making.program("hf", "repos", "create", "page-owner/hidden", "--private")
    here = open_browser(hub, "en")
    answer = here.page.goto(f"{hub.url}/page-owner/hidden")
    assert answer is not None
    assert answer.status == 404
    absent = here.page.goto(f"{hub.url}/page-owner/never-was")
    assert absent is not None
    assert absent.status == 404
