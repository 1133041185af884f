"""Hand one mail to an SMTP server, and say how far that went. RFC 5321, RFC 3463.

Exactly one moment is ambiguous, and no sender can do away with it (RFC 1047): the content is on
its way and the connection ends before the server's answer. The mail then counts as not taken and
is sent again with the same `Message-ID`, by which the receiver can tell a repeat.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from strata.lib.mail.message import (
    Message,
    address_of,
    mail_bytes,
    named,
    needs_smtputf8,
)
from strata.lib.mail.server import MailServer, parse_mail_url

_POLL_S: Final = 0.1
_STATUS: Final = re.compile(r"5\d\d[ -]5\.(\d{1,3})\.\d{1,3}\b")
# RFC 3463: what the subject of an enhanced status speaks of: the address, the mailbox, the way
# there, or nothing in particular. Others speak of the server, the protocol, the content, or rules.
_OF_THE_ADDRESS: Final = frozenset({"0", "1", "2", "4"})


class Stage(StrEnum):
    """How far a mail came."""

    RESOLVE = "resolve"  # the name of the server
    CONNECT = "connect"  # until its greeting and its list of abilities
    TLS = "tls"
    AUTH = "auth"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


Watch = Callable[[Stage, str], None]  # told of each stage that is done, and the server's words


class MailRefused(Exception):
    """The mail was not taken; `permanent` tells whether trying again is pointless."""

    def __init__(self, reply: str, *, permanent: bool, stage: Stage, answered: bool = True) -> None:
        super().__init__(reply)
        self.permanent = permanent
        self.stage = stage  # which could not be done
        self.reply = reply  # the server's words, or what happened to the connection
        self.answered = answered  # False: the server fell silent, or the connection broke

    @property
    def of_recipient(self) -> bool:
        """Whether it came when the server knew for whom the mail is."""
        return self.stage in {Stage.RECIPIENT, Stage.CONTENT}

    @property
    def of_address(self) -> bool:
        """Whether it says that the address takes no mail: a hard bounce.

        A refusal whose enhanced status speaks of rules or of the content says nothing about the
        address: another mail, or another sender, may reach it.
        """
        status = _STATUS.match(self.reply)
        at_fault = status is None or status.group(1) in _OF_THE_ADDRESS
        return self.permanent and self.of_recipient and at_fault


@dataclass(frozen=True, slots=True)
class _Envelope:
    sender: str
    recipient: str
    content: bytes
    utf8: bool


class _No(Exception):
    """The server said no."""

    def __init__(self, code: int, reply: bytes | str) -> None:
        words = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        super().__init__(f"{code} {words}".strip())
        self.is_final = 500 <= code <= 599


class _CannotCarry(Exception):
    """The server lacks what the address needs."""


def send(
    url: str,
    message: Message,
    *,
    sent: datetime,
    sender_name: str = "",
    bounces_to: str = "",
    watch: Watch = lambda _stage, _words: None,
) -> None:
    """Hand one mail over. Blocks, but not for ever: call it from a worker thread.

    Args:
        sender_name: of the sender, unless the URL gives it one.
        bounces_to: the envelope sender, to which failures are reported; empty: the sender.
        watch: told of each stage that is done.

    Raises:
        MailRefused: permanent for a 5xx to the recipient or to the content; not so for one before,
            which speaks of us or of the server's settings, nor for 4xx, timeouts and lost
            connections.
        ValueError: as `parse_mail_url` and `mail_bytes`.
    """
    server = parse_mail_url(url)
    origin, reader = address_of(server.sender), address_of(message.to)
    letter = _Envelope(
        sender=bounces_to or origin.addr_spec,
        recipient=reader.addr_spec,
        content=mail_bytes(message, named(server.sender, sender_name), sent=sent),
        utf8=needs_smtputf8(origin, reader),
    )
    reached = [Stage.RESOLVE]

    def done(stage: Stage, words: str) -> None:
        watch(stage, words)
        stages = list(Stage)
        reached[0] = stages[min(stages.index(stage) + 1, len(stages) - 1)]

    try:
        _hand_over(server, letter, origin.domain, done)
    except Exception as broken:
        raise _refused(broken, server, reached[0]) from broken


def _refused(broken: Exception, server: MailServer, stage: Stage) -> MailRefused:
    said = broken
    if isinstance(broken, smtplib.SMTPResponseException):
        said = _No(broken.smtp_code, broken.smtp_error)
    if isinstance(said, _No):
        final = said.is_final and stage in {Stage.RECIPIENT, Stage.CONTENT}
        return MailRefused(str(said), permanent=final, stage=stage)
    if isinstance(broken, _CannotCarry):
        return MailRefused(str(broken), permanent=True, stage=stage)
    if isinstance(broken, ssl.SSLCertVerificationError):
        words = f"the mail server's certificate is not valid: {broken.verify_message}"
        return MailRefused(words, permanent=False, stage=Stage.TLS)
    if isinstance(broken, smtplib.SMTPNotSupportedError):
        return MailRefused(str(broken), permanent=False, stage=stage)
    if isinstance(broken, (smtplib.SMTPException, OSError)):
        away = stage in {Stage.RESOLVE, Stage.CONNECT}
        what = f"{'no' if away else 'lost the'} mail server at {server.place}"
        words = f"{what}: {str(broken) or type(broken).__name__}"
        return MailRefused(words, permanent=False, stage=stage, answered=False)
    raise broken


def _hand_over(server: MailServer, letter: _Envelope, own_name: str, done: Watch) -> None:
    with _connected(server, own_name, done) as connection:
        said: bytes | str = "no user is set"
        if server.user is not None:
            _, said = connection.login(server.user, server.password or "")
        done(Stage.AUTH, _words(said))
        options = [f"size={len(letter.content)}"] if connection.has_extn("size") else []
        if letter.utf8:
            if not connection.has_extn("smtputf8"):
                raise _CannotCarry(f"the mail server cannot carry the address {letter.recipient}")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        done(Stage.SENDER, _accepted(connection.mail(letter.sender, options)))
        done(Stage.RECIPIENT, _accepted(connection.rcpt(letter.recipient)))
        done(Stage.CONTENT, _accepted(connection.data(letter.content)))
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()  # the mail is taken: a failure now must not send it twice


@contextmanager
def _connected(server: MailServer, own_name: str, done: Watch) -> Iterator[smtplib.SMTP]:
    socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    done(Stage.RESOLVE, server.host)
    context = ssl.create_default_context()
    # Named explicitly: smtplib would look up this machine's own name, which may hang.
    connection = (
        smtplib.SMTP_SSL(local_hostname=own_name, timeout=server.timeout_s, context=context)
        if server.tls
        else smtplib.SMTP(local_hostname=own_name, timeout=server.timeout_s)
    )
    # Given to the constructor, it would connect before anybody watches the time. It is the name
    # that the certificate must bear.
    connection._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001
    with _within(connection, server.longest_s):
        _accepted(connection.connect(server.host, server.port), 220)
        connection.ehlo_or_helo_if_needed()
        done(Stage.CONNECT, server.place)
        if server.starttls:
            _accepted(connection.starttls(context=context), 220)
            connection.ehlo()
        done(Stage.TLS, "encrypted" if server.tls or server.starttls else "not encrypted")
        yield connection


@contextmanager
def _within(connection: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Hang up when the time is over; the socket's own timeout begins anew with every byte."""
    over = threading.Event()

    def hang_up() -> None:
        if over.wait(seconds):
            return
        while not over.wait(_POLL_S):  # again: TLS may just have put another socket there
            with suppress(OSError):
                if connection.sock is not None:
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    watcher = threading.Thread(target=hang_up, name="mail-deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        connection.close()


def _accepted(answer: tuple[int, bytes], *codes: int) -> str:
    code, words = answer
    if code not in (codes or (250, 251)):
        raise _No(code, words)
    return f"{code} {_words(words)}".strip()


def _words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
