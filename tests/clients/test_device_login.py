"""`hf auth login`, `login()` and `notebook_login()`: a terminal, a browser, a decision (J11)."""

import json
import re
import sqlite3
import subprocess
from configparser import ConfigParser
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from clients.client import Client
from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.hub import Hub, Person
from clients.mailbox import Mailbox
from clients.pages import LANGUAGES, Browsing, Language, OpenBrowser
from clients.terminal import Terminal
from clients.visits import Browser as PlainBrowser, browser as plain_browser

FIRST: Final = "1.20.0"  # the first release that logs in so
SHOWN: Final = r"(http://\S+/device\?user_code=([A-Z]{4}-[A-Z]{4}))"
WHO: Final = "from huggingface_hub import whoami; print(whoami()['name'])"
AT_ONCE: Final = {"PYTHONUNBUFFERED": "1"}  # what a script prints into a pipe
STORED: Final = "huggingface/stored_tokens"


def asked(shell: Terminal) -> tuple[str, str]:
    """Choose the browser in the menu; the address and the code that are shown."""
    shell.wait_for("How would you like to log in")
    shell.press("\r")
    found = shell.wait_for(SHOWN)
    return found[1], found[2]


def log_in(here: Browsing, person: Person) -> None:
    """Log in on the page to which the browser was led."""
    here.page.wait_for_url("**/login?next=*")
    here.field("username").fill(person.name)
    here.field("password").fill(person.password)
    main = here.page.get_by_role("main")  # the header has a link of this name
    main.get_by_role("button", name=here.word("log in"), exact=True).click()


def to_the_card(here: Browsing) -> None:
    """Send the code that stands in the field."""
    here.page.wait_for_url("**/device*")
    here.check()
    here.button("next").click()
    expect(here.button("authorize")).to_be_visible()
    here.check()


def held_by(machine: Client, hub: Hub, name: str) -> dict[str, str]:
    """What the client keeps of a log-in; from now on the log of the hub is searched for it."""
    stored = ConfigParser(interpolation=None)
    stored.read(machine.home / STORED)
    held = dict(stored[f"oauth-{name}"])
    hub.keep_secret(f"{name} {held['hf_token'][-6:]}", held["hf_token"])
    hub.keep_secret(f"{name} {held['refresh_token'][-6:]}", held["refresh_token"])
    return held


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_logs_in_from_the_terminal(
    language: Language,
    start_hub: StartHub,
    mailbox: Mailbox,
    open_browser: OpenBrowser,
    client: MakeClient,
    *,
    phone: bool,
) -> None:
    hub = start_hub(mailbox.settings)
    person = hub.user("ana")
    machine = client(NEWEST, endpoint=hub.url)
    here = open_browser(hub, language, phone=phone)

    with machine.in_terminal("hf", "auth", "login") as shell:
        address, code = asked(shell)
        here.page.goto(address)
        log_in(here, person)  # and then back to the code
        here.page.wait_for_url(f"**/device?user_code={code}")
        expect(here.field("code")).to_have_value(code)
        to_the_card(here)
        expect(here.says("the command line")).to_be_visible()
        assert "127.0.0.1" in here.page.locator("main").inner_text()
        assert "python-httpx" in here.page.locator("main").inner_text()
        here.button("authorize").click()
        expect(
            here.page.get_by_role("heading", name=re.compile("You are done|已完成"))
        ).to_be_visible()
        here.check()
        shell.wait_for("Login successful")
        assert shell.ended() == 0
    assert "ana" in machine.program("hf", "auth", "whoami").stdout
    held = held_by(machine, hub, "ana")
    assert held["hf_token"].startswith("hf_oauth_")
    mailbox.wait_link("ana@example.org", "/settings/connected-applications")

    # Shut it out, and its next call fails.
    here.open("/settings/connected-applications")
    expect(here.says("the command line")).to_be_visible()
    here.page.get_by_role("main").get_by_role("link", name=re.compile("Revoke|吊销")).click()
    here.check()
    here.button("revoke").click()
    here.page.wait_for_url("**/settings/connected-applications")
    here.check()
    refused = machine.program("hf", "auth", "whoami", fails=True)
    assert "Invalid user token" in refused.stdout + refused.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_says_no_and_another_code_grows_old(
    language: Language, start_hub: StartHub, open_browser: OpenBrowser, client: MakeClient
) -> None:
    hub = start_hub()
    person, machine = hub.user("ana"), client(NEWEST, endpoint=hub.url)
    here = open_browser(hub, language)

    with machine.in_terminal("hf", "auth", "login") as shell:
        address, _ = asked(shell)
        here.page.goto(address)
        log_in(here, person)
        to_the_card(here)
        here.button("deny").click()
        heading = re.compile("Not authorized|未授权")
        expect(here.page.get_by_role("heading", name=heading)).to_be_visible()
        here.check()
        shell.wait_for("Authorization was denied")
        assert shell.ended() != 0

    with machine.in_terminal("hf", "auth", "login") as shell:
        address, _ = asked(shell)
        let_grow_old(hub.data)
        shell.wait_for("Device code expired")
        assert shell.ended() != 0
    here.page.goto(address)
    here.button("next").click()
    expect(here.says("code is wrong")).to_be_visible()
    here.check()
    assert not (machine.home / STORED).exists()


