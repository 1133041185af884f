"""Access tokens in a real browser, with the keyboard alone, in both languages (journey J06)."""

import sqlite3
from contextlib import closing, suppress
from typing import Final

import httpx
import pytest
from playwright.sync_api import Error, expect

from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.hub import Hub, Person
from clients.mailbox import Mailbox
from clients.pages import (
    HEIGHT,
    LANGUAGES,
    TOKEN,
    WIDE,
    Browsing,
    Language,
    OpenBrowser,
)
from fixtures.browsers import settle

MOST_TABS: Final = 150
FOCUSED: Final = """() => {
  const here = document.activeElement;
  const label = here.labels?.[0]?.textContent ?? "";
  return [here.getAttribute("aria-label"), here.textContent, here.value, label, here.name, here.id]
    .map((text) => (text ?? "").trim());
}"""
WORDS: Final = {
    "en": {
        "name": "Name", "write": "Write", "fine": "Fine-grained", "copy": "Copy",
        "dup": "You already have a token with this name.", "bad": "This name can't be used.",
        "own": "Commit and upload to repositories", "saved": "I have saved it",
        "refresh": "Invalidate and refresh", "confirm": "Confirm",
        "next": "Next", "back": "Back", "copied": "Copied",
        "found": "2 repositories found.", "kind": "Model · Private",
        "chosen": "alice/vault is chosen.",
        "reads": "This token can read 1 private model (alice/vault).",
        "writes": "This token can write to 1 private model (alice/vault).",
    },
    "zh-CN": {
        "name": "名称", "write": "读写", "fine": "细粒度", "copy": "复制",
        "dup": "已存在同名令牌。", "bad": "该名称不可用。",
        "own": "向仓库提交和上传", "saved": "我已保存",
        "refresh": "作废并重新生成", "confirm": "确认",
        "next": "下一步", "back": "上一步", "copied": "已复制",
        "found": "找到 2 个仓库。", "kind": "模型 · 私有", "chosen": "已选择 alice/vault。",
        "reads": "此令牌可以读取 1 个私有模型（alice/vault）。",  # noqa: RUF001
        "writes": "此令牌可以写入 1 个私有模型（alice/vault）。",  # noqa: RUF001
    },
}  # fmt: skip


@pytest.fixture
def open_browser(open_browser: OpenBrowser) -> OpenBrowser:
    """Open browsers whose pages may use the clipboard."""

    def opened(hub: Hub, language: Language, *, phone: bool = False) -> Browsing:
        here = open_browser(hub, language, phone=phone)
        here.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=hub.url)
        return here

    return opened


def tab_to(here: Browsing, *texts: str) -> None:
    """Press Tab until the focus is on what one of the texts names."""
    for _ in range(MOST_TABS):
        here.page.keyboard.press("Tab")
        if any(text in texts for text in here.page.evaluate(FOCUSED)):
            return
    raise AssertionError(f"no way to {texts} with the keyboard on {here.page.url}")


def press(here: Browsing, *texts: str, key: str = "Enter") -> None:
    tab_to(here, *texts)
    here.page.keyboard.press(key)


def log_in(here: Browsing, person: Person) -> None:
    here.open("/login")
    here.page.locator("main input[type=text], main input[type=email]").first.fill(person.name)
    here.page.locator("main input[type=password]").first.fill(person.password)
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(lambda address: "/login" not in address)


def forget_proof(hub: Hub) -> None:
    """Let a quarter of an hour pass, for what a session has proved."""
    with closing(sqlite3.connect(hub.data / "strata.db")) as database:
        database.execute("UPDATE sessions SET proved_until = 0")
        database.commit()


