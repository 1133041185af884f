"""Mails about what happens, with a real mail server and browsers in both languages.

Alice mentions people; some stop such mails with one click, from a browser that is logged out or by
the button of their mailbox, and still find it all in the inbox. Others want a digest, or have quiet
hours. She hears of requests for access at once or once a day.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser

from clients.api import Repo, shown, speaking, speaking_as
from clients.conftest import StartHub
from clients.hub import Hub
from clients.mailbox import Mailbox, body, links
from clients.pages import HEIGHT, NARROW, Browsing, Language
from fixtures.axe import WCAG, violations
from fixtures.browsers import settle
from strata.lib import clock

pytestmark = pytest.mark.slow

THING: Final = Repo("model", "alice/thing")
QUICK: Final = {"STRATA_NOTIFICATIONS_MAIL_SETTLE_S": "1"}
SETTINGS: Final = "/settings/notifications"
A_DAY_MS: Final = 24 * 60 * 60 * 1000
SECONDS: Final = 60.0  # that a mail may take on a busy machine


@pytest.fixture
def hub(start_hub: StartHub, mailbox: Mailbox) -> Hub:
    """Give a hub that knows its own address, with a repo of alice's."""
    hub = start_hub(mailbox.settings | QUICK, "sqlite")
    hub.stop()
    hub.start({"STRATA_PUBLIC_URL": hub.url})
    with speaking_as(hub.url, hub.user("alice")) as alice:
        alice.create(THING)
    return hub


def opens(hub: Hub, text: str, title: str = "A question") -> None:
    with speaking_as(hub.url, hub.user("alice")) as alice:
        opening = {"title": title, "description": text, "pullRequest": False}
        answer = alice.web.post(f"{THING.api}/discussions", json=opening)
        assert answer.status_code < 300, shown(answer)


def says(hub: Hub, text: str) -> None:
    with speaking_as(hub.url, hub.user("alice")) as alice:
        answer = alice.web.post(f"{THING.api}/discussions/1/comment", json={"comment": text})
        assert answer.status_code < 300, shown(answer)


def told(hub: Hub, statement: str, *values: object) -> Any:
    """Ask the database, or make something happen earlier than it did."""
    with closing(sqlite3.connect(hub.data / "strata.db", timeout=30)) as db, db:
        return db.execute(statement, values).fetchall()


def got(mailbox: Mailbox, name: str, number: int) -> list[EmailMessage]:
    """The mails to somebody that they could stop, once there are so many."""
    to = f"{name}@example.org"
    return mailbox.wait_mails(to, number, SECONDS, bearing="List-Unsubscribe")


def written(hub: Hub, name: str) -> int:
    """How many such mails to somebody were ever written, sent or not: those about repos."""
    return int(
        told(
            hub,
            "SELECT count(*) FROM mails WHERE recipient = ?"
            " AND (subject LIKE '%/%' OR subject LIKE 'News in %')",
            f"{name}@example.org",
        )[0][0]
    )


def stop_link(mail: EmailMessage) -> str:
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link in body(mail, "plain")
    assert link in body(mail, "html")
    return link


def opened(browser: Browser, hub: Hub, language: Language) -> Browsing:
    """A browser in which nobody is logged in."""
    context = browser.new_context(locale=language, viewport={"width": NARROW, "height": HEIGHT})
    return Browsing(context.new_page(), hub.url, language)


def accessible(here: Browsing) -> None:
    here.check()
    assert violations(here.page, WCAG) == []


def chooses(browser: Browser, hub: Hub, name: str, choose: Callable[[Browsing], None]) -> None:
    """Have somebody log in and change something on the page of their notifications."""
    here, person = opened(browser, hub, "en"), hub.user(name)
    here.open("/login")
    here.page.get_by_label("Username or e-mail").fill(person.name)
    here.page.get_by_label("Password", exact=True).fill(person.password)
    here.page.get_by_role("main").get_by_role("button", name="Log In", exact=True).click()
    settle(here.page)
    here.open(SETTINGS)
    choose(here)
    settle(here.page)
    here.page.context.close()


def saves(here: Browsing, section: str) -> None:
    here.page.get_by_role("region", name=section).get_by_role("button", name="Save").click()


def test_mails_come_as_people_want_them(hub: Hub, mailbox: Mailbox, browser: Browser) -> None:
    for name in ("bob", "eve", "fay"):
        hub.user(name)
    opens(hub, "What do you think, @bob and @eve?")
    bobs = got(mailbox, "bob", 1)[0]
    eves = got(mailbox, "eve", 1)[0]
    assert bobs["Subject"] == "[alice/thing] A question (#1)"
    assert links(bobs)[0].startswith(f"{hub.url}/alice/thing/discussions/1")
    for _ in range(2):  # a mailbox that looks at links before its reader does
        assert httpx.get(stop_link(bobs), trust_env=False).status_code == 200

    here = opened(browser, hub, "en")
    here.open(stop_link(bobs))
    accessible(here)
    here.page.get_by_role("button", name="Stop these mails").click()
    here.page.get_by_role("heading", name="These mails are stopped").wait_for()
    accessible(here)
    one_click = httpx.post(stop_link(eves), data={"List-Unsubscribe": "One-Click"}, trust_env=False)
    assert one_click.status_code == 200
    there = opened(browser, hub, "zh-CN")
    there.open(stop_link(eves))
    there.page.get_by_role("heading", name="已退订此类邮件").wait_for()
    accessible(there)
    there.page.goto(f"{hub.url}{SETTINGS}")
    assert "/login" in there.page.url  # the link logged nobody in

    says(hub, "Anybody? @bob @eve @fay")  # who is told of it together is mailed together
    got(mailbox, "fay", 1)
    assert (written(hub, "bob"), written(hub, "eve"), written(hub, "fay")) == (1, 1, 1)
    inbox = told(
        hub,
        "SELECT notifications.reason, unread FROM notifications JOIN namespaces"
        " ON namespaces.id = user_id WHERE name IN ('bob', 'eve', 'fay')",
    )
    assert inbox == [("mention", 1)] * 3


