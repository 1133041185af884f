"""Webhooks in the browser, without a script: make, look, change, try out, replay, delete."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page as BrowserPage

from doors.pages.visitors import SITE, Page, Visitor, confirmed
from fixtures.accounts import made, person
from fixtures.axe import faults, faults_as_it_stands
from fixtures.browsers import chromium
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import working_as
from fixtures.receivers import Receiver, receiving
from fixtures.shown_repos import served
from fixtures.webhooks import called, listening_hub
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos import change
from strata.repos.change import Settings

LIST = "/settings/webhooks"
NEW = f"{LIST}/new"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = listening_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    return confirmed(hub, "li-wei")


def actor(hub: Hub, name: str) -> Actor:
    user = person(hub, name)
    return Actor(user_id=user.id, name=user.name, verified=True)


def make(visitor: Visitor, **fields: str) -> Page:
    filled = {"accounts": "li-wei", "repo": "on", "discussion": "on", "secret": ""}
    return visitor.submit(NEW, NEW, **(filled | fields))


def test_a_webhook_is_made_with_a_secret_that_is_not_shown_again(
    visitor: Visitor, receiver: Receiver
) -> None:
    assert "No webhooks. Get a call when a repository changes." in visitor.open(LIST).text
    url = receiver.url("/ok?token=abc")
    made_page = make(visitor, url=url, secret="hush-hush")
    assert re.fullmatch(r"/settings/webhooks/[0-9a-f]{24}", made_page.place)
    one = visitor.open(made_page.place)

    assert "The webhook is saved." in one.text
    assert f'value="{url}"' in one.text
    assert "A secret is set. Leave this empty to keep it." in one.text
    listed = visitor.open(LIST)
    assert f"127.0.0.1:{receiver.port}" in listed.text
    assert "0 of 1,000 triggers in 24 hours" in listed.text
    assert "token=abc" not in listed.text
    assert "hush-hush" not in one.text + listed.text


def test_the_form_is_changed_and_an_empty_secret_keeps_the_old_one(
    visitor: Visitor, hub: Hub, receiver: Receiver
) -> None:
    created(hub, actor(hub, "li-wei"), "one")
    place = make(visitor, url=receiver.url(), secret="first").place
    fields = {"url": receiver.url("/ok?2"), "accounts": "LI-WEI", "repositories": "li-wei/one"}

    changed = visitor.submit(place, place, **fields, repo="on", secret="")
    assert changed.place == place
    visitor.submit(place, f"{place}/test")
    called(hub)
    page = visitor.open(place)
    assert "li-wei/one" in page.text
    assert not re.search(r'name="discussion"[^>]* checked', page.text)
    assert receiver.received[0].headers["x-webhook-secret"] == "first"
    visitor.submit(place, place, **fields, repo="on", secret="", without_secret="on")
    visitor.submit(place, f"{place}/test")
    called(hub)
    assert "x-webhook-secret" not in receiver.received[1].headers


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"url": ""}, "url", "Enter the address that is to be called."),
        ({"url": "http://169.254.169.254/"}, "url", "This address is inside the network"),
        ({"url": "ftp://example.org"}, "url", "The address must begin with https://."),
        ({"accounts": "", "repositories": ""}, "accounts", "Name at least one"),
        ({"accounts": "no-body"}, "accounts", "There is no user or organization named no-body."),
        ({"repositories": "datasets/a/b"}, "repositories", "There is no repository named a/b"),
        ({"repo": ""}, "url", ""),
        ({"secret": "with space"}, "secret", "A secret has at most 256"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    visitor: Visitor, fields: dict[str, str], name: str, says: str
) -> None:
    page = make(visitor, **({"url": "https://example.org/<b>"} | fields))

    if not says:  # a box that is ticked, whatever its value
        assert page.status == 303
        return
    assert page.status == 400
    assert says in page.text
    assert f'href="#strata-{name}"' in page.text
    assert f'id="strata-{name}-error"' in page.text
    assert "with space" not in page.text  # a secret is not written into a page


def test_nothing_to_be_told_of_is_refused(visitor: Visitor) -> None:
    page = visitor.submit(NEW, NEW, url="https://example.org/", accounts="li-wei", secret="")

    assert "Choose at least one." in page.text
    assert 'href="#strata-domains"' in page.text


def test_deliveries_can_be_read_and_replayed(
    visitor: Visitor, hub: Hub, receiver: Receiver
) -> None:
    place = make(visitor, url=receiver.url("/echo"), secret="hush-hush").place
    created(hub, actor(hub, "li-wei"), "<i>one".strip("<i>"))
    called(hub)
    page = visitor.open(place)
    assert "repo.content:update" in page.text
    assert "Delivered" in page.text
    log = re.findall(rf'href="({place}/deliveries/[0-9a-f]{{24}})"', page.text)
    delivery = visitor.open(log[0])

    assert "X-Webhook-Secret: ••••••" in delivery.text
    assert "x-webhook-secret: ••••••" in delivery.text
    assert '"name": "li-wei/one"' in delivery.text
    assert "hush-hush" not in delivery.text
    before = len(receiver.received)
    assert visitor.submit(log[0], f"{log[0]}/replay").place == place
    assert "It is on its way." in visitor.open(place).text
    called(hub)
    assert len(receiver.received) == before + 1
    assert "(replay)" in visitor.open(place).text


def test_what_a_target_answers_stays_text(visitor: Visitor, hub: Hub, receiver: Receiver) -> None:
    place = make(visitor, url=receiver.url("/echo?<script>alert(1)</script>")).place
    visitor.submit(place, f"{place}/test")
    called(hub)
    (log,) = re.findall(rf'href="({place}/deliveries/[0-9a-f]{{24}})"', visitor.open(place).text)

    assert "<script>alert" not in visitor.client.get(log).text


def test_what_one_may_no_longer_see_is_not_in_the_log(
    visitor: Visitor, hub: Hub, receiver: Receiver
) -> None:
    ada = made(hub, "ada")
    repo = created(hub, ada, "plans")
    place = make(visitor, url=receiver.url("/status/503"), accounts="ada").place
    uploaded(hub, ada, repo, {"a.txt": b"a"})
    with working_as(hub, ada) as work:
        change.change_settings(work, repo.repo_id, Settings(private=True))
    called(hub)
    page = visitor.open(place)
    (log,) = re.findall(rf'href="({place}/deliveries/[0-9a-f]{{24}})"', page.text)
    delivery = visitor.open(log)

    assert "Not sent" in page.text
    assert "you may no longer see" in delivery.text
    assert "plans" not in page.text + delivery.text
    assert "/replay" not in delivery.text


def test_it_is_disabled_enabled_and_deleted(visitor: Visitor, hub: Hub, receiver: Receiver) -> None:
    place = make(visitor, url=receiver.url()).place
    visitor.submit(place, f"{place}/disable")
    off = visitor.open(place)
    assert "It is no longer called." in off.text
    assert f"{place}/test" not in off.text
    visitor.submit(place, f"{place}/enable")
    assert "Enabled" in visitor.open(place).text
    assert visitor.submit(f"{place}/delete", f"{place}/delete").place == LIST
    assert visitor.open(place).status == 404
    assert called(hub) == 0


def test_strangers_meet_a_missing_page(visitor: Visitor, hub: Hub, receiver: Receiver) -> None:
    place = make(visitor, url=receiver.url()).place
    visitor.submit(place, f"{place}/test")
    called(hub)
    (log,) = re.findall(rf'href="({place}/deliveries/[0-9a-f]{{24}})"', visitor.open(place).text)
    stranger = confirmed(hub, "mallory")
    proof = stranger.open(NEW).hidden(NEW)

    for path in (place, log, f"{place}/delete"):
        assert stranger.open(path).status == 404
    for path in (place, f"{place}/test", f"{place}/disable", f"{place}/delete", f"{log}/replay"):
        fields = proof | {"url": "https://example.org/", "accounts": "mallory", "repo": "on"}
        assert stranger.send(path, fields).status == 404, path
    assert Visitor(hub).open(LIST).status in (303, 401)
    assert visitor.send(f"{place}/delete", {}).status == 400  # a form of another site


def test_everything_speaks_chinese(hub: Hub, receiver: Receiver) -> None:
    made(hub, "li-wei", password="Abcdefg!")
    visitor = Visitor(hub, language="zh-CN", site=SITE)
    visitor.log_in("li-wei")
    place = make(visitor, url=receiver.url()).place
    visitor.submit(place, f"{place}/test")
    called(hub)
    page = visitor.open(place)

    assert "已投递" in page.text
    assert "发送测试" in page.text
    assert "24 小时内触发 1 次。" in page.text
    assert "地址必须以 https:// 开头。" in make(visitor, url="ftp://x.example").text


def test_an_unconfirmed_person_sees_why_not(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("new-one")

    listed, new = visitor.open(LIST), visitor.open(NEW)
    assert (listed.status, new.status) == (200, 200)
    assert re.search(r'aria-disabled="true"[^>]*>.*New webhook', listed.text)
    assert "Confirm your e-mail first." in listed.text
    assert "Confirm your e-mail to do this." in new.text
    assert new.hidden(NEW) == {}


def test_pages_fit_the_screen_and_everyone_can_use_them(
    visitor: Visitor, hub: Hub, receiver: Receiver
) -> None:
    place = make(visitor, url=receiver.url("/echo?" + "long" * 60), secret="s").place
    created(hub, actor(hub, "li-wei"), "a-rather-long-name-of-a-model-that-does-not-break")
    called(hub)
    log = re.findall(rf'href="({place}/deliveries/[0-9a-f]{{24}})"', visitor.open(place).text)
    (cookie,) = [one for one in visitor.client.cookies.jar if one.name.endswith("sid")]
    paths = (LIST, NEW, place, log[0], f"{place}/delete")
    with served(hub) as base, chromium() as browser:
        context = browser.new_context()
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": base}])
        page = context.new_page()
        assert [fault for path in paths for fault in faults(page, base + path)] == []
        names_are_found(page, f"{base}{NEW}")
        a_row_opens(page, f"{base}{place}")


def names_are_found(page: BrowserPage, address: str) -> None:
    """A name is offered while it is typed, and becomes a line of the list; nothing is sent."""
    page.goto(address)
    for field, typed, name in (
        ("repositories", "rather", "li-wei/a-rather-long-name-of-a-model-that-does-not-break"),
        ("accounts", "li-", "li-wei"),
    ):
        search = page.locator(f".name-search input[list=strata-{field}-names]")
        search.press_sequentially(typed)
        option = page.locator(f"#strata-{field}-names option[value='{name}']")
        option.wait_for(state="attached")
        for _ in range(2):  # named twice, it stands there once
            search.fill(name)
            search.press("Enter")
        assert page.locator(f"textarea[name={field}]").input_value() == name
    assert page.url == address


def a_row_opens(page: BrowserPage, address: str) -> None:
    """What was sent and answered is shown below its row, by the keyboard, and hidden again."""
    page.goto(address)
    button = page.get_by_role("button", name="Details ").first
    button.focus()
    page.keyboard.press("Enter")
    below = page.locator(".delivery-more")
    below.locator("pre").first.wait_for()
    assert "a-rather-long-name" in below.inner_text()
    assert button.get_attribute("aria-expanded") == "true"
    assert faults_as_it_stands(page) == []
    page.keyboard.press("Enter")
    assert below.is_hidden()
    assert page.url == address


def test_the_settings_of_a_repo_lead_to_a_form_that_is_filled_in(
    visitor: Visitor, hub: Hub
) -> None:
    created(hub, actor(hub, "li-wei"), "rows", RepoType.DATASET)
    settings = visitor.open("/datasets/li-wei/rows/settings").text
    (link,) = re.findall(r'href="(/settings/webhooks/new[^"]*)"', settings)

    assert ">\ndatasets/li-wei/rows</textarea>" in visitor.open(link).text