def prove(here: Browsing, person: Person) -> None:
    here.page.wait_for_selector("dialog[open] input[type=password]")
    here.check()
    here.page.locator("dialog[open] input[type=password]").focus()
    here.page.keyboard.type(person.password)
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("#strata-secret")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_token_is_made_with_the_keyboard_and_seen_once(
    language: Language,
    start_hub: StartHub,
    mailbox: Mailbox,
    open_browser: OpenBrowser,
    *,
    phone: bool,
) -> None:
    hub = start_hub(mailbox.settings)
    alice, here = hub.user("alice"), open_browser(hub, language, phone=phone)
    words = WORDS[language]
    log_in(here, alice)
    forget_proof(hub)

    here.open("/")
    walk_the_menu(here)
    press(here, here.word("settings"))
    here.page.wait_for_url("**/settings/**")
    press(here, here.word("access tokens"))
    here.page.wait_for_url("**/settings/tokens")
    press(here, here.word("new token"))
    here.page.wait_for_url("**/settings/tokens/new")
    here.check()
    tab_to(here, words["name"], "name")
    here.page.keyboard.type("My First Token")
    # Into the radio cards, where the arrows choose.
    tab_to(here, "strata-role-read")
    here.page.keyboard.press("ArrowDown")
    assert here.page.locator("#strata-role-write").is_checked()
    press(here, here.word("generate token"))
    prove(here, alice)
    here.check()
    value = here.page.locator("#strata-secret").input_value()
    hub.keep_secret("alice by hand", value)
    assert TOKEN.fullmatch(value)
    assert value not in here.page.url
    press(here, words["copy"])
    here.page.wait_for_function("() => navigator.clipboard.readText().then((text) => text !== '')")
    assert here.page.evaluate("() => navigator.clipboard.readText()") == value
    copy_without_a_clipboard(here, value, words)

    press(here, words["saved"])
    here.page.wait_for_selector("main .token-list")
    settle(here.page)
    assert f"{value[:7]}…{value[-4:]}" in here.page.locator("main").inner_text()
    stores = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"
    assert value not in here.page.content() + here.page.evaluate(stores)
    for _ in range(2):
        with suppress(Error):  # ERR_CACHE_MISS: a page that no browser keeps
            here.page.go_back(wait_until="load")
        settle(here.page)
        here.page.locator("h1").wait_for()  # a page that is on its way has no content yet
        assert value not in here.page.content()
    here.complaints.clear()
    assert "token" in str(mailbox.wait_mail(alice.email)["Subject"]).lower() or language == "zh-CN"

    is_told_what_is_wrong(here, words)
    refresh(here, hub, alice, value, words)


def is_told_what_is_wrong(here: Browsing, words: dict[str, str]) -> None:
    """With the name; with the day, which is asked for where one is wanted."""
    for name, said in (("my first TOKEN", "dup"), ("DEFAULT", "bad")):
        here.open("/settings/tokens/new")
        here.page.locator("main input[name=name]").fill(name)
        here.page.keyboard.press("Enter")
        here.page.wait_for_selector(".error-summary")
        assert words[said] in here.page.locator("main").inner_text()
    page, day = here.page, here.page.locator("#strata-day")
    here.open("/settings/tokens/new")
    page.locator("main input[name=name]").fill("by a day")
    assert not day.is_visible()
    page.locator("#strata-life").select_option("custom")
    assert day.is_visible()
    page.locator(".token-form button[type=submit]").click()
    page.locator(".error-summary a").click()
    assert day.is_visible()
    assert day.evaluate("(field) => field === document.activeElement")


def walk_the_menu(here: Browsing) -> None:
    """Space and Enter open it, arrows move in it, Esc closes it and gives the focus back."""
    keyboard, opener = here.page.keyboard, here.rightmost_in_header()
    menu = here.page.locator("header details.menu[open] .menu-list")
    opener.focus()
    keyboard.press("Space")
    menu.wait_for()
    seen = set()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End"):
        keyboard.press(key)
        assert menu.locator(":focus").count() == 1, key
        seen.add(menu.locator(":focus").inner_text())
    assert len(seen) == 3
    keyboard.press("Escape")
    assert menu.count() == 0
    assert "menu" in here.page.evaluate("document.activeElement.parentElement.className")
    keyboard.press("Enter")
    menu.wait_for()


