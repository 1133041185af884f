"""A mail server that keeps what it is given, for stories in which somebody reads mail."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, Protocol
from urllib.parse import urlencode

from aiosmtpd.controller import Controller

from clients.hub import free_port

SENDER: Final = "hub@example.org"
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")


class Envelope(Protocol):
    """What an SMTP client handed over, as far as it is read here."""

    content: bytes


class Mailbox:
    """Everything sent so far, in order of arrival."""

    def __init__(self) -> None:
        self._letters: list[EmailMessage] = []
        self._arrived = threading.Condition()
        self.port = free_port()

    @property
    def settings(self) -> dict[str, str]:
        """The settings that make a hub send its mail here."""
        return {"STRATA_MAIL_URL": f"smtp://127.0.0.1:{self.port}?{urlencode({'from': SENDER})}"}

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802, ARG002 -- aiosmtpd calls it so
        """Keep one message (the callback of aiosmtpd)."""
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        with self._arrived:
            self._letters.append(letter)
            self._arrived.notify_all()
        return "250 kept"

    def wait_mail(self, to: str, seconds: float = 10.0) -> EmailMessage:
        """Return the newest mail to an address, waiting for the first one.

        Raises:
            AssertionError: None arrived in time.
        """
        return self.wait_mails(to, 1, seconds)[-1]

    def wait_mails(
        self, to: str, number: int, seconds: float = 10.0, *, bearing: str = "To"
    ) -> list[EmailMessage]:
        """Return all mails to an address, oldest first, waiting until there are so many.

        Args:
            bearing: A header that they have.

        Raises:
            AssertionError: Fewer arrived in time.
        """
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                letters = [one for one in self._letters if to in str(one["To"]) and bearing in one]
                if len(letters) >= number:
                    return letters
                left = deadline - time.monotonic()
                assert left > 0, f"{len(letters)} mails to {to} within {seconds} s"
                self._arrived.wait(left)

    def wait_about(self, to: str, words: str, seconds: float = 10.0) -> EmailMessage:
        """Return a mail to an address with these words in its subject, waiting for it.

        Raises:
            AssertionError: None arrived in time.
        """
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                for one in self._letters:
                    if to in str(one["To"]) and words in str(one["Subject"]):
                        return one
                left = deadline - time.monotonic()
                subjects = [str(one["Subject"]) for one in self._letters]
                assert left > 0, f"no mail to {to} about {words!r}, only {subjects}"
                self._arrived.wait(left)

    def wait_link(self, to: str, place: str, seconds: float = 10.0) -> str:
        """Return the newest link to a place in the mails to an address, waiting for the first one.

        Raises:
            AssertionError: None arrived in time.
        """
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                letters = [one for one in self._letters if to in str(one["To"])]
                found = [link for one in letters for link in links(one) if place in link]
                if found:
                    return found[-1]
                left = deadline - time.monotonic()
                assert left > 0, f"no link to {place} in {len(letters)} mails to {to}"
                self._arrived.wait(left)


def body(letter: EmailMessage, kind: str) -> str:
    """Return the text of the `plain` or `html` part."""
    part = letter.get_body((kind,))
    assert part is not None, f"the mail has no {kind} part"
    text: str = part.get_content()
    return text


def links(letter: EmailMessage) -> list[str]:
    """Return the addresses in the plain-text part, in order, each once."""
    return list(dict.fromkeys(_LINK.findall(body(letter, "plain"))))


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Run the mail server on a free port of 127.0.0.1."""
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    server.start()
    try:
        yield mailbox
    finally:
        server.stop()
