"""Sign-up and profile in a real browser, in both languages: J01, J02, J04, J05 of product §6.1.

J03 stands in `test_account_journeys.py`. All share one hub, which asks for work before a sign-up.
"""

import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, expect

from clients import hub as hubs, visits
from clients.acting import fill, log_in, press, reads, say
from clients.hub import Hub
from clients.mailbox import Mailbox, body, links, open_mailbox
from clients.pages import LANGUAGES, NARROW, WIDE, Browsing, Language, new_context
from fixtures.browsers import chromium
from strata.web.pages.words.language import translated

pytestmark = pytest.mark.slow

PASSWORD: Final = "Abcdefg!"
SETTINGS: Final = {
    "STRATA_ACCOUNTS_FASTEST_SIGN_UP_S": "0",
    "STRATA_ACCOUNTS_SIGN_UPS_PER_HOUR_PER_IP": "1000",
    "STRATA_ACCOUNTS_SIGN_UPS_PER_HOUR_PER_NETWORK": "1000",
    "STRATA_ACCOUNTS_BLOCKED_DOMAINS": "blocked.example",
    "STRATA_ACCOUNTS_SIGN_UP_WORK_BITS": "10",
    "STRATA_ACCOUNTS_LOG_IN_WORK_BITS": "16",
    "STRATA_SERVER_TRUSTED_PROXIES": "127.0.0.1",
}
# Product §3.2: what the rows say, and whether the server takes it.
EXAMPLES: Final = {
    "Abcdef1!": ("length upper lower special", True),
    "Abcdefg!": ("length upper lower special", True),
    "Abcdefg1": ("length upper lower", False),
    "abcdefg!": ("length lower special", False),
    "ABCDEFG!": ("length upper special", False),
    "Abcde1!": ("upper lower special", False),
    "密码安全Ab！测": ("length upper lower special", True),  # noqa: RUF001 — of an IME
    "Abcdef !": ("length upper lower special", True),
    "Abcdefg ": ("length upper lower", False),
    "Password!": ("length upper lower special", False),
    "Aa!" + "x" * 125: ("length upper lower special", True),
    "Aa!" + "x" * 126: ("length upper lower special", False),
}

OpenBrowser = Callable[..., Browsing]


