"""Whether a domain takes mail, as far as the name system says (RFC 5321 §5, RFC 7505)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.resolver
from email_validator import EmailUndeliverableError
from email_validator.deliverability import caching_resolver, validate_email_deliverability

from strata.lib.mail.name_servers import resolver_of

TIMEOUT_S: Final = 3
# What the library found out; anything else that it says is about our own way to the name server.
_FOUND_OUT: Final = (type(None), dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class MailDomains:
    """Asks name servers, and remembers what they said for as long as they say."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        """Args: servers: `10.0.0.53` or `10.0.0.53:5353`; empty: those of this machine."""
        self._servers = tuple(servers)
        self._resolver: dns.resolver.Resolver | None = None

    def refuses(self, domain: str) -> bool:
        """Whether a domain (ASCII form) certainly takes no mail; blocks for up to some seconds.

        It does not exist, says so, or has no server that could take any. False where nobody could
        be asked.
        """
        try:
            resolver = self._resolver = self._resolver or self._made()
            validate_email_deliverability(domain, domain, dns_resolver=resolver)
        except EmailUndeliverableError as error:
            return isinstance(error.__cause__, _FOUND_OUT)
        except (dns.exception.DNSException, OSError):
            return False
        return False

    def _made(self) -> dns.resolver.Resolver:
        return caching_resolver(timeout=TIMEOUT_S, dns_resolver=resolver_of(self._servers))
