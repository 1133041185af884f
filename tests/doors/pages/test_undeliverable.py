"""Somebody whose mail comes back: a banner, a way out in the settings, never a lock."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from doors.pages.visitors import Visitor, confirmed
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.post_offices import PostOffice, polite, post_office, rude
from strata.accounts import people
from strata.app.hub import JOBS, REACTIONS
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.jobs import run_due
from strata.events.mails import troubles

GONE = "550 5.1.1 <b>no such mailbox</b>"
ANN = "ann@example.com"
PAGE = "/settings/account"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, office: PostOffice) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, **office.settings())
    object.__setattr__(built, "reactions", REACTIONS)
    yield built
    built.database.close()


def bounce(hub: Hub, address: str = ANN) -> None:
    with reading(hub) as call, working(call) as work:
        troubles.note(work, address, GONE, returned=True)
    run_due(hub, JOBS)


def mailed_link(office: PostOffice, to: str) -> str:
    mail = next(mail for _, reader, mail in reversed(office.taken) if reader == to)
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return "/" + text.partition("http://hub.example.com/")[2].split()[0]


def open_link(visitor: Visitor, link: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]*)"', visitor.open(link).text)
    assert token is not None
    assert visitor.send(link, {"csrf_token": token[1]}).status == 200


def test_it_is_told_on_every_page_and_ended_by_a_new_confirmation(
    hub: Hub, office: PostOffice
) -> None:
    ann, ben = confirmed(hub, "ann"), confirmed(hub, "ben")
    bounce(hub)

    assert "A message to a•••@example.com came back." in ann.open("/").text
    assert "came back" not in ben.open("/").text
    settings = ann.open(PAGE).text
    assert "Undeliverable" in settings
    assert GONE in settings  # escaped on the page: `text` is what a reader sees
    assert "发往 a•••@example.com 的邮件被退回" in ann.open("/?lang=zh-CN").text
    assert "无法送达" in ann.open(f"{PAGE}?lang=zh-CN").text

    bounce(hub)
    bounce(hub)
    assert "3 messages to a•••@example.com came back." in ann.open("/?lang=en").text
    assert Visitor(hub).log_in("ann").status == 303  # no lock
    assert ann.make_token("still").status in {200, 303}

    action = f"{PAGE}/emails/change"
    assert ann.submit(PAGE, action, act="again").place == PAGE
    run_due(hub, JOBS)
    link = mailed_link(office, ANN)
    assert "came back" in ann.open("/").text
    open_link(ann, link)
    assert "came back" not in ann.open("/").text
    # The address was theirs all along: it is neither listed as new nor told as added.
    assert ann.open(PAGE).text.count(ANN) == ben.open(PAGE).text.count("ben@example.com")
    assert not [mail for _, _, mail in office.taken if "added" in mail["Subject"]]


def test_nobody_confirms_the_address_of_another_again(hub: Hub, office: PostOffice) -> None:
    confirmed(hub, "ann")
    mallory = confirmed(hub, "mallory")
    bounce(hub)
    fields = mallory.open(PAGE).hidden(f"{PAGE}/emails")
    stolen = fields | {"key": ANN, "act": "again"}
    assert mallory.send(f"{PAGE}/emails/change", stolen).status == 404
    run_due(hub, JOBS)
    assert not [to for _, to, _ in office.taken if to == ANN]


def test_a_refused_sign_up_mail_is_told_where_one_waits_for_it(
    hub: Hub, office: PostOffice, clock: FrozenClock
) -> None:
    office.manner = rude("RCPT", GONE, to="typo@")
    ann = Visitor(hub)
    ann.join("ann", "typo@example.com")
    run_due(hub, JOBS)

    page = ann.open("/verify-email").text
    assert "The mail server of t•••@example.com refused our message." in page
    assert GONE in page
    ann.submit("/verify-email", "/verify-email/address", email=ANN)
    run_due(hub, JOBS)
    assert "refused our message" not in ann.open("/verify-email").text

    # Another person with a box of that name learns nothing of what was before.
    office.manner = polite
    clock.advance(timedelta(hours=1))
    ben = Visitor(hub)
    ben.join("ben", "typo@example.com")
    assert "refused our message" not in ben.open("/verify-email").text


def test_the_other_addresses_are_told_once_and_hear_of_what_concerns_safety(
    hub: Hub, office: PostOffice
) -> None:
    ann = confirmed(hub, "ann")
    ann.submit(PAGE, f"{PAGE}/emails", email="ann@other.example")
    run_due(hub, JOBS)
    link = mailed_link(office, "ann@other.example")
    open_link(ann, link)
    run_due(hub, JOBS)
    office.manner = rude("RCPT", GONE, to=ANN)
    office.taken.clear()

    ann.make_token("first", role="write")
    run_due(hub, JOBS)
    run_due(hub, JOBS)
    ann.make_token("second", role="write")
    run_due(hub, JOBS)

    subjects = [(to, mail["Subject"]) for _, to, mail in office.taken]
    assert subjects == [
        ("ann@other.example", "New access token on Strata"),
        ("ann@other.example", f"Mail from Strata to {ANN} comes back"),
        ("ann@other.example", "New access token on Strata"),
    ]
    assert "Mail to an address came back" in ann.open("/settings/security-log").text
    with reading(hub) as call:
        owner = people.by_name(call, "ann")
        assert owner is not None
        assert owner.email == ANN
        assert outbox.outbox(call, states=[outbox.State.FAILED], to=ANN)
