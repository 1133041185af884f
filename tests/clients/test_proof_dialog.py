"""A proof that is asked for over the page on which something needs it (product §3.9).

The other ways to prove it: authenticator app and passkey in `test_two_factor_browser.py`, a mailed
code in `test_elsewhere_journeys.py`.
"""

import re
import sqlite3
from contextlib import closing
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from clients.acting import log_in, say
from clients.api import Repo, speaking_as
from clients.dialogs import can_be_used_by_everybody, opened
from clients.hub import Hub, Person
from clients.pages import LANGUAGES, Browsing, Language
from fixtures.axe import findings
from fixtures.browsers import settle

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("hub", ["sqlite"], indirect=True)]

NEW_TOKEN, NEW_APP = "/settings/tokens/new", "/settings/applications/new"
KEPT: Final = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
WRONG: Final = "This is not your password."


def tab(here: Browsing) -> Browsing:
    return Browsing(here.page.context.new_page(), here.base, here.language)


def age(hub: Hub, person: Person) -> None:
    """Let a quarter of an hour pass for the sessions of one person."""
    theirs = "(SELECT id FROM namespaces WHERE name = ?)"
    with closing(sqlite3.connect(hub.data / "strata.db", timeout=30)) as database, database:
        database.execute(
            f"UPDATE sessions SET proved_until = 0 WHERE user_id = {theirs}", (person.name,)
        )


def asking(here: Browsing) -> Locator:
    """The dialog, once it is open."""
    dialog = here.page.get_by_role("dialog", name=say(here, "Confirm that it is you"), exact=True)
    expect(dialog).to_be_visible()
    return dialog


def is_closed(here: Browsing, place: str, button: Locator) -> None:
    """Nothing happened: the page stands, and the button has the focus again."""
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    assert here.page.url == here.base + place


def answers(here: Browsing, password: str) -> None:
    here.page.locator("dialog [name=sudo_password]").fill(password)
    here.page.keyboard.press("Enter")


