"""Mail in the administration of the site: what became of it, a test, trying again (S-021, P72)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from doors.pages.visitors import PASSWORD, Page, Visitor
from fixtures.accounts import calling, fact_names, made, person
from fixtures.axe import violations
from fixtures.browsers import chromium, settle
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.name_servers import NameServer
from fixtures.post_offices import PostOffice, polite, post_office, rude
from fixtures.shown_repos import served
from strata.accounts.tables import users
from strata.app.hub import JOBS
from strata.core.actor import SYSTEM
from strata.core.call import working
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.events.mails.keeping import BODY_LIFE, TidyMails
from strata.events.outbox import Letter, post

MAIL = "/admin/mail"
NO = "550 5.1.1 <b>no such mailbox</b>"
SPF = "v=spf1 include:mail.example -all"
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
ZONE = {("example.org", "TXT"): f'"{SPF}"'}


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def server() -> Iterator[NameServer]:
    started = NameServer(ZONE)
    yield started
    started.close()


@pytest.fixture
def hub(
    tmp_path: Path, clock: FrozenClock, office: PostOffice, server: NameServer
) -> Iterator[Hub]:
    asked: dict[str, Any] = {
        "accounts.name_servers": (server.place,),
        "mail.log_deliveries": 60,
    }
    built = build_test_hub(tmp_path / "data", clock=clock, **office.settings(), **asked)
    yield built
    built.database.close()


@pytest.fixture
def root(hub: Hub) -> Visitor:
    """The browser of an admin of the site who has entered the console."""
    made(hub, "ruth", admin=True, password=PASSWORD)
    visitor = Visitor(hub)
    assert visitor.log_in("ruth").status == 303
    assert visitor.submit("/admin", "/admin").status == 303
    return visitor


def write(hub: Hub, to: str, subject: str = "Hello") -> int:
    with calling(hub, SYSTEM) as call, working(call) as work:
        return post(work, Letter(to, subject, "secret text", "<p>secret text"))


def rows(page: Page) -> list[str]:
    """The subject of each mail in the list."""
    return re.findall(r'<th scope="row"[^>]*><span>([^<]+)<br>', page.text)


def test_a_test_mail_is_sent_and_the_page_tells_what_the_server_said(
    hub: Hub, root: Visitor, office: PostOffice
) -> None:
    office.manner = lambda step, argument: (
        "250 2.0.0 queued as 4711" if step == "content" else polite(step, argument)
    )
    sent = root.submit(MAIL, f"{MAIL}/test", address="ann@example.com")
    assert re.fullmatch(rf"{MAIL}\?test=\d+", sent.place)
    assert fact_names(hub)[-1] == "admin.mail_test"
    assert "data-waits" in root.open(sent.place).text
    run_due(hub, JOBS)
    page = root.open(sent.place)
    assert "data-waits" not in page.text
    assert "250 2.0.0 queued as 4711" in page.text
    assert "The mail server took it." in page.text
    assert "ann@example.com" not in page.text
    assert [to for _, to, _ in office.taken] == ["ann@example.com"]

    wrong = root.submit(MAIL, f"{MAIL}/test", address="ann")
    assert (wrong.status, "This doesn't look like an e-mail address." in wrong.text) == (400, True)
    assert fact_names(hub).count("admin.mail_test") == 1


def test_the_log_is_filtered_and_paged_and_ends_with_the_newest(
    hub: Hub, root: Visitor, office: PostOffice
) -> None:
    office.manner = rude("RCPT", NO, to="p5@")
    for number in range(6):
        write(hub, f"p{number}@example.com", f"Mail {number}")
    run_due(hub, JOBS)
    for number in range(6, 64):
        write(hub, f"p{number}@example.com", f"Mail {number}")
    first = root.open(MAIL)
    assert rows(first) == [f"Mail {number}" for number in range(63, 13, -1)]
    assert "p•••@example.com" in first.text
    (onward,) = re.findall(r'href="([^"]*after=[^"]*)"', first.text)
    second = root.open(onward)
    assert rows(second) == [f"Mail {number}" for number in range(13, 3, -1)]
    assert "Older mails" not in second.text
    assert rows(root.open(f"{MAIL}?state=failed")) == ["Mail 5"]
    assert NO in root.open(f"{MAIL}?state=failed").text  # escaped: `text` is what a reader sees
    assert rows(root.open(f"{MAIL}?state=sent")) == ["Mail 4"]
    assert rows(root.open(f"{MAIL}?to=P5@example.com")) == ["Mail 5"]
    assert rows(root.open(f"{MAIL}?to=P5@example.com&state=sent")) == []
    assert rows(root.open(f"{MAIL}?to=p1@example.com")) == []  # older than the newest sixty
    assert rows(root.open(f"{MAIL}?state=nonsense")) == rows(first)


def test_what_failed_is_tried_again_while_its_text_is_kept(
    hub: Hub, root: Visitor, office: PostOffice, clock: FrozenClock
) -> None:
    office.manner = rude("RCPT", NO)
    mail_id = write(hub, "ann@example.com")
    run_due(hub, JOBS)
    assert "secret text" not in root.open(MAIL).text
    office.manner = polite
    assert root.submit(MAIL, f"{MAIL}/retry", mail=str(mail_id)).place == MAIL
    assert fact_names(hub)[-1] == "admin.mail_retry"
    run_due(hub, JOBS)
    assert len(office.taken) == 1
    page = root.open(MAIL)
    assert "Taken by the mail server" in page.text
    assert f"{MAIL}/retry" not in page.text  # what was sent is not sent twice
    csrf = page.hidden(f"{MAIL}/test")
    assert root.send(f"{MAIL}/retry", csrf | {"mail": str(mail_id)}).status == 409
    assert root.send(f"{MAIL}/retry", csrf | {"mail": "99"}).status == 404

    office.manner = rude("RCPT", NO)
    write(hub, "bob@example.com")
    run_due(hub, JOBS)
    assert f"{MAIL}/retry" in root.open(MAIL).text
    clock.advance(BODY_LIFE + timedelta(hours=1))
    with calling(hub, SYSTEM) as call:
        TidyMails().run(call)
    root.log_in("ruth")
    root.submit("/admin", "/admin", sudo_password=PASSWORD)
    assert f"{MAIL}/retry" not in root.open(MAIL).text


def test_an_address_is_confirmed_by_hand(hub: Hub, root: Visitor) -> None:
    assert Visitor(hub).join("ann").status == 303
    assert person(hub, "ann").verified_at is None
    assert root.submit(MAIL, f"{MAIL}/confirm", username="ann").place == MAIL
    assert person(hub, "ann").verified_at is not None
    assert fact_names(hub)[-1] == "account.verify_email"
    unknown = root.submit(MAIL, f"{MAIL}/confirm", username="nobody")
    assert (unknown.status, "There is nobody of this name." in unknown.text) == (400, True)
    assert Visitor(hub).join("eve", "eve@example.org").status == 303
    with hub.database.writing() as db:
        db.execute(
            sa.update(users).where(users.c.email == "eve@example.org").values(address_taken=True)
        )
    taken = root.submit(MAIL, f"{MAIL}/confirm", username="eve")
    assert (taken.status, "Another account has this address" in taken.text) == (400, True)


def test_the_name_system_is_asked_only_on_the_page_for_it(
    root: Visitor, server: NameServer
) -> None:
    root.open(MAIL)
    root.submit(MAIL, f"{MAIL}/test", address="ann@example.com")
    assert server.asked == []
    page = root.open(f"{MAIL}/domain")
    assert server.asked == ["example.org TXT", "_dmarc.example.org TXT"]
    assert SPF in page.text
    assert "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org" in page.text
    assert "SELECTOR._domainkey.example.org" in page.text
    assert "No name server answered." not in page.text


def test_without_a_name_server_and_without_a_mail_server_it_says_so(
    tmp_path: Path, clock: FrozenClock, office: PostOffice, server: NameServer
) -> None:
    sender = {"mail.url": office.url.replace("example.org", "broken.example")}
    asked: dict[str, Any] = {**sender, "accounts.name_servers": (server.place,)}
    unset: dict[str, Any] = {}
    for number, settings in enumerate((asked, unset)):
        hub = build_test_hub(tmp_path / f"data-{number}", clock=clock, **settings)
        made(hub, "ruth", admin=True, password=PASSWORD)
        root = Visitor(hub)
        root.log_in("ruth")
        root.submit("/admin", "/admin")
        assert ("No name server answered." in root.open(f"{MAIL}/domain").text) is bool(settings)
        for place in (MAIL, f"{MAIL}/domain"):
            assert ("No mail server is set" in root.open(place).text) is (not settings)
        hub.database.close()


@pytest.mark.slow
def test_pages_fit_the_screen_and_everyone_can_use_them(hub: Hub, office: PostOffice) -> None:
    made(hub, "ruth", admin=True, password=PASSWORD)
    office.manner = rude("RCPT", NO, to="gone@")
    write(hub, "gone@example.com", "Confirm your e-mail address")
    run_due(hub, JOBS)
    with served(hub) as base, chromium() as browser:
        for language, said in (
            ("en-US", "The mail server took it."),
            ("zh-CN", "邮件服务器已接收。"),
        ):
            context = browser.new_context(locale=language, viewport={"width": 320, "height": 700})
            page = context.new_page()
            page.goto(f"{base}/login")
            page.fill("[name=username]", "ruth")
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}/")
            page.goto(f"{base}{MAIL}")
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}{MAIL}")
            page.fill("[name=address]", "ann@example.com")
            page.keyboard.press("Enter")
            page.wait_for_url(f"{base}{MAIL}?test=*")
            told = page.locator("#strata-tested")
            expect(told).to_have_attribute("data-waits", "")
            run_due(hub, JOBS)
            expect(told).to_contain_text(said)  # the page finds it out by itself
            for place in (f"{MAIL}/domain", MAIL):
                page.goto(f"{base}{place}")
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    settle(page)
                    assert violations(page) == [], (place, scheme)
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
            context.close()
