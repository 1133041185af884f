"""Addresses that refuse mail are noted, on the word of mail servers and of nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.post_offices import PostOffice, polite, post_office, rude
from fixtures.returned_mails import returned
from strata.accounts.mailboxes import addresses
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.jobs import run_due
from strata.events.mails import troubles
from strata.events.mails.returning import Taken, take_back
from strata.events.mails.sending import SendMail
from strata.events.mails.troubles import Trouble
from strata.events.outbox import Letter, State
from strata.lib.mail.message import address_key

BOB = "bob@example.com"
GONE = "550 5.1.1 no such mailbox"


@dataclass
class Mailing:
    """A hub and its mail server."""

    hub: Hub
    office: PostOffice

    def send(self, to: str = BOB) -> int:
        with reading(self.hub) as call, working(call) as work:
            mail_id = outbox.post(work, Letter(to, "Hello", "Hi.\n", "<p>Hi.</p>"))
        run_due(self.hub, {SendMail.kind: SendMail})
        return mail_id

    def trouble(self, address: str = BOB) -> Trouble | None:
        with reading(self.hub) as call:
            key = address_key(address)
            return troubles.troubles(call, [key]).get(key)

    def take_back(self, content: bytes, recipient: str = "") -> Taken:
        with reading(self.hub) as call:
            return take_back(call, content, recipient=recipient)


@pytest.fixture
def mailing(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Mailing]:
    with post_office() as office:
        settings = {**office.settings(), "mail.bounces_to": "bounces@example.org"}
        hub = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url, **settings)
        yield Mailing(hub, office)
        hub.database.close()


@pytest.mark.slow
def test_each_refusal_is_counted_and_a_taken_mail_ends_it(
    mailing: Mailing, clock: FrozenClock
) -> None:
    mailing.office.manner = rude("RCPT", GONE)
    began = clock()
    for count in (1, 2, 3):
        mailing.send("Bob@EXAMPLE.com")
        trouble = mailing.trouble()
        assert trouble is not None
        assert (trouble.bounces, trouble.reason, trouble.is_grave) == (count, GONE, count == 3)
        assert (trouble.since, trouble.at) == (began, clock())
        clock.advance(timedelta(hours=1))

    mailing.office.manner = polite
    mailing.send()
    assert mailing.trouble() is None


@pytest.mark.parametrize(
    ("step", "answer", "noted"),
    [
        ("RCPT", "550 nobody here", True),
        ("content", "552 5.2.2 mailbox full", True),
        ("content", "554 no", True),
        ("RCPT", "450 4.2.1 greylisted", False),
        ("MAIL", "550 5.1.8 your domain is bad", False),
        ("RCPT", "554 5.7.1 relay access denied", False),
        ("content", "550 5.7.26 unauthenticated mail", False),
        ("content", "552 5.3.4 too big", False),
    ],
)
def test_only_what_speaks_of_the_address_is_noted_of_it(
    mailing: Mailing, step: str, answer: str, *, noted: bool
) -> None:
    mailing.office.manner = rude(step, answer)
    mailing.send()
    assert (mailing.trouble() is not None) is noted


def test_a_report_about_our_mail_is_believed_once(mailing: Mailing, clock: FrozenClock) -> None:
    mail_id = mailing.send()
    ((sender, _, mail),) = mailing.office.taken
    assert sender.startswith(f"bounces+{mail_id}-")
    report = returned(mail["Message-ID"], to=sender)
    clock.advance(timedelta(hours=1))

    assert mailing.take_back(report) is Taken.BOUNCED
    assert mailing.take_back(report) is Taken.REPEATED

    trouble = mailing.trouble()
    assert trouble is not None
    assert (trouble.bounces, trouble.since) == (1, clock())
    with reading(mailing.hub) as call:
        (logged,) = outbox.outbox(call, states=[State.RETURNED])
    assert "Recipient address rejected" in (logged.last_reply or "")
    # The next mail is taken as well, which says nothing: it was taken before too.
    mailing.send()
    assert mailing.trouble() == trouble


@pytest.mark.slow
@pytest.mark.parametrize("told", ["header", "envelope", "message id"])
def test_a_report_is_matched_by_its_tag_or_by_its_message_id(mailing: Mailing, told: str) -> None:
    mailing.send()
    ((sender, _, mail),) = mailing.office.taken
    report = {
        "header": returned(to=sender.upper()),
        "envelope": returned(),
        "message id": returned(mail["Message-ID"]),
    }[told]

    assert mailing.take_back(report, sender if told == "envelope" else "") is Taken.BOUNCED


def test_a_forged_report_is_ignored(mailing: Mailing) -> None:
    """An attacker knows the address, a number of a mail, and the shape of all that we write."""
    mail_id = mailing.send()
    ((sender, _, mail),) = mailing.office.taken
    mark = sender.partition("-")[2]
    other = mailing.send("mallory@example.net")
    for forged in (
        returned(),
        returned(recipient=BOB, to=f"bounces+{mail_id}@example.org"),
        returned(to=f"bounces+{mail_id}-{'0' * 24}@example.org"),
        returned(to=f"bounces+{other}-{mark}"),  # the mark of another mail
        returned(f"<{'0' * 32}@example.org>"),
        returned(str(mail["Message-ID"])[:-16] + "@example.org>"),
        returned("<%@example.org>"),
        b"In-Reply-To: " + str(mail["Message-ID"]).encode() + b"\r\n\r\nI am on holiday.\r\n",
    ):
        assert mailing.take_back(forged) in {Taken.STRANGE, Taken.NO_REPORT}
    assert mailing.trouble() is None
    assert mailing.trouble("mallory@example.net") is None


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.4.7")])
def test_a_report_of_what_may_pass_says_nothing_of_the_address(
    mailing: Mailing, action: str, status: str
) -> None:
    mailing.send()
    ((sender, _, _),) = mailing.office.taken
    assert mailing.take_back(returned(to=sender, action=action, status=status)) is Taken.DELAYED
    assert mailing.trouble() is None


def test_a_report_of_an_arrival_ends_it(mailing: Mailing) -> None:
    mailing.send()
    mailing.send()
    (first, _, _), (second, _, _) = mailing.office.taken
    mailing.take_back(returned(to=first))
    assert mailing.trouble() is not None

    arrived = returned(to=second, action="delivered", status="2.0.0")
    assert mailing.take_back(arrived) is Taken.DELIVERED
    assert mailing.trouble() is None


@pytest.mark.parametrize(
    "typed", ["Bob@Example.COM", "bob@Bücher.example", "straße@straße.example", "a+b@x.test"]
)
def test_addresses_are_equal_here_when_they_are_equal_for_accounts(typed: str) -> None:
    address = addresses.parse(typed)
    assert address is not None
    assert address_key(address.text) == address.key