def copy_without_a_clipboard(here: Browsing, value: str, words: dict[str, str]) -> None:
    """On a plain http address there is no clipboard for scripts: the old way copies it."""
    said = here.page.locator("dialog [role=status]", has_text=words["copied"])
    said.wait_for(state="attached")  # of the first copy
    here.page.evaluate("() => navigator.clipboard.writeText('')")
    here.page.evaluate(
        "() => { window.kept = navigator.clipboard;"
        " Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true}); }"
    )
    here.page.evaluate("document.activeElement.blur()")
    press(here, words["copy"])
    here.page.wait_for_function("() => kept.readText().then((text) => text !== '')")
    assert here.page.evaluate("() => kept.readText()") == value
    here.page.evaluate(
        "() => Object.defineProperty(navigator, 'clipboard', {value: kept, configurable: true})"
    )


def refresh(here: Browsing, hub: Hub, alice: Person, value: str, words: dict[str, str]) -> None:
    """Invalidate and refresh: the old value dies, the new one lives."""
    forget_proof(hub)
    here.open("/settings/tokens")
    menus = here.page.locator("main .token-list summary")
    menus.first.focus()
    here.page.keyboard.press("Enter")
    press(here, words["refresh"])
    here.page.wait_for_url("**/refresh")
    here.check()
    press(here, words["refresh"])
    prove(here, alice)
    fresh = here.page.locator("#strata-secret").input_value()
    hub.keep_secret("alice refreshed", fresh)
    for one, status in ((value, 401), (fresh, 200)):
        headers = {"Authorization": f"Bearer {one}"}
        assert httpx.get(f"{hub.url}/api/whoami-v2", headers=headers).status_code == status


def step_by_step(here: Browsing) -> None:
    """On a phone the form is walked through, with the keyboard, and nothing is sent on the way."""
    page = here.page
    page.set_viewport_size({"width": 390, "height": HEIGHT})
    name, find = page.locator("input[name=name]"), page.locator("#strata-find")
    bar, told = page.locator(".step-bar"), page.locator(".step-bar [role=status]")
    bar.wait_for()
    expect(name).to_be_visible()
    expect(find).to_be_hidden()
    name.press("Enter")  # a name is missing
    assert "1" in told.inner_text()
    name.fill("ci")
    name.press("Enter")
    assert "2" in told.inner_text()
    expect(name).to_be_hidden()
    tab_to(here, "own:repo.access.read")
    page.keyboard.press("Enter")
    find.press_sequentially("oth")
    chosen = page.locator("#strata-find-list [role=option]")
    chosen.wait_for()
    find.press("Enter")  # the only one that is found
    page.get_by_role("button", name="alice/other").click()  # leaves it out again
    expect(page.locator(".repo-chip")).to_have_count(0)
    assert page.url.endswith("/settings/tokens/new")
    for button in (WORDS[here.language]["next"], WORDS[here.language]["next"]):
        press(here, button)
    expect(page.locator("[data-summary]")).to_be_visible()
    expect(here.control("generate token")).to_be_visible()
    press(here, WORDS[here.language]["back"])
    expect(here.control("generate token")).to_be_hidden()
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    expect(bar).to_be_hidden()
    expect(name).to_be_visible()
    expect(find).to_be_visible()