def shows(context: BrowserContext, url: str, text: str) -> int:
    """How often a page, asked for anew, says something."""
    return context.request.get(url).text().count(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_token_is_made_after_the_proof_as_it_was_typed(
    language: Language, hub: Hub, browser: Browser
) -> None:
    """J06: the proof gets too old while the form is filled in."""
    person = hub.user(f"proof-{language[:2]}")
    other = f"other-{language[:2]}"
    with speaking_as(hub.url, person) as api:
        api.create(Repo("model", f"{person.name}/{other}"))
    here = opened(browser, hub, person, language)
    page, context = here.page, here.page.context
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    form = filled_in(here, other)
    typed, steps = form_data(form), page.evaluate("history.length")
    age(hub, person)
    generate = form.locator("button[type=submit]")

    generate.click()
    dialog = asking(here)
    expect(page.locator("[name=sudo_password]")).to_be_focused()
    can_be_used_by_everybody(here, dialog)
    page.keyboard.press("Escape")
    is_closed(here, NEW_TOKEN, generate)
    generate.click()
    asking(here).get_by_role("button", name=say(here, "Cancel"), exact=True).click()
    is_closed(here, NEW_TOKEN, generate)
    assert form_data(form) == typed
    assert not here.complaints
    assert shows(context, f"{hub.url}/settings/tokens", "laptop") == 0

    generate.click()
    asking(here)
    answers(here, "Wr0ng-Horse!b")
    refused = dialog.locator("[name=sudo_password]")
    expect(refused).to_be_focused()
    expect(refused).to_have_value("")
    alert = page.locator(f"#{refused.get_attribute('aria-describedby')}[role=alert]")
    expect(alert).to_have_text(say(here, WRONG))
    assert not findings(page)
    here.complaints.clear()  # Chromium notes the 403 itself
    refused.fill(person.password)
    dialog.get_by_role("button", name=say(here, "Confirm"), exact=True).dblclick()
    page.wait_for_url(f"{hub.url}/settings/tokens")  # where Reload leads
    here.shown_token()
    here.check()
    assert shows(context, f"{hub.url}/settings/tokens", ">laptop<") == 1
    assert page.evaluate("history.length") == steps + 1
    assert page.evaluate(KEPT) == "[{},{}]"
    assert not [one for one in addresses if "sudo_password" in one or person.password in one]
    keeps_what_was_chosen(here, f"{person.name}/{other}")


def filled_in(here: Browsing, repo: str) -> Locator:
    """The form of a token that may change one repository for 30 days."""
    here.open(NEW_TOKEN)
    page, form = here.page, here.page.locator(".token-form")
    form.locator("[name=name]").fill("laptop")
    form.locator("[name=role][value=fineGrained]").check(force=True)
    form.locator("[name='own:repo.write']").check()
    form.locator("#strata-find").press_sequentially(repo)
    expect(page.locator("#strata-find-list [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(form.locator("[name=repo-0]")).to_have_value(re.compile(f"/{repo}$"))
    form.locator("[name=life]").select_option("30")
    return form


def form_data(form: Locator) -> str:
    """What the form holds, without what scripts add when it is sent."""
    every = "[...form.elements].map((one) => [one.name, one.value, one.checked])"
    told: str = form.evaluate(f"(form) => JSON.stringify({every})")
    return told


def keeps_what_was_chosen(here: Browsing, repo: str) -> None:
    """The token opens what its form said."""
    here.page.keyboard.press("Escape")  # the dialog with its value
    main = here.page.get_by_role("main")
    main.get_by_text(say(here, "What it opens"), exact=True).first.click()
    expect(main.locator(".token-opens dt").filter(has_text=repo)).to_be_visible()


def test_one_act_for_each_press_whatever_else_is_open(hub: Hub, browser: Browser) -> None:
    """Double clicks, two tabs, a chosen file, a hub out of reach, and too many wrong passwords."""
    person = hub.user("proof-often")
    here = opened(browser, hub, person)
    page, context = here.page, here.page.context
    here.open(NEW_APP)
    page.locator("[name=name]").fill("Shop")
    page.locator("[name=redirect_uris]").fill("https://shop.example/done")
    other = tab(here)
    other.page.goto(hub.url + NEW_TOKEN)
    other.page.locator("[name=name]").fill("tablet")
    other.page.locator("[name=role][value=write]").check(force=True)
    age(hub, person)

    page.locator("main form button[type=submit]").dblclick()
    asking(here)
    other.page.locator(".token-form button[type=submit]").click()
    asking(other)
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.locator("dialog [name=sudo_password]").fill(person.password)
    page.locator("dialog[open] form button[type=submit]").dblclick()
    page.wait_for_url(lambda url: not url.endswith(NEW_APP))
    assert shows(context, f"{hub.url}/settings/applications", ">Shop<") == 1
    expect(other.page.get_by_role("dialog")).to_have_count(
        1
    )  # its own act waits for its own answer
    other.page.keyboard.press("Escape")
    other.page.locator(".token-form button[type=submit]").click()  # proved in the other tab
    other.page.wait_for_url(f"{hub.url}/settings/tokens")
    other.shown_token()

    a_chosen_file_stays(here, person, hub)
    out_of_reach_and_too_often(other, person, hub)


def a_chosen_file_stays(here: Browsing, person: Person, hub: Hub) -> None:
    page = here.page
    here.open("/settings/applications")
    page.get_by_role("main").get_by_role("link", name="Shop").first.click()
    settle(page)
    file = page.locator("[name=logo]")
    file.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": b"png"})
    age(hub, person)
    place = page.url.removeprefix(here.base)
    page.locator("[name=redirect_uris]").fill("https://shop.example/elsewhere")
    save = page.locator(f"form[action='{place}'] button[type=submit]")
    save.click()
    asking(here)
    page.keyboard.press("Escape")
    is_closed(here, place, save)
    assert file.evaluate("(one) => [one.files.length, one.files[0].name]") == [1, "logo.png"]
    assert "elsewhere" not in page.context.request.get(page.url).text()
    save.click()
    asking(here)
    answers(here, person.password)
    expect(page.get_by_text(say(here, "The application is saved.")).first).to_be_visible()
    expect(page.locator("[name=redirect_uris]")).to_have_value("https://shop.example/elsewhere")


def out_of_reach_and_too_often(here: Browsing, person: Person, hub: Hub) -> None:
    page = here.page
    page.goto(hub.url + NEW_TOKEN)
    page.locator("[name=name]").fill("phone")
    page.locator("[name=role][value=write]").check(force=True)
    age(hub, person)
    page.locator(".token-form button[type=submit]").click()
    alert = asking(here).locator("> [role=alert]")
    page.context.set_offline(True)
    answers(here, person.password)
    expect(alert).to_have_text(say(here, "The hub does not answer. Try again."))
    page.context.set_offline(False)
    for _ in range(5):
        answers(here, "Wr0ng-Horse!b")
        expect(page.locator("dialog[aria-busy=false] [name=sudo_password]")).to_have_value("")
    answers(here, person.password)
    expect(alert).to_contain_text("Try again in")
    page.keyboard.press("Escape")
    assert shows(page.context, f"{hub.url}/settings/tokens", "phone") == 0


def test_without_scripts_a_page_asks_and_carries_on(hub: Hub, browser: Browser) -> None:
    person = hub.user("proof-plain")
    context = browser.new_context(locale="en", java_script_enabled=False)
    here = Browsing(context.new_page(), hub.url, "en", scripts=False)
    log_in(here, person.name, person.password)
    here.page.goto(hub.url + NEW_TOKEN)
    here.page.locator("[name=name]").fill("laptop")
    here.page.locator("[name=role][value=write]").check()
    age(hub, person)
    here.page.locator(".token-form button[type=submit]").click()
    expect(here.page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    here.page.locator("[name=sudo_password]").fill(person.password)
    here.page.keyboard.press("Enter")
    expect(here.page.get_by_text("laptop").first).to_be_visible()
    here.shown_token()


def test_another_site_neither_frames_nor_drives_it(hub: Hub, browser: Browser) -> None:
    person = hub.user("proof-lured")
    here = opened(browser, hub, person)
    age(hub, person)
    place = "/settings/account/username"
    lure = (
        f'<iframe src="{hub.url}{NEW_TOKEN}"></iframe>'
        f'<iframe src="{hub.url}/settings/confirm-access"></iframe>'
        f'<form method="post" action="{hub.url}{place}"><input name="username" value="lured">'
        f'<input name="sudo_stay" value="{"0" * 32}"><input name="sudo_password" '
        f'value="{person.password}"><button>Win</button></form>'
    )
    evil = here.page.context.new_page()
    evil.route(
        "http://evil.example/", lambda route: route.fulfill(body=lure, content_type="text/html")
    )
    evil.goto("http://evil.example/")
    settle(evil)
    assert {frame.evaluate("location.origin") for frame in evil.frames[1:]} == {"null"}
    evil.get_by_role("button", name="Win").click()
    evil.wait_for_url(f"{hub.url}{place}")
    assert not [one for one in here.page.context.cookies() if one["name"].startswith("proof-")]
    here.open("/settings/account")
    assert here.page.locator("[name=username]").input_value() == person.name
