"""Write a mail and hand it to an SMTP server. RFC 5321, RFC 5322, RFC 6531."""

import re
import secrets
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, getaddresses
from urllib.parse import parse_qs, unquote, urlsplit

import idna

TIMEOUT_S = 30.0  # of each exchange with the server
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_STARTTLS = {"required": True, "true": True, "1": True, "never": False, "false": False, "0": False}
_OWN_HEADERS = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version",
    "content-type", "content-transfer-encoding", "cc", "bcc", "sender", "return-path",
}  # fmt: skip
_HEADER_NAME = re.compile(r"[!-9;-~]+", re.ASCII)  # RFC 5322 2.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_LOCAL_PART = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\"]{1,64}")


class _Unbroken(UnstructuredHeader):
    """A header whose value holds one long word, such as an address.

    The standard library would write it as encoded words, which mailboxes do not read there
    (RFC 2047, section 5); a line may have 998 characters (RFC 5322, section 2.1.1).
    """

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_REGISTRY = HeaderRegistry()
_REGISTRY.map_to_type("list-unsubscribe", _Unbroken)  # type: ignore[arg-type]  # mixed in there
_UNBROKEN = policy.SMTP.clone(header_factory=_REGISTRY)
_UNBROKEN_UTF8 = policy.SMTPUTF8.clone(header_factory=_REGISTRY)


class MailRefused(Exception):
    """The mail was not taken; `permanent` tells whether trying again is pointless."""

    def __init__(self, reply: str, *, permanent: bool) -> None:
        super().__init__(reply)
        self.permanent = permanent
        self.reply = reply  # the server's words, or what happened to the connection


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one reader."""

    to: str  # address, optionally "Name <address>"
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # further ones, e.g. List-Unsubscribe
    unique: str | None = None  # hex; the same on every attempt, so that a repeat is recognised


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes: what a mail URL says."""

    host: str
    port: int
    sender: str  # address, optionally "Name <address>"
    tls: bool  # TLS from the first byte (smtps)
    starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S


def parse_mail_url(url: str) -> MailServer:
    """Read `smtp://user:pw@host:port?from=…&starttls=…` or `smtps://…`.

    `starttls` is `required` (default unless the host is this machine), or `never`; `timeout` is in
    seconds. Ports default to 25, or 587 with a user, and 465 for smtps.

    Raises:
        ValueError: what is wrong with the URL; its password is not repeated.
    """
    place = urlsplit(url)
    if place.scheme not in {"smtp", "smtps"} or not place.hostname:
        raise ValueError("a mail URL looks like smtp://user:password@host:587?from=hub@example.org")
    query = parse_qs(place.query, keep_blank_values=True)
    unknown = query.keys() - {"from", "starttls", "timeout"}
    if unknown:
        raise ValueError(f"a mail URL has from, starttls and timeout, not {sorted(unknown)}")
    if "from" not in query:
        raise ValueError("a mail URL says who sends: add ?from=hub@example.org")
    sender = query["from"][-1]
    _address(sender)
    tls = place.scheme == "smtps"
    return MailServer(
        host=place.hostname,
        port=_port(place.port, tls=tls, user=place.username is not None),
        sender=sender,
        tls=tls,
        starttls=not tls and _starttls(query, place.hostname),
        user=None if place.username is None else unquote(place.username),
        password=None if place.password is None else unquote(place.password),
        timeout_s=_timeout(query),
    )


def _port(given: int | None, *, tls: bool, user: bool) -> int:
    if given is not None:
        return given
    if tls:
        return 465
    return 587 if user else 25


def _starttls(query: Mapping[str, list[str]], host: str) -> bool:
    if "starttls" not in query:
        return host not in _LOOPBACK
    asked = query["starttls"][-1]
    if asked not in _STARTTLS:
        raise ValueError(f"starttls in a mail URL is required or never, not {asked!r}")
    return _STARTTLS[asked]


def _timeout(query: Mapping[str, list[str]]) -> float:
    if "timeout" not in query:
        return TIMEOUT_S
    try:
        seconds = float(query["timeout"][-1])
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise ValueError("timeout in a mail URL is a number of seconds, at most 600")
    return seconds


