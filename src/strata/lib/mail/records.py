"""What the name system says of a domain that sends mail: SPF, DKIM, DMARC.

RFC 7208, RFC 6376, RFC 7489. Looked up only when an operator asks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.resolver

from strata.lib.mail.name_servers import resolver_of

TIMEOUT_S: Final = 5.0
TxtRecords = Callable[[str], list[str] | None]  # of a name; None: nobody could be asked


@dataclass(frozen=True, slots=True)
class Advice:
    """One record: whether it is there, and what to do otherwise."""

    kind: str  # "SPF", "DKIM", "DMARC"
    found: str | None  # the record; empty: there is none; None: nobody could be asked
    name: str  # where it belongs
    example: str  # what could stand there; empty: only the mail server knows
    advice: str


def txt_records(servers: Sequence[str] = ()) -> TxtRecords:
    """Ask these name servers, such as `10.0.0.53:5353`, or else those of this machine."""

    def found(name: str) -> list[str] | None:
        try:
            answer = resolver_of(servers).resolve(name, "TXT", lifetime=TIMEOUT_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

    return found


def advices(domain: str, server: str, txt: TxtRecords) -> Iterator[Advice]:
    """What receivers look for before they trust mail of a domain.

    Args:
        server: the host to which mails are handed over.
    """
    spf = f"v=spf1 {_mechanism(server)} -all"
    yield Advice(
        "SPF",
        _beginning(txt(domain), "v=spf1"),
        domain,
        spf,
        f"Add a TXT record at {domain} that names the servers that send for it, for example"
        f' "{spf}"; your mail provider tells you what to include.',
    )
    dmarc = f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"
    yield Advice(
        "DMARC",
        _beginning(txt(f"_dmarc.{domain}"), "v=DMARC1"),
        f"_dmarc.{domain}",
        dmarc,
        f'Add a TXT record at _dmarc.{domain}, for example "{dmarc}".',
    )
    selector = f"SELECTOR._domainkey.{domain}"
    yield Advice(
        "DKIM",
        None,
        selector,
        "",
        "Let your mail server or provider sign what it sends; it tells you the TXT record to add"
        f" at {selector}. The name system does not tell which selectors there"
        " are: look for DKIM-Signature in the test mail that arrived.",
    )


def _mechanism(server: str) -> str:
    """How an SPF record names a server (RFC 7208 §5).

    An address that only the hub sees says nothing to receivers: the domain's own servers stand in.
    """
    try:
        address = ipaddress.ip_address(server.strip("[]"))
    except ValueError:
        return "a mx" if server == "localhost" or "." not in server else f"a:{server}"
    return f"ip{address.version}:{address}" if address.is_global else "a mx"


def _beginning(records: list[str] | None, mark: str) -> str | None:
    if records is None:
        return None
    return next((one for one in records if one.lower().startswith(mark.lower())), "")