def test_a_digest_holds_what_happened_and_quiet_hours_hold_mails(
    hub: Hub, mailbox: Mailbox, browser: Browser
) -> None:
    def wants_a_digest(here: Browsing) -> None:
        here.page.get_by_role("checkbox", name="Watched repositories By mail").check()
        saves(here, "What you hear of")
        here.open(SETTINGS)
        here.page.get_by_label("Mails about discussions").select_option("daily")
        saves(here, "When mails are sent")
        here.open(f"{SETTINGS}?q=alice/thing")
        here.page.get_by_role("button", name="Watch alice/thing").click()

    def wants_quiet(here: Browsing) -> None:
        now = clock.now()
        for label, hours in (("Quiet hours begin", -2), ("Quiet hours end", 2)):
            hour = f"{now + timedelta(hours=hours):%H:%M}"
            here.page.get_by_label(label).fill(hour)
        saves(here, "When mails are sent")

    def wants_no_quiet(here: Browsing) -> None:
        for label in ("Quiet hours begin", "Quiet hours end"):
            here.page.get_by_label(label).fill("")
        saves(here, "When mails are sent")

    chooses(browser, hub, "fay", wants_a_digest)
    chooses(browser, hub, "gil", wants_quiet)
    hub.user("hal")
    for title in ("First", "Second"):
        opens(hub, "To whom it may concern: @gil @hal", title)
    hals = got(mailbox, "hal", 2)
    assert {str(mail["Subject"]) for mail in hals} == {
        "[alice/thing] First (#1)",
        "[alice/thing] Second (#2)",
    }
    assert (written(hub, "fay"), written(hub, "gil")) == (0, 0)

    a_day = "UPDATE notifications SET at = at - ?, mail_since = mail_since - ?"
    told(hub, a_day, A_DAY_MS, A_DAY_MS)  # and it goes by
    digest = got(mailbox, "fay", 1)[0]
    assert digest["Subject"] == "News in 2 discussions on Strata"
    there = {link.partition("#")[0] for link in links(digest)}
    assert {f"{hub.url}/alice/thing/discussions/{number}" for number in (1, 2)} <= there
    assert stop_link(digest)
    assert written(hub, "gil") == 0
    chooses(browser, hub, "gil", wants_no_quiet)
    assert len(got(mailbox, "gil", 2)) == 2
    assert (written(hub, "fay"), written(hub, "hal")) == (1, 2)


def test_an_owner_hears_of_requests_at_once_or_once_a_day(
    hub: Hub, mailbox: Mailbox, browser: Browser
) -> None:
    def sets(**settings: str) -> None:
        with speaking_as(hub.url, hub.user("alice")) as alice:
            answer = alice.web.put(f"{THING.api}/settings", json=settings)
            assert answer.status_code == 200, shown(answer)

    def asks(name: str) -> None:
        with speaking_as(hub.url, hub.user(name)) as reader:
            answer = reader.web.post(f"{THING.page}/ask-access", json={}, follow_redirects=False)
            assert answer.status_code == 303, shown(answer)

    sets(gated="manual", gatedNotificationsMode="real-time")
    asks("ivy")
    mail = got(mailbox, "alice", 1)[0]
    assert mail["Subject"] == "ivy asks for access to alice/thing"
    assert stop_link(mail)
    sets(gatedNotificationsMode="bulk")
    for name in ("jon", "kim"):
        asks(name)
    assert written(hub, "alice") == 1
    hub.stop()
    told(hub, "UPDATE access_requests SET requested_at = requested_at - ?", A_DAY_MS)
    hub.start({"STRATA_PUBLIC_URL": hub.url})
    digest = got(mailbox, "alice", 2)[1]
    assert digest["Subject"] == "2 new requests wait for alice/thing"

    def wants_a_digest(here: Browsing) -> None:
        here.page.get_by_label("Mails about discussions and access requests").select_option("daily")
        saves(here, "When mails are sent")

    chooses(browser, hub, "alice", wants_a_digest)
    sets(gatedNotificationsMode="real-time")
    asks("max")
    assert told(hub, "SELECT count(*) FROM gathered_requests") == [(1,)]
    told(hub, "UPDATE gathered_requests SET since = since - ?", A_DAY_MS)  # and a day goes by
    together = got(mailbox, "alice", 3)[2]
    assert together["Subject"] == "1 access request waits for you on Strata"
    assert f"{hub.url}/alice/thing/settings/access-requests" in links(together)
    assert stop_link(together)
    with speaking(hub.url) as stranger:  # the mailbox of alice
        answer = stranger.web.post(
            stop_link(digest).removeprefix(hub.url), data={"List-Unsubscribe": "One-Click"}
        )
    assert answer.status_code == 200
    asks("leo")
    assert told(hub, "SELECT count(*) FROM gathered_requests") == [(0,)]
    assert written(hub, "alice") == 2