def mail_bytes(message: Message, sender: str, *, sent: datetime) -> bytes:
    """Write the mail with `Auto-Submitted`, `Date` and a `Message-ID` under the sender's domain.

    Raises:
        ValueError: an address that is none, or a header that would begin another one.
    """
    origin, reader = _address(sender), _address(message.to)
    _require_one_line("Subject", message.subject)
    # Headers are ASCII unless an address itself cannot be.
    utf8 = _needs_smtputf8(origin, reader)
    mail = EmailMessage(policy=_UNBROKEN_UTF8 if utf8 else _UNBROKEN)
    mail["From"] = origin
    mail["To"] = reader
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(sent)
    unique = message.unique or secrets.token_hex(16)
    mail["Message-ID"] = f"<{unique}@{origin.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies, please
    for name, value in message.headers.items():
        _require_own(name)
        _require_one_line(name, value)
        mail[name] = value
    mail.set_content(message.text, cte="quoted-printable")
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def send(url: str, message: Message, *, sent: datetime) -> None:
    """Hand one mail over. Blocks: call it from a worker thread.

    Raises:
        MailRefused: permanent for 5xx about this mail; not so for 4xx, a refused password,
            timeouts and lost connections.
        ValueError: as `parse_mail_url` and `mail_bytes`.
    """
    server = parse_mail_url(url)
    content = mail_bytes(message, server.sender, sent=sent)
    try:
        _hand_over(server, message, content)
    except smtplib.SMTPRecipientsRefused as refused:
        code, reply = next(iter(refused.recipients.values()))
        raise _refused(code, reply) from refused
    except smtplib.SMTPAuthenticationError as refused:
        # 535 speaks of our password, not of this mail: it may go once the operator mends that.
        words = _refused(refused.smtp_code, refused.smtp_error).reply
        raise MailRefused(words, permanent=False) from refused
    except smtplib.SMTPResponseException as refused:
        raise _refused(refused.smtp_code, refused.smtp_error) from refused
    except smtplib.SMTPNotSupportedError as refused:
        raise MailRefused(str(refused), permanent=True) from refused
    except ssl.SSLCertVerificationError as broken:
        words = f"the mail server's certificate is not valid: {broken.verify_message}"
        raise MailRefused(words, permanent=False) from broken
    except (smtplib.SMTPException, OSError) as broken:
        words = (
            f"no mail server at {server.host}:{server.port}: {str(broken) or type(broken).__name__}"
        )
        raise MailRefused(words, permanent=False) from broken


def _hand_over(server: MailServer, message: Message, content: bytes) -> None:
    origin, reader = _address(server.sender), _address(message.to)
    with closing(_connected(server, origin)) as connection:
        connection.ehlo_or_helo_if_needed()
        if server.starttls:
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if server.user is not None:
            connection.login(server.user, server.password or "")
        options = []
        if _needs_smtputf8(origin, reader):
            if not connection.has_extn("smtputf8"):
                raise smtplib.SMTPNotSupportedError(
                    f"the mail server cannot carry the address {reader.addr_spec}"
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        connection.sendmail(origin.addr_spec, [reader.addr_spec], content, options)
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()  # the mail is taken: a failure now must not send it twice


def _connected(server: MailServer, origin: Address) -> smtplib.SMTP:
    # Named explicitly: smtplib would look up this machine's own name, which may hang.
    name = origin.domain
    if not server.tls:
        return smtplib.SMTP(server.host, server.port, name, server.timeout_s)
    return smtplib.SMTP_SSL(
        server.host,
        server.port,
        name,
        timeout=server.timeout_s,
        context=ssl.create_default_context(),
    )


def _refused(code: int, reply: bytes | str) -> MailRefused:
    words = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return MailRefused(f"{code} {words}".strip(), permanent=500 <= code <= 599)


def _address(written: str) -> Address:
    """Read one address with an optional name.

    Raises:
        ValueError: no address, several, or one that would begin another header.
    """
    _require_one_line("an address", written)
    name, spec = (getaddresses([written]) or [("", "")])[0]
    local, at, domain = spec.rpartition("@")
    # The parser forgives much (blanks inside, a list of addresses); what it read must be there.
    alone = spec in written and len(getaddresses([written])) == 1
    if not at or not alone or not _LOCAL_PART.fullmatch(local):
        raise ValueError(f"not a mail address: {written[:200]!r}")
    return Address(name, local, _ascii_domain(domain))


def _ascii_domain(domain: str) -> str:
    """Write a domain as the mail system knows it (IDNA 2008)."""
    if domain.isascii() and re.fullmatch(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f.:IPv]+\]", domain):
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"not a domain: {domain[:200]!r}") from error


def _needs_smtputf8(*addresses: Address) -> bool:
    return any(not address.username.isascii() for address in addresses)


def _require_one_line(name: str, value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError(f"{name} must be one line: {value[:200]!r}")


def _require_own(name: str) -> None:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
        raise ValueError(f"not a header a message may set: {name[:80]!r}")