def let_grow_old(data: Path) -> None:
    """Let a quarter of an hour pass for every code that waits."""
    with closing(sqlite3.connect(data / "strata.db")) as database, database:
        database.execute("UPDATE oauth_devices SET expires_at = expires_at - 900000")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notebook_is_let_in_and_a_guesser_is_stopped_after_ten_codes(
    language: Language, start_hub: StartHub, open_browser: OpenBrowser, client: MakeClient
) -> None:
    hub = start_hub()
    machine = client(NEWEST, endpoint=hub.url, variables=AT_ONCE)
    with machine.start("from huggingface_hub import notebook_login; notebook_login()") as notebook:
        address, _ = printed(notebook)
        here = open_browser(hub, language)
        here.page.goto(address)
        log_in(here, hub.user("ana"))
        to_the_card(here)
        here.button("authorize").click()
        heading = re.compile("You are done|已完成")
        expect(here.page.get_by_role("heading", name=heading)).to_be_visible()
        here.check()
        assert notebook.wait(60) == 0
    assert machine.run(WHO).stdout.strip() == "ana"

    # After ten wrong codes the right one is refused as well.
    with client(NEWEST, endpoint=hub.url).in_terminal("hf", "auth", "login") as shell:
        guesses_in_vain(open_browser(hub, language), hub.user("mallory"), asked(shell)[1])


def guesses_in_vain(here: Browsing, mallory: Person, code: str) -> None:
    here.page.goto(f"{here.base}/device")
    log_in(here, mallory)
    here.page.wait_for_url("**/device")
    for _ in range(10):
        here.field("code").fill("bbbb bbbb")
        expect(here.field("code")).to_have_value("BBBB-BBBB")
        here.button("next").click()
        expect(here.says("code is wrong")).to_be_visible()
        here.check()
    here.field("code").fill(code)
    here.button("next").click()
    expect(here.says("too many attempts")).to_be_visible()
    here.forgive(429)
    here.check()


def let_in(web: PlainBrowser, code: str) -> None:
    card = web.submit(f"/device?user_code={code}", "/device", user_code=code)
    assert web.send(card, "/device", decision="allow").status_code == 200


def printed(program: subprocess.Popen[str]) -> tuple[str, str]:
    """The address and the code that a script prints."""
    assert program.stdout is not None
    return next(
        (found[1], found[2]) for line in program.stdout if (found := re.search(SHOWN, line))
    )


