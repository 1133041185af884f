"""An organisation from its first day to its audit log, in a real browser (product §6.1 J19)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from clients.acting import log_in, press, reads, say
from clients.api import Repo, shown, speaking_as
from clients.conftest import StartHub
from clients.hub import Hub, Person
from clients.mailbox import Mailbox
from clients.pages import LANGUAGES, Browsing, Language, OpenBrowser
from clients.proofs import set_up_app
from fixtures.browsers import settle

pytestmark = pytest.mark.slow
MEMBERS, TOKENS = "/organizations/acme/settings/members", "/organizations/acme/settings/tokens"
PENDING = "your token needs to be approved by the organization before you can access"
FACTOR = "Members need two-factor authentication here."


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_organization_is_made_filled_and_guarded(
    language: Language,
    start_hub: StartHub,
    mailbox: Mailbox,
    open_browser: OpenBrowser,
    tmp_path: Path,
) -> None:
    """J19: create, invite three ways, accept, roles, second factors, tokens, leave guard, log."""
    hub = start_hub(mailbox.settings)
    li, bob, eve, dan = (hub.user(name) for name in ("li", "bob", "eve", "dan"))
    here = at_home(hub, li, language, open_browser)
    founded(here)
    share = invited(here)

    his = at_home(hub, bob, language, open_browser)
    his.open("/settings/organizations")
    his.check()
    click(his, "button[value=accept]")
    reads(his, "You belong to the organization now.")
    hers = at_home(hub, eve, language, open_browser)
    hers.open(invitation_in(mailbox, eve))
    click(hers, "button[value=accept]")
    theirs = open_browser(hub, language)
    theirs.open(share)
    press(theirs, "Log In")
    theirs.page.locator("[name=username]").fill(dan.name)
    theirs.page.locator("[name=password]").fill(dan.password)
    press(theirs, "Log In")
    click(theirs, "button[value=accept]")

    here.open(MEMBERS)
    members = here.page.locator("#strata-several ~ .table-box tbody tr")
    assert sorted(members.locator("th").all_inner_texts()) == ["bob", "dan", "eve", "li"]
    pick_role(here, "bob", "contributor")
    for name in ("eve", "dan"):
        here.page.locator(f"input[value={name}][type=checkbox]").check()
    here.page.locator("#strata-several select").select_option("write")
    press(here, "Change role")
    here.check()
    limits_of_a_contributor(hub, li, bob, his)
    only_approved_tokens(hub, here, his)
    a_second_factor_is_demanded(hub, here, (bob, his), tmp_path)

    here.open("/settings/organizations")
    leave = here.page.get_by_role("button", name=say(here, "Leave")).last
    expect(leave).to_have_attribute("aria-disabled", "true")
    reads(here, "You are the last admin. Make another member admin first.")
    here.open(f"{MEMBERS.removesuffix('members')}audit")
    rows = " ".join(here.page.locator("tbody code.muted").all_inner_texts())
    for event in (
        "org.create", "org.invite_user", "org.invite.accept", "org.add_user", "org.change_role",
        "org.settings.tokens", "token.org_approve", "org.settings.update", "repo.create",
    ):  # fmt: skip
        assert event in rows, event


def click(here: Browsing, selector: str) -> None:
    here.page.get_by_role("main").locator(selector).first.click()
    settle(here.page)


def at_home(hub: Hub, person: Person, language: Language, opened: OpenBrowser) -> Browsing:
    here = opened(hub, language)
    log_in(here, person.name, person.password)
    return here


def founded(here: Browsing) -> None:
    here.open("/organizations/new")
    here.page.locator("[name=name]").fill("acme")
    here.page.locator("[name=guidelines]").check()
    press(here, "Create organization")
    here.check()


def invited(here: Browsing) -> str:
    """Invite bob by name and eve by address; the link for whoever has it."""
    here.open(MEMBERS)
    here.page.locator("[name=who]").fill("bob\neve@example.org")
    press(here, "Invite")
    reads(here, "Open invitations")
    here.check()
    press(here, "Create link")
    here.check()
    value = here.page.locator("[readonly], .secret-once input, main code").evaluate_all(
        "all => all.map(e => e.value || e.innerText)"
    )
    (link,) = [text for text in value if "/share/" in text]
    return str(link)


def invitation_in(mailbox: Mailbox, person: Person) -> str:
    return mailbox.wait_link(person.email, "/share/")


def pick_role(here: Browsing, name: str, role: str) -> None:
    form = here.page.locator(f"form:has(select[name=role]):has(input[value={name}])").first
    form.locator("select").select_option(role)
    form.locator("button").click()
    settle(here.page)


def limits_of_a_contributor(hub: Hub, li: Person, bob: Person, his: Browsing) -> None:
    """They create and change their own, see the others, and change nothing of these."""
    with speaking_as(hub.url, li) as admin, speaking_as(hub.url, bob) as member:
        admin.create(Repo("model", "acme/of-li"), private=True)
        member.create(Repo("model", "acme/of-bob"), private=True)
        member.commit(Repo("model", "acme/of-bob"), {"a.txt": b"a"})
        assert member.paths(Repo("model", "acme/of-li"))
        refused = member.web.post(
            "/api/models/acme/of-li/commit/main",
            content='{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":'
            '{"path":"a","content":"eA==","encoding":"base64"}}',
        )
        assert refused.status_code == 403, shown(refused)
    answer = his.page.goto(f"{hub.url}{MEMBERS}")
    assert answer is not None
    assert answer.status == 403
    his.complaints.clear()  # Chromium notes it itself


def only_approved_tokens(hub: Hub, here: Browsing, his: Browsing) -> None:
    """A token waits, says so on the page and in its answer, and opens once it is approved."""
    here.open(TOKENS)
    here.page.locator("input[name=policy][value=approved]").check(force=True)
    press(here, "Save")
    here.check()
    wanted = (
        "tokenType=fineGrained&displayName=pipeline&orgs[]=acme&orgPermissions[]=repo.content.read"
    )
    his.open(f"/settings/tokens/new?{wanted}")
    press(his, "Generate Token")
    value = his.shown_token()
    hub.keep_secret("bob's fine-grained token", value)
    his.open("/settings/tokens")
    waits = his.page.locator("li[id^=token-]", has_text="pipeline").locator(".badge-warn")
    assert waits.count() == 1
    opened = asking(hub, value)
    assert opened() == (403, True)
    here.open(TOKENS)
    click(here, "button[value=approved]")
    here.check()
    assert opened() == (200, False)


def asking(hub: Hub, token: str) -> Callable[[], tuple[int, bool]]:
    """Ask for a private repo with a token: the status, and whether it says that it waits."""

    def ask() -> tuple[int, bool]:
        with speaking_as(hub.url, Person("bob", "", "", token, token)) as api:
            answer = api.web.get("/api/models/acme/of-li")
            return answer.status_code, PENDING in answer.text

    return ask


def a_second_factor_is_demanded(
    hub: Hub, here: Browsing, member: tuple[Person, Browsing], folder: Path
) -> None:
    """Whoever demands one has one; members without one are kept out, by tokens too."""
    bob, his = member
    set_up_app(here, folder)
    here.open("/organizations/acme/settings")
    here.page.locator("[name=two_factor]").check()
    here.page.locator("[name=two_factor_days]").select_option("0")
    press(here, "Save settings")
    here.check()
    with speaking_as(hub.url, bob) as api:
        answer = api.web.get("/api/models/acme/of-li")
        assert (answer.status_code, FACTOR in answer.text) == (403, True), shown(answer)
    his.open("/settings/organizations")
    here.open("/acme")
