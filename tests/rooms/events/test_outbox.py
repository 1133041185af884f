"""Mails wait in the transaction that causes them and leave by a job."""

import contextlib
import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from fixtures.hubs import FrozenClock, build_test_hub
from strata.core.call import Work, reading, working
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.jobs import next_due, run_due
from strata.events.mails.sending import SendMail
from strata.events.outbox import Letter
from strata.events.tables import jobs

LETTER = Letter("bob@example.org", "Grüße", "Hi Bob.\n", "<p>Hi Bob.</p>")
REGISTRY = {SendMail.kind: SendMail}


class Postbox:
    """An SMTP server's memory and its temper."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        content = envelope.content
        assert isinstance(content, bytes)
        if self.answer.startswith("250"):
            self.taken.append(content)
        return self.answer


@contextlib.contextmanager
def post_office(box: Postbox) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}?from=hub@example.org"
    finally:
        controller.stop()


@contextlib.contextmanager
def hub_with(folder: Path, clock: FrozenClock, mail_url: str) -> Iterator[Hub]:
    hub = build_test_hub(folder, clock=clock, **{"mail.url": mail_url or None})
    yield hub
    hub.database.close()


def posted(hub: Hub) -> int:
    with reading(hub) as call, working(call) as work:
        return outbox.post(work, LETTER)


def kept(hub: Hub, mail_id: int) -> outbox.Kept:
    with reading(hub) as call:
        found = outbox.read(call, mail_id)
    assert found is not None
    return found


def job_count(hub: Hub) -> int:
    with hub.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(jobs)) or 0


def test_without_a_mail_server_the_mail_waits_to_be_read(
    tmp_path: Path, clock: FrozenClock
) -> None:
    with hub_with(tmp_path / "d", clock, "") as hub:
        mail_id = posted(hub)

        waiting = kept(hub, mail_id)

        assert (waiting.recipient, waiting.subject) == ("bob@example.org", "Grüße")
        assert (waiting.sent_at, waiting.created_at) == (None, clock())
        assert job_count(hub) == 0
        with reading(hub) as call:
            assert outbox.outbox(call) == [waiting]
            assert outbox.read(call, mail_id + 1) is None


def test_a_mail_leaves_with_both_parts(tmp_path: Path, clock: FrozenClock) -> None:
    box = Postbox("250 taken")
    with post_office(box) as url, hub_with(tmp_path / "d", clock, url) as hub:
        mail_id = posted(hub)

        assert run_due(hub, REGISTRY) == 1

        (content,) = box.taken
        mail = message_from_bytes(content, policy=policy.default)
        assert (mail["To"], mail["Subject"]) == ("bob@example.org", "Grüße")
        assert [part.get_content_type() for part in mail.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        assert kept(hub, mail_id).sent_at == clock()
        assert job_count(hub) == 0


def test_a_mail_that_was_sent_is_not_sent_again(tmp_path: Path, clock: FrozenClock) -> None:
    box = Postbox("250 taken")
    with post_office(box) as url, hub_with(tmp_path / "d", clock, url) as hub:
        mail_id = posted(hub)
        run_due(hub, REGISTRY)

        with reading(hub) as call:
            SendMail(mail_id).run(call)

        assert len(box.taken) == 1


def test_a_busy_mail_server_is_asked_again(tmp_path: Path, clock: FrozenClock) -> None:
    box = Postbox("451 later")
    with post_office(box) as url, hub_with(tmp_path / "d", clock, url) as hub:
        mail_id = posted(hub)
        run_due(hub, REGISTRY)
        assert "later" in (kept(hub, mail_id).last_reply or "")
        assert kept(hub, mail_id).failed_at is None

        box.answer = "250 taken"
        clock.advance(timedelta(minutes=1))
        run_due(hub, REGISTRY)

        assert kept(hub, mail_id).sent_at == clock()
        assert len(box.taken) == 1


@pytest.mark.slow
def test_a_mail_server_that_stays_away_is_asked_for_a_day(
    tmp_path: Path, clock: FrozenClock
) -> None:
    nobody = "smtp://127.0.0.1:1?from=hub@example.org"
    with hub_with(tmp_path / "d", clock, nobody) as hub:
        mail_id = posted(hub)
        begun, pauses = clock(), []
        while kept(hub, mail_id).failed_at is None:
            run_due(hub, REGISTRY)
            if kept(hub, mail_id).failed_at is None:
                with reading(hub) as call:
                    due = next_due(call)
                assert due is not None
                pauses.append(due - clock())
                clock.advance(pauses[-1])

        assert timedelta(hours=24) <= clock() - begun <= timedelta(hours=25)
        assert pauses == sorted(pauses)  # growing, never hammering
        assert pauses[-1] == timedelta(hours=1)
        assert "no mail server at 127.0.0.1:1" in (kept(hub, mail_id).last_reply or "")


def test_a_refused_mail_is_kept_with_the_servers_words(tmp_path: Path, clock: FrozenClock) -> None:
    box = Postbox("550 no such person")
    with post_office(box) as url, hub_with(tmp_path / "d", clock, url) as hub:
        mail_id = posted(hub)

        run_due(hub, REGISTRY)

        assert kept(hub, mail_id).failed_at == clock()
        assert "no such person" in (kept(hub, mail_id).last_reply or "")
        clock.advance(timedelta(days=1))
        assert run_due(hub, REGISTRY) == 0


def test_a_mail_of_a_failed_transaction_was_never_written(
    tmp_path: Path, clock: FrozenClock
) -> None:
    def fail(work: Work) -> None:
        outbox.post(work, LETTER)
        raise RuntimeError("power cut")

    with hub_with(tmp_path / "d", clock, "smtp://127.0.0.1:1?from=hub@example.org") as hub:
        with reading(hub) as call, pytest.raises(RuntimeError), working(call) as work:
            fail(work)

        with reading(hub) as call:
            assert outbox.outbox(call) == []
        assert job_count(hub) == 0