@pytest.fixture(scope="module")
def post() -> Iterator[Mailbox]:
    with open_mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def shared(post: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Give the hub of this file."""
    folder = tmp_path_factory.mktemp("joining")
    with hubs.running(folder, post.settings | SETTINGS) as running:
        running.user("operator")  # nobody signs up before, where a proxy is trusted
        yield running


@pytest.fixture
def open_browser(shared: Hub) -> Iterator[OpenBrowser]:
    """Open a browser context of its own: other cookies, one language, one kind of screen."""
    with chromium() as browser, ExitStack() as opened:

        def opening(language: Language, *, phone: bool = False, scripts: bool = True) -> Browsing:
            context = new_context(browser, language, phone=phone, scripts=scripts)
            opened.callback(context.close)
            return Browsing(context.new_page(), shared.url, language, scripts=scripts)

        yield opening


def rows(hub: Hub, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Read the hub's database beside it."""
    address = f"file:{hub.data / 'strata.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        return database.execute(statement, values).fetchall()


def begins(here: Browsing, email: str, password: str = PASSWORD) -> None:
    here.page.goto(f"{here.base}/join")
    fill(here, "E-mail", email)
    fill(here, "Password", password)
    here.button("next").click()


def signs_up(here: Browsing, email: str, username: str) -> None:
    begins(here, email)
    expect(here.field("username")).to_be_visible()
    here.field("username").fill(username)
    here.checkbox("consent").check()
    here.button("create account").click()
    here.page.wait_for_url("**/verify-email*")


def sign_up_stands_in_the_corner(here: Browsing) -> None:
    """S-002: at the right, with the log-in left of it, on every screen from 320 pixels on."""
    usual = here.page.viewport_size
    for width in (NARROW, 360, 390, 600, 768, 1024, WIDE):
        here.page.set_viewport_size({"width": width, "height": 800})
        corner = here.rightmost_in_header()
        assert corner.inner_text().strip() == here.word("sign up"), width
        log_in = here.page.get_by_role("banner").get_by_role("link", name=here.word("log in"))
        left, right = log_in.bounding_box(), corner.bounding_box()
        assert left is not None, width
        assert right is not None, width
        assert left["x"] + left["width"] <= right["x"], width
        assert right["x"] + right["width"] <= width
    assert usual is not None
    here.page.set_viewport_size(usual)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_j01_registration(
    language: Language, shared: Hub, post: Mailbox, open_browser: OpenBrowser, *, phone: bool
) -> None:
    here = open_browser(language, phone=phone)
    username = f"li{language[:2]}{'phone' if phone else 'desk'}"
    email = f"li.wei.{username}@qq.com"
    here.open("/")
    sign_up_stands_in_the_corner(here)
    here.control("sign up").click()
    here.page.wait_for_url("**/join*")
    here.check()
    begins(here, email)
    expect(here.field("username")).to_be_visible()
    here.check()
    here.field("username").fill(username)
    consent = here.checkbox("consent")
    expect(consent).not_to_be_checked()
    here.button("create account").click()
    reads(here, "Please agree to both documents to continue.")
    expect(consent).to_be_focused()
    expect(consent).to_have_attribute("aria-invalid", "true")
    here.check()
    consent.check()
    expect(consent).not_to_have_attribute("aria-invalid", "true")
    here.button("create account").click()
    here.page.wait_for_url("**/verify-email*")
    here.check()

    letter = post.wait_mail(email)
    (link,) = links(letter)
    assert link in body(letter, "html")
    assert (re.search(r"[\u4e00-\u9fff]", str(letter["Subject"])) is not None) is (
        language == "zh-CN"
    )
    there = open_browser(language)
    there.page.goto(link)
    reads(there, "You can go back to the window where you signed up, or log in here.")
    there.check()
    expect(there.control("log in")).to_be_visible()

    # The window that waits goes on by itself, and shows where to.
    heading = here.page.get_by_role("heading", name=say(here, "E-mail confirmed"))
    expect(heading).to_be_visible(timeout=20_000)
    here.check()
    for step in ("Create an access token", "Create a model", "Complete your profile"):
        reads(here, step)
    here.open("/")
    expect(here.page.get_by_role("region", name=say(here, "Verify e-mail"))).to_have_count(0)
    here.open("/settings/tokens")
    kept = rows(
        shared,
        "SELECT document, version, sha256, language FROM consents JOIN namespaces ON "
        "namespaces.id = consents.user_id WHERE namespaces.key = ? ORDER BY document",
        username,
    )
    assert [one[0] for one in kept] == ["privacy", "terms"]
    assert all(version and digest and spoken == language for _, version, digest, spoken in kept)
    facts = rows(shared, "SELECT name FROM facts WHERE target = ? ORDER BY id", username)
    assert {("account.signup",), ("account.verify_email",)} <= set(facts)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_j02_password_and_field_rules(
    language: Language, shared: Hub, open_browser: OpenBrowser, *, phone: bool
) -> None:
    here = open_browser(language, phone=phone)
    here.open("/join")
    field = here.field("password")
    for password, (ticked, _) in EXAMPLES.items():
        field.fill(password)
        met = here.page.locator("[data-rule].is-met").evaluate_all(
            "all => all.map(e => e.dataset.rule)"
        )
        assert " ".join(met) == ticked, password
    field.fill("")
    here.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shared.url)
    here.page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    field.press("Control+V")
    expect(field).to_have_value(PASSWORD)
    expect(here.page.locator("[data-rule].is-met")).to_have_count(4)
    toggle = here.page.locator("[data-password-toggle]")
    toggle.click()
    assert field.get_attribute("type") == "text"
    toggle.click()
    assert field.get_attribute("type") == "password"
    expect(here.page.locator("[data-password-strength]")).to_be_visible()

    field.fill("abc")
    here.button("next").click()
    expect(here.page.locator("[data-focus]")).to_be_focused()
    for sentence in (
        "Use at least 8 characters.",
        "Add an uppercase letter.",
        "Add a special symbol such as ! @ #.",
        "Enter your e-mail address.",
    ):
        reads(here, sentence)
    here.check()
    for email, sentence in {
        "foo@": "This doesn't look like an e-mail address.",
        "a@mailinator.com": "Addresses of throw-away mailboxes can't be used here. "
        "Use one that stays yours.",
        "a@blocked.example": "Addresses at %(domain)s can't be used here.",
    }.items():
        begins(here, email)
        reads(here, sentence, domain="blocked.example")

    shared.user("taken-one")
    begins(here, f"rules@{language.lower()}.example.com")
    expect(here.field("username")).to_be_visible()
    for name, sentence in {
        "settings": "%(name)s is reserved.",
        "bert-base-uncased": "%(name)s is reserved.",
        "taken-one": "%(name)s is taken.",
        "takenone": "%(name)s looks too much like another name here. Choose one that differs in "
        "more than 0 and o, 1 and l, rn and m, vv and w, or dashes.",
        "a--b": "Letters, numbers and single dashes only; not only numbers; "
        "no dash at the start or end.",
        "123": "Letters, numbers and single dashes only; not only numbers; "
        "no dash at the start or end.",
    }.items():
        here.field("username").fill(name)
        told = here.page.locator("[data-availability-result]")
        expect(told).to_have_text(translated(language, sentence, name=name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_j02_without_scripts_the_server_takes_the_same_passwords(
    language: Language, open_browser: OpenBrowser
) -> None:
    plain = open_browser(language, scripts=False)
    for password, (_, accepted) in EXAMPLES.items():
        begins(plain, f"plain@{language.lower()}.example.com", password)
        assert ("step=2" in plain.page.url) is accepted, password


@pytest.mark.parametrize("language", LANGUAGES)
def test_j04_limits_of_an_unconfirmed_account_and_the_way_out(
    language: Language, shared: Hub, post: Mailbox, open_browser: OpenBrowser
) -> None:
    here = open_browser(language)
    name = f"wait{language[:2]}"
    first, second = f"{name}@one.example.com", f"{name}@two.example.com"
    signs_up(here, first, name)
    (old,) = links(post.wait_mail(first))
    for path in ("/settings/tokens/new", "/new", "/collections/new"):
        here.open(path)
        way_out_instead_of_a_form(here)
    refused_by_the_api(here, shared)
    for path, names in with_what_others_made(here, shared).items():
        here.open(path)
        for label in names:
            blocked_with_its_reason(here, label)

    here.open("/verify-email")
    resend = here.page.get_by_role("main").locator("button[data-countdown]")
    expect(resend).to_be_disabled()  # for the rest of the minute
    counts_in_silence(here, resend)
    refused = here.page.request.post(
        f"{shared.url}/verify-email/resend",
        form={"csrf_token": here.page.locator("input[name=csrf_token]").first.input_value()},
        headers={"Origin": shared.url},
    )
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) <= 60
    here.page.locator("details.change-address summary").click()
    fill(here, "New e-mail", second)
    press(here, "Send there")
    letter = post.wait_mail(second)
    here.check()

    elsewhere = open_browser(language)
    for link, status in ((old, 410), (old[:-4] + "AAAA", 404)):
        answer = elsewhere.page.goto(link)
        assert answer is not None
        assert answer.status == status
        elsewhere.complaints.clear()
        assert not elsewhere.complaints
    (code,) = re.findall(r"\b\d{6}\b", body(letter, "plain"))
    fill(here, "Code from the mail", "000000" if code != "000000" else "111111")
    press(here, "Confirm")
    reads(here, "This code is not the one in the newest mail.")
    here.page.goto(f"{shared.url}/verify-email")
    fill(here, "Code from the mail", code)
    press(here, "Confirm")
    reads(here, "E-mail confirmed")
    here.check()
    here.open("/settings/tokens/new")
    (used,) = links(letter)
    elsewhere.page.goto(used)
    reads(elsewhere, "This account is already confirmed. There is nothing left to do.")


def counts_in_silence(here: Browsing, resend: Locator) -> None:
    """The seconds are seen one after the other and said once."""
    said = here.page.locator("#strata-announcer")
    expect(said).to_have_text(re.compile(r"\d"))
    heard, seen = said.inner_text(), resend.inner_text()
    expect(resend).not_to_have_text(seen)
    assert said.inner_text() == heard
    expect(resend).to_have_accessible_name(say(here, "Resend"))


def way_out_instead_of_a_form(here: Browsing) -> None:
    """A page whose form would be refused says why, and leads to what helps and back."""
    main = here.page.get_by_role("main")
    reason = say(here, "Confirm your e-mail to do this. We sent a link to %(mask)s.", mask="w•••")
    expect(main.get_by_text(reason.partition("w•••")[0])).to_be_visible()
    expect(main.get_by_role("textbox")).to_have_count(0)
    path = urlsplit(here.page.url).path
    way_out = main.get_by_role("link", name=say(here, "Confirm e-mail"))
    assert parse_qs(urlsplit(way_out.get_attribute("href") or "").query) == {"next": [path]}


def with_what_others_made(here: Browsing, hub: Hub) -> dict[str, tuple[str, ...]]:
    """Pages of things of somebody else and of one's own, each with what is blocked there."""
    owner = hub.user("owner")
    made = {"Authorization": f"Bearer {owner.token_write}"}
    asks = here.page.request
    talk = {"title": f"A question in {here.language}", "description": "d"}
    opened = asks.post(f"{hub.url}/api/models/owner/open/discussions", data=talk, headers=made)
    good = {"title": f"Good in {here.language}", "namespace": "owner"}
    begun = asks.post(f"{hub.url}/api/collections", data=good, headers=made)
    return {
        "/owner/open": ("Like", "Watch"),
        "/owner/open/discussions": ("New pull request", "New discussion"),
        f"/owner/open/discussions/{opened.json()['num']}": ("Comment",),
        "/owner": ("Follow", "Watch repositories"),
        f"/collections/{begun.json()['slug']}": ("Upvote",),
        "/settings/tokens": ("New Token",),
    }


def blocked_with_its_reason(here: Browsing, label: str) -> None:
    """It is there, takes the keyboard, says why to who sees and to who hears, and does nothing."""
    name = re.compile(rf"^{re.escape(say(here, label))}(?=\d|\s|$)")  # no longer word
    control = here.page.get_by_role("main").get_by_role("button", name=name)
    expect(control).to_be_visible()
    expect(control).to_be_disabled()
    reason = say(here, "Confirm your e-mail first.")
    expect(control).to_have_accessible_description(reason)
    told = here.page.locator(f"#{control.get_attribute('aria-describedby')}")
    expect(told).to_be_visible()
    expect(told).to_have_text(reason)
    before = here.page.url
    control.focus()
    expect(control).to_be_focused()
    control.press("Enter")
    assert here.page.url == before
    way_out = here.page.locator(".blocked-why").filter(has=told).get_by_role("link")
    assert (way_out.get_attribute("href") or "").startswith("/verify-email?next=%2F")


def refused_by_the_api(here: Browsing, hub: Hub) -> None:
    """What the session of an unconfirmed account is refused, with the reason."""
    owner = hub.user("owner")
    made = {"Authorization": f"Bearer {owner.token_write}"}
    here.page.request.post(f"{hub.url}/api/repos/create", data={"name": "open"}, headers=made)
    for path, sent in {
        "/api/repos/create": {"name": "m"},
        "/api/models/owner/open/like": {},
        "/api/models/owner/open/discussions": {"title": "t", "description": "d"},
    }.items():
        refused = here.page.request.post(hub.url + path, data=sent)
        assert refused.status == 403, (path, refused.status)
        assert refused.headers["x-error-code"] == "EmailNotVerified", path


def picture(kind: str, size: tuple[int, int], **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_j05_complete_profile(language: Language, shared: Hub, open_browser: OpenBrowser) -> None:
    here = open_browser(language)
    person = shared.user(f"kim{language[:2]}")
    log_in(here, person.name, person.password)
    here.open("/settings/profile")
    here.check()
    fill(here, "Full name", "Kim 金")
    expect(here.page.locator("[data-preview-of=full_name]")).to_have_text("Kim 金")
    here.page.locator("#strata-bio").fill("Maps")
    here.page.locator("#strata-readme").fill("## Old maps")
    here.page.locator("#strata-public_email").select_option(person.email)
    press(here, "Save profile")
    here.open(f"/{person.name}")
    for text in ("Kim 金", "Maps", "Old maps", person.email):
        expect(here.page.get_by_role("main").get_by_text(text).first).to_be_visible()
    here.check()

    changes_picture(here)

    here.open("/settings/account")
    fill(here, "Username", f"{person.name}new")
    press(here, "Change username")
    reads(here, "Your username is changed. Links to the old one lead to the new one.")
    moved = here.page.request.get(f"{shared.url}/{person.name}", max_redirects=0)
    assert moved.status == 307
    here.open(f"/{person.name}new")


def changes_picture(here: Browsing) -> None:
    """Be refused with pictures that cannot be used, then choose a part of a good one."""
    exif = Image.Exif()
    exif[0x010E] = "SECRET PLACE"
    bad: dict[str, FilePayload] = {
        "Choose a picture of at most 25 megapixels.": {
            "name": "big.png", "mimeType": "image/png", "buffer": picture("PNG", (6000, 5001))
        },
        "Choose a PNG, JPEG, WebP, GIF or AVIF picture.": {
            "name": "me.svg", "mimeType": "image/svg+xml",
            "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        },
    }  # fmt: skip
    program: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": b"MZ\x90\0" * 99}
    for sentence, file in [*bad.items(), (list(bad)[1], program)]:
        here.open("/settings/profile")
        here.page.locator("#strata-picture").set_input_files(file)
        press(here, "Save picture")
        reads(here, sentence)
        here.complaints.clear()  # Chromium notes the 400 itself
    here.open("/settings/profile")
    here.page.locator("#strata-picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png",
         "buffer": picture("PNG", (400, 200), exif=exif)}
    )  # fmt: skip
    view = here.page.locator("canvas.crop-view")
    expect(view).to_be_visible()
    view.focus()
    view.press("ArrowLeft")
    expect(here.page.locator("#strata-crop_left")).to_have_value("96")
    here.page.locator("#strata-crop_size").fill("120")
    here.page.locator("#strata-crop_size").press("Tab")
    here.check()
    press(here, "Save picture")
    reads(here, "Your picture is saved.")
    source = here.page.get_by_role("main").locator("img.avatar, .avatar img, img").first
    served = here.page.request.get(here.base + str(source.get_attribute("src")))
    assert b"SECRET" not in served.body()
    with Image.open(io.BytesIO(served.body())) as shown:
        assert (shown.width, shown.height) == (256, 256)
        assert not shown.getexif()


WITHOUT_SCRIPTS: Final = (
    "Many log-ins failed from your network. A small computation of your browser lets you log in "
    "at once, which needs JavaScript: turn it on for this site, or wait ten minutes."
)
# What plain HTTP does not have, and a browser that starts no workers from a page.
WITHOUT: Final = {
    "en": "delete Crypto.prototype.subtle",
    "zh-CN": "delete Crypto.prototype.subtle; delete window.Worker",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_colleague_of_who_guesses_gets_in_by_a_computation(
    language: Language, shared: Hub, open_browser: OpenBrowser
) -> None:
    """Eve guesses from the office's only address; Ana need not wait, her browser works."""
    ana, office = shared.user(f"ana-{language[:2]}"), f"198.51.100.{len(language)}"
    with visits.browser(shared.url) as eve:
        eve.web.headers["X-Forwarded-For"] = office
        statuses = [
            eve.submit("/login", "/login", username=f"u{number % 6}", password="Wr0ng-Horse!")
            for number in range(31)
        ]
    assert [answer.status_code for answer in statuses] == [401] * 30 + [429]
    assert "data-work" in statuses[-1].text

    here = open_browser(language)
    here.page.context.set_extra_http_headers({"X-Forwarded-For": office})
    here.page.add_init_script(WITHOUT[language])
    here.open("/login")
    assert here.page.evaluate("crypto.subtle === undefined")
    expect(here.page.locator("progress")).to_be_visible()
    fill(here, "Username or e-mail", ana.name)
    fill(here, "Password", "Wr0ng-Horse!")
    # Before it is done: the form waits for it, and leaves at a moment of its own.
    here.page.get_by_role("button", name=say(here, "Log In"), exact=True).click()
    reads(here, "That e-mail/username and password don't match.")
    reads(here, "The computation is done.")
    here.check()
    fill(here, "Password", ana.password)
    press(here, "Log In")
    here.page.wait_for_url(shared.url + "/")

    slow = open_browser(language, scripts=False)
    slow.page.context.set_extra_http_headers({"X-Forwarded-For": office})
    slow.page.goto(f"{slow.base}/login")
    fill(slow, "Username or e-mail", ana.name)
    fill(slow, "Password", ana.password)
    slow.page.locator("form[action='/login'] button[type=submit]").click()
    expect(slow.page.get_by_text(say(slow, WITHOUT_SCRIPTS))).to_be_visible()
