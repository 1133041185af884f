"""Write a mail as bytes. RFC 5322, RFC 6531."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, getaddresses

import idna

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


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one reader."""

    to: str  # address, optionally "Name <address>"
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # further ones, e.g. List-Unsubscribe
    unique: str | None = None  # hex; the same on every attempt, so that a repeat is recognised


def mail_bytes(message: Message, sender: str, *, sent: datetime) -> bytes:
    """Write the mail with `Auto-Submitted`, `Date` and a `Message-ID` under the sender's domain.

    Raises:
        ValueError: an address that is none, or a header that would begin another one.
    """
    origin, reader = address_of(sender), address_of(message.to)
    _require_one_line("Subject", message.subject)
    # Headers are ASCII unless an address itself cannot be.
    utf8 = needs_smtputf8(origin, reader)
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
        # A repeat is the same to the byte; `=_` cannot stand in quoted-printable text.
        mail.set_boundary(f"=_{unique}")
    return mail.as_bytes()


def named(sender: str, name: str) -> str:
    """The sender with a name, unless it has one.

    Raises:
        ValueError: `sender` is no address.
    """
    address = address_of(sender)
    clean = _CONTROL.sub(" ", name).strip()
    if address.display_name or not clean:
        return sender
    return str(Address(clean, address.username, address.domain))


def address_key(written: str) -> str:
    """Equal for addresses of the same mailbox as far as anybody but its server can tell.

    Case-folded, the domain in its ASCII form; what is no address stays what it is.
    """
    try:
        text = address_of(written).addr_spec
    except ValueError:
        text = written
    return unicodedata.normalize("NFC", text).casefold()


def address_of(written: str) -> Address:
    """Read one address with an optional name; its domain becomes ASCII.

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


def needs_smtputf8(*addresses: Address) -> bool:
    """Whether only a server with RFC 6531 can carry a mail between them."""
    return any(not address.username.isascii() for address in addresses)


def _ascii_domain(domain: str) -> str:
    """Write a domain as the mail system knows it (IDNA 2008)."""
    if domain.isascii() and re.fullmatch(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f.:IPv]+\]", domain):
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"not a domain: {domain[:200]!r}") from error


def _require_one_line(name: str, value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError(f"{name} must be one line: {value[:200]!r}")


def _require_own(name: str) -> None:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
        raise ValueError(f"not a header a message may set: {name[:80]!r}")
