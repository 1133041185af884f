"""From the sign-up form to the mailbox: a real mail server, the jobs of a serving process."""

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from doors.pages.visitors import Visitor
from strata.app.hub import load_hub
from strata.app.serving import Background
from strata.core.call import reading
from strata.core.hub import Hub
from strata.core.settings import loading
from strata.events import outbox
from strata.web.work import Tallies

IN_TIME_S = 10.0


class Postbox:
    """A mail server that refuses as often as it is told to, then takes everything."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.taken: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        if self.refusals > 0:
            self.refusals -= 1
            return "451 busy, come back"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken.append(mail)
        return "250 taken"

    def wait_for(self, count: int) -> list[EmailMessage]:
        """Wait as long as a person may have to."""
        deadline = time.monotonic() + IN_TIME_S
        while len(self.taken) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(self.taken) == count
        return self.taken


def answered(hub: Hub) -> Sequence[outbox.Kept]:
    """Wait until the hub noted what the mail server said: that is after the mail is here."""
    deadline = time.monotonic() + IN_TIME_S
    while True:
        with reading(hub) as call:
            kept = outbox.outbox(call)
        if all(mail.last_reply for mail in kept) or time.monotonic() > deadline:
            return kept
        time.sleep(0.05)


@contextlib.contextmanager
def serving(folder: Path, box: Postbox) -> Iterator[Hub]:
    """Run what `strata serve` runs beside the requests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    overrides = {
        "data": folder,
        "mail.url": f"smtp://127.0.0.1:{port}?from=hub@example.org",
        "accounts.fastest_sign_up_s": 0,
    }
    hub = load_hub(loading.load(environment={}, overrides=overrides).settings)
    background = Background(hub, Tallies.of(hub.settings))
    background.start()
    try:
        yield hub
    finally:
        background.stop()
        controller.stop()


@pytest.mark.parametrize(
    ("language", "subject", "refusals"),
    [
        ("en", "Confirm your e-mail address for Strata", 0),
        ("zh-CN", "验证您的 Strata 邮箱", 0),
        ("en", "Confirm your e-mail address for Strata", 2),
    ],
)
def test_the_mail_arrives_in_ten_seconds_also_after_refusals(
    tmp_path: Path, language: str, subject: str, refusals: int
) -> None:
    box = Postbox(refusals)
    with serving(tmp_path / "data", box) as hub:
        Visitor(hub, site="http://localhost:9999").join("li-wei", language=language)
        (mail,) = box.wait_for(1)
        (kept,) = answered(hub)

    assert (mail["Subject"], mail["To"]) == (subject, "li-wei@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    # No public address is set: the links bear the one at which the person signed up.
    assert text.get_content().count("http") == 1
    assert "http://localhost:9999/email_confirmation/" in text.get_content()
    assert html.get_content().count("href=") == 1
    assert kept.last_reply in ("250 taken", "451 busy, come back")