def choose_with_the_keyboard(here: Browsing, words: dict[str, str]) -> None:
    """The field and its list are a combobox as the ARIA Authoring Practices describe it."""
    page, find = here.page, here.page.locator("#strata-find")
    options = page.locator("#strata-find-list [role=option]")
    status = page.locator("[data-repos] [data-picker] > [role=status]")
    assert find.get_attribute("aria-expanded") == "false"
    find.press("ArrowDown")  # opens what is one's own
    options.nth(1).wait_for()
    assert find.get_attribute("aria-expanded") == "true"
    assert words["found"] in status.inner_text()
    assert options.all_inner_texts() == [
        f"alice/{one}\n{words['kind']}" for one in ("other", "vault")
    ]
    assert find.get_attribute("aria-activedescendant") is None
    for key, number in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 0), ("ArrowUp", 1)):
        find.press(key)
        pointed = find.get_attribute("aria-activedescendant")
        assert pointed == options.nth(number).get_attribute("id")
    assert page.evaluate("document.activeElement.id") == "strata-find"  # the focus never leaves
    find.press("Escape")
    assert find.get_attribute("aria-expanded") == "false"
    assert options.count() == 0 or not options.first.is_visible()
    find.press_sequentially("vau")
    options.nth(1).wait_for(state="detached")
    options.wait_for()
    find.press("ArrowDown")
    find.press("Enter")
    assert words["chosen"] in status.inner_text()
    assert find.input_value() == ""
    find.press("ArrowDown")
    options.nth(1).wait_for()
    assert options.nth(1).get_attribute("aria-selected") == "true"
    find.press("Escape")
    assert page.locator(".repo-chip code").all_inner_texts() == ["alice/vault"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fine_grained_token_is_put_together_on_the_page_and_serves_a_client(
    language: Language, start_hub: StartHub, open_browser: OpenBrowser, client: MakeClient
) -> None:
    hub = start_hub({})
    alice, here, words = hub.user("alice"), open_browser(hub, language), WORDS[language]
    owner = client(NEWEST, person=alice, endpoint=hub.url)
    owner.run(
        """
        from huggingface_hub import HfApi
        for name in ("vault", "other"):
            HfApi().create_repo(f"alice/{name}", private=True)
        """
    )
    log_in(here, alice)

    here.open("/settings/tokens/new")
    here.check()
    here.page.locator("#strata-role-fineGrained").check()
    step_by_step(here)
    summary = here.page.locator("[data-summary] p")
    assert summary.locator("xpath=..").get_attribute("role") == "status"
    choose_with_the_keyboard(here, words)
    summary.filter(has_text=words["reads"]).wait_for()
    here.page.locator("select[name=repo-0-may]").select_option("write")
    summary.filter(has_text=words["writes"]).wait_for()
    here.check()
    here.control("generate token").click()
    here.page.wait_for_selector("#strata-secret")
    here.check()
    value = here.page.locator("#strata-secret").input_value()
    hub.keep_secret("alice fine", value)

    told = client(NEWEST, token=value, endpoint=hub.url).value(
        """
        import json
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
        api = HfApi()
        api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="alice/vault")
        seen = [model.id for model in api.list_models(author="alice")]
        try:
            api.model_info("alice/other")
        except RepositoryNotFoundError as error:
            seen.append(error.response.status_code)
        try:
            api.delete_repo("alice/vault")
        except HfHubHTTPError as error:
            seen.append(error.response.status_code)
        print(json.dumps(seen))
        """
    )
    assert told == ["alice/vault", 404, 403]
    come_back_to_the_scopes(here, words)


def come_back_to_the_scopes(here: Browsing, words: dict[str, str]) -> None:
    """An address and a token fill the same chips in; what was typed and not chosen is not lost."""
    page = here.page
    here.open(
        "/settings/tokens/new?tokenType=fineGrained&displayName=b&repos[]=alice/other&repos=a/b"
    )
    assert page.locator(".repo-chip code").all_inner_texts() == ["a/b", "alice/other"]
    assert page.locator(".repo-chip.is-missing code").all_inner_texts() == ["a/b"]
    here.open("/settings/tokens")
    here.open(page.locator('a[href$="/edit"]').first.get_attribute("href") or "")
    assert page.locator(".repo-chip code").all_inner_texts() == ["alice/vault"]
    assert page.locator("select[name=repo-0-may]").input_value() == "write"
    page.locator("[data-summary] p").filter(has_text=words["writes"]).wait_for()
    page.locator("#strata-find").fill("alice/nothing")
    page.locator(".token-form button[type=submit]").click()
    page.wait_for_selector(".error-summary")
    assert page.locator(".repo-chip code").all_inner_texts() == ["alice/vault", "alice/nothing"]
