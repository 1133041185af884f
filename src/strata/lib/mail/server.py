"""Where mail goes: what a mail URL says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from strata.lib.mail.message import address_of

TIMEOUT_S = 30.0  # of each exchange with the server
LONGEST_TIMEOUT_S = 60.0
EXCHANGES = 4  # so many times that, and the whole attempt is over, however busy the server seems
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_STARTTLS = {"required": True, "true": True, "1": True, "never": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, and as whom it is spoken to."""

    host: str
    port: int
    sender: str  # address, optionally "Name <address>"
    tls: bool  # TLS from the first byte (smtps)
    starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S

    @property
    def longest_s(self) -> float:
        """After this an attempt is given up, even if the server says a byte now and then."""
        return self.timeout_s * EXCHANGES

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


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
    address_of(sender)
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
    if not 0 < seconds <= LONGEST_TIMEOUT_S:
        raise ValueError(
            f"timeout in a mail URL is a number of seconds, at most {LONGEST_TIMEOUT_S:.0f}"
        )
    return seconds
