"""Nothing is lost and nothing is sent twice, whatever the mail server does (issue: e-mail)."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.post_offices import DIES, STALLS, TRICKLES, PostOffice, polite, post_office, rude
from strata.app.hub import JOBS, MAILING, PROMPT
from strata.core.call import reading, working
from strata.core.errors import Conflict
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.jobs import LEASE, run_due
from strata.events.letters import Reader, Wording, letter as write
from strata.events.mails import keeping
from strata.events.mails.sending import SendMail
from strata.events.outbox import Letter, State
from strata.events.runner import JobRunner
from strata.lib.mail.server import parse_mail_url

REGISTRY = {SendMail.kind: SendMail}


def letter(to: str = "bob@example.org") -> Letter:
    return Letter(to, "Hello", "Hi Bob.\n", "<p>Hi Bob.</p>")


@contextmanager
def hub_of(folder: Path, clock: FrozenClock, office: PostOffice, **query: object) -> Iterator[Hub]:
    hub = build_test_hub(folder, clock=clock, **office.settings(**query))
    yield hub
    hub.database.close()


def posted(hub: Hub, to: str = "bob@example.org") -> int:
    with reading(hub) as call, working(call) as work:
        return outbox.post(work, letter(to))


def kept(hub: Hub, mail_id: int) -> outbox.Kept:
    with reading(hub) as call:
        found = outbox.read(call, mail_id)
    assert found is not None
    return found


SOON = [
    ("greeting", "554 not today"),
    ("greeting", "421 too many of you"),
    ("EHLO", DIES),
    ("MAIL", "550 this sender may not"),
    ("MAIL", "451 later"),
    ("RCPT", "450 greylisted, come back"),
    ("RCPT", DIES),
    ("DATA", "451 later"),
    ("DATA", DIES),
    ("content", "452 disk full"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("step", "answer"), SOON)
def test_a_server_that_may_think_better_of_it_is_asked_again(
    tmp_path: Path, clock: FrozenClock, step: str, answer: str
) -> None:
    with post_office(rude(step, answer)) as office, hub_of(tmp_path / "d", clock, office) as hub:
        mail_id = posted(hub)
        run_due(hub, REGISTRY)
        assert kept(hub, mail_id).state is State.QUEUED

        office.manner = polite
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)
        clock.advance(timedelta(days=2))
        run_due(hub, REGISTRY)

        assert kept(hub, mail_id).state is State.SENT
        assert [to for _, to, _ in office.taken] == ["bob@example.org"]


@pytest.mark.parametrize(
    ("step", "answer"),
    [("RCPT", "550 5.1.1 nobody here"), ("DATA", "554 no"), ("content", "554 5.7.1 spam")],
)
def test_a_final_no_is_taken_as_one(
    tmp_path: Path, clock: FrozenClock, step: str, answer: str
) -> None:
    with post_office(rude(step, answer)) as office, hub_of(tmp_path / "d", clock, office) as hub:
        mail_id = posted(hub)
        run_due(hub, REGISTRY)
        office.manner = polite
        clock.advance(timedelta(days=2))
        run_due(hub, REGISTRY)

        assert kept(hub, mail_id).state is State.FAILED
        assert kept(hub, mail_id).last_reply == answer
        assert office.taken == []


@pytest.mark.slow
@pytest.mark.parametrize("manner", [STALLS, TRICKLES])
@pytest.mark.parametrize("step", ["greeting", "EHLO", "RCPT", "content"])
def test_a_server_that_stalls_is_left_and_asked_again(
    tmp_path: Path, clock: FrozenClock, step: str, manner: str
) -> None:
    with (
        post_office(rude(step, manner)) as office,
        hub_of(tmp_path / "d", clock, office, timeout=0.2) as hub,
    ):
        mail_id = posted(hub)
        run_due(hub, REGISTRY)  # returns: otherwise this test never ends
        assert kept(hub, mail_id).state is State.QUEUED

        office.manner = polite
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)

        assert kept(hub, mail_id).state is State.SENT
        assert len(office.taken) == 1


def test_no_attempt_outlives_the_lease_of_its_job() -> None:
    slowest = parse_mail_url("smtp://x.org?from=a@b.org&timeout=60")
    connecting = 4 * slowest.timeout_s  # to each of a few addresses of the server
    assert timedelta(seconds=slowest.longest_s + connecting) < LEASE


def test_a_server_that_dies_before_its_answer_gets_a_repeat_it_can_recognise(
    tmp_path: Path, clock: FrozenClock
) -> None:
    """The one moment that is ambiguous: whether it kept the mail nobody but the server knows."""
    office_manner = rude("content", DIES)
    with post_office(office_manner) as office, hub_of(tmp_path / "d", clock, office) as hub:
        mail_id = posted(hub)
        run_due(hub, REGISTRY)
        assert "lost the mail server" in (kept(hub, mail_id).last_reply or "")
        office.manner = polite
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)

        first, second = office.seen
        assert first["Message-ID"] == second["Message-ID"]
        assert (first["Date"], first["Subject"]) == (second["Date"], second["Subject"])
        assert kept(hub, mail_id).state is State.SENT


@pytest.mark.slow
def test_domains_that_fall_silent_hold_up_neither_other_mail_nor_other_jobs(
    tmp_path: Path, clock: FrozenClock
) -> None:
    """However many they are, and even if one of them was prompt before."""
    slow = rude("RCPT", STALLS, to=".slow.example")
    with post_office(slow) as office, hub_of(tmp_path / "d", clock, office) as hub:
        threads = hub.settings.mail.concurrent
        hub.mail_turns.note("quick.example", prompt=True)
        hub.mail_turns.note("d0.slow.example", prompt=False)
        hub.mail_turns.note("d1.slow.example", prompt=False)
        for number in range(4 * threads):
            posted(hub, f"p{number}@d{number % (2 * threads)}.slow.example")
        runner = JobRunner(hub, REGISTRY, MAILING, threads=threads)
        runner.start()
        try:
            office.wait(lambda: office.stalling == threads - 1)
            for number in range(3):
                posted(hub, f"q{number}@quick.example")
            office.wait(lambda: len(office.taken) == 3)
            assert office.stalling == threads - 1  # all of them still wait
            assert {to for _, to, _ in office.taken} == {
                f"q{number}@quick.example" for number in range(3)
            }
        finally:
            office.released.set()
            runner.stop()
    assert not PROMPT.includes(SendMail.kind)
    assert JOBS[SendMail.kind] is SendMail


@pytest.mark.slow
def test_a_domain_that_fell_silent_waits_its_turn_until_it_answers(
    tmp_path: Path, clock: FrozenClock
) -> None:
    with (
        post_office(rude("RCPT", STALLS, to="@a.slow")) as office,
        hub_of(tmp_path / "d", clock, office, timeout=0.2) as hub,
    ):
        first, second = posted(hub, "x@a.slow"), posted(hub, "y@b.slow")
        run_due(hub, REGISTRY)
        assert (kept(hub, first).state, kept(hub, second).state) == (State.QUEUED, State.SENT)
        assert (hub.mail_turns.is_slow("a.slow"), hub.mail_turns.is_slow("b.slow")) == (True, False)
        hub.mail_turns.note("c.slow", prompt=False)
        clock.advance(timedelta(minutes=1))
        with hub.mail_turns.turn("c.slow", 4):
            run_due(hub, REGISTRY)
        assert kept(hub, first).attempts == 1  # put off: the place of the slow ones was taken

        office.manner = polite
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)
        assert kept(hub, first).state is State.SENT
        assert not hub.mail_turns.is_slow("a.slow")


@pytest.mark.slow
def test_two_workers_send_each_mail_once(
    tmp_path: Path, clock: FrozenClock, postgres_hub_database: str
) -> None:
    with post_office() as office, ExitStack() as ends:
        url = {"mail.url": office.url}
        first = build_test_hub(
            tmp_path / "a", clock=clock, database_url=postgres_hub_database, **url
        )
        second = build_test_hub(
            tmp_path / "b", clock=clock, database_url=postgres_hub_database, **url
        )
        for hub in (first, second):
            ends.callback(hub.database.close)
        wanted = {f"p{number}@example.org" for number in range(30)}
        for to in sorted(wanted):
            posted(first, to)
        begin = threading.Barrier(4)

        def work(hub: Hub) -> None:
            begin.wait()
            while run_due(hub, REGISTRY, MAILING):
                pass

        workers = [threading.Thread(target=work, args=(hub,)) for hub in (first, second) * 2]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        clock.advance(LEASE * 2)
        run_due(first, REGISTRY, MAILING)

        assert sorted(to for _, to, _ in office.taken) == sorted(wanted)


def test_the_log_keeps_no_body_of_what_was_sent(tmp_path: Path, clock: FrozenClock) -> None:
    with post_office() as office, hub_of(tmp_path / "d", clock, office) as hub:
        mail_id = posted(hub)
        assert kept(hub, mail_id).text
        run_due(hub, REGISTRY)

        logged = kept(hub, mail_id)
        assert (logged.text, logged.html) == ("", "")
        assert (logged.subject, logged.last_reply, logged.attempts) == ("Hello", "250 fine", 1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\u2028", "\x85", "\x00"])
def test_no_name_begins_another_header(tmp_path: Path, clock: FrozenClock, ending: str) -> None:
    evil = f"x{ending}Bcc: mallory@example.org"
    with post_office() as office:
        hub = build_test_hub(tmp_path / "d", clock=clock, **office.settings())
        wording = Wording(subject=f"{evil} 邀请您", before=(evil,))
        with reading(hub) as call, working(call) as work:
            reader = Reader("bob@example.org", evil, "zh-CN")
            outbox.post(work, write(reader, {"en": wording, "zh-CN": wording}, ""))
        run_due(hub, REGISTRY)
        hub.database.close()

    ((_, to, mail),) = office.taken
    assert to == "bob@example.org"
    assert mail["Bcc"] is None
    assert mail["Subject"] == "x Bcc: mallory@example.org 邀请您"


def test_the_sender_bears_the_name_of_the_site(tmp_path: Path, clock: FrozenClock) -> None:
    with post_office() as office:
        named = {**office.settings(), "site_name": "模型之家, GmbH <x>"}
        hub = build_test_hub(tmp_path / "d", clock=clock, **named)
        posted(hub)
        run_due(hub, REGISTRY)
        hub.database.close()

        ((sender, _, mail),) = office.taken
        assert sender == "hub@example.org"
        (origin,) = mail["From"].addresses
        assert (origin.display_name, origin.addr_spec) == ("模型之家, GmbH <x>", "hub@example.org")


@pytest.mark.slow
def test_a_mail_that_was_given_up_is_tried_again_on_request(
    tmp_path: Path, clock: FrozenClock
) -> None:
    with (
        post_office(rude("RCPT", "451 later")) as office,
        hub_of(tmp_path / "d", clock, office) as hub,
    ):
        mail_id = posted(hub)
        for _ in range(30):
            run_due(hub, REGISTRY)
            clock.advance(timedelta(hours=1))
        assert kept(hub, mail_id).state is State.FAILED
        with reading(hub) as call:
            assert keeping.failed(call) == [mail_id]
            with working(call) as work:
                keeping.retry(work, mail_id)
        run_due(hub, REGISTRY)
        assert kept(hub, mail_id).state is State.QUEUED  # for another day

        office.manner = polite
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)
        assert kept(hub, mail_id).state is State.SENT
        with reading(hub) as call, working(call) as work, pytest.raises(Conflict, match="sent"):
            keeping.retry(work, mail_id)


@pytest.mark.slow
def test_the_log_keeps_the_newest_and_the_last_week(tmp_path: Path, clock: FrozenClock) -> None:
    with post_office() as office:
        settings = {**office.settings(), "mail.log_deliveries": 2}
        hub = build_test_hub(tmp_path / "d", clock=clock, **settings)  # type: ignore[arg-type]
        old = [posted(hub) for _ in range(4)]
        run_due(hub, REGISTRY)
        clock.advance(timedelta(days=6))
        office.manner = rude("RCPT", "550 no")
        refused = posted(hub)
        run_due(hub, REGISTRY)
        office.manner = rude("RCPT", "450 later")
        queued = posted(hub)

        def tidy() -> list[int]:
            with reading(hub) as call:
                keeping.TidyMails().run(call)
                return [one.id for one in outbox.outbox(call)]

        assert tidy() == [queued, refused, *reversed(old)]  # a report may still come
        clock.advance(timedelta(days=2))
        assert tidy() == [queued, refused, old[3]]
        assert kept(hub, refused).text
        clock.advance(timedelta(days=6))
        assert tidy() == [queued, refused, old[3]]
        assert kept(hub, refused).text == ""
        assert kept(hub, queued).text
        hub.database.close()