def run_and_allow(hub: Hub, person: Person, machine: Client, snippet: str) -> None:
    """Run a script that logs in, and let it in by the code that it prints."""
    with machine.start(snippet) as program, plain_browser(hub.url) as web:
        web.log_in(person.name, person.password)
        let_in(web, printed(program)[1])
        assert program.stdout is not None
        rest = program.stdout.read()
        assert program.wait(60) == 0, rest


@pytest.mark.parametrize("release", [FIRST, "1.33.0", NEWEST])
def test_log_ins_of_every_release_that_has_them(
    release: str, start_hub: StartHub, client: MakeClient
) -> None:
    """`login()` in a script; what it got is enough for a private repository and all in it.

    Then `notebook_login()` and `hf auth login`, each on another machine.
    """
    hub = start_hub()
    person, machine = hub.user("ana"), client(release, endpoint=hub.url, variables=AT_ONCE)
    # 1.20.0 can import `login` after `HfApi` only.
    run_and_allow(hub, person, machine, "from huggingface_hub import HfApi, login; login()")
    held_by(machine, hub, "ana")
    made = machine.value(
        """
        import json
        from huggingface_hub import HfApi, whoami
        api, repo = HfApi(), "ana/mine"
        api.create_repo(repo, private=True)
        api.upload_file(path_or_fileobj=b"hello", path_in_repo="a.txt", repo_id=repo)
        api.create_branch(repo, branch="next")
        api.create_discussion(repo, title="A question")
        read = open(api.hf_hub_download(repo, "a.txt")).read()
        api.delete_repo(repo)
        print(json.dumps([whoami()["auth"]["type"], read]))
        """
    )
    assert made == ["oauth", "hello"]

    # The same release in a notebook, on another machine.
    notebook = client(release, endpoint=hub.url, variables=AT_ONCE)
    snippet = "from huggingface_hub import HfApi, notebook_login; notebook_login()"
    run_and_allow(hub, person, notebook, snippet)
    held_by(notebook, hub, "ana")
    assert notebook.run(WHO).stdout.strip() == "ana"

    # And in a terminal.
    third = client(release, endpoint=hub.url)
    with third.in_terminal("hf", "auth", "login") as shell, plain_browser(hub.url) as web:
        web.log_in(person.name, person.password)
        let_in(web, asked(shell)[1])
        shell.wait_for("Login successful")
        assert shell.ended() == 0
    held_by(third, hub, "ana")
    assert "ana" in third.program("hf", "auth", "whoami").stdout


def test_notebook_login_and_the_client_refreshes(start_hub: StartHub, client: MakeClient) -> None:
    hub = start_hub()
    person, machine = hub.user("ana"), client(NEWEST, endpoint=hub.url, variables=AT_ONCE)
    run_and_allow(
        hub, person, machine, "from huggingface_hub import notebook_login; notebook_login()"
    )
    first = held_by(machine, hub, "ana")

    # A month later: less than a day is left.
    stored = machine.home / STORED
    stored.write_text(stored.read_text().replace(first["expires_at"], "1000"))
    assert machine.run(WHO).stdout.strip() == "ana"
    second = held_by(machine, hub, "ana")
    assert second["hf_token"] != first["hf_token"]
    assert second["refresh_token"] != first["refresh_token"]

    # A thief comes with the old one, later than a second process of hers would.
    with closing(sqlite3.connect(hub.data / "strata.db")) as database, database:
        database.execute("UPDATE oauth_refreshes SET used_at = used_at - 61000")
    with plain_browser(hub.url) as thief:
        answer = thief.web.post(
            "/oauth/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": first["refresh_token"],
                "client_id": "26be6b09-91c5-47da-9861-d2d2bb7a7e36",
            },
        )
    assert (answer.status_code, json.loads(answer.text)["error"]) == (400, "invalid_grant")
    assert "Invalid user token" in machine.run(WHO, fails=True).stderr
