"""Whether somebody could be mailed at a domain, before they sign up with it (product §3.4).

Off by default (`accounts.check_mail_domains`). What the operator named is not asked about, and a
name server that does not answer keeps nobody out.
"""

from __future__ import annotations

import functools

from strata.accounts import limits
from strata.accounts.mailboxes import addresses
from strata.core.call import Call, working
from strata.lib.mail.domains import MailDomains

CHECKS_PER_HOUR = 60  # from one address


def domain_faults(call: Call, email: str) -> tuple[str, ...]:
    """The message key `email.no_mail` for a domain that certainly takes no mail.

    Blocks for up to some seconds: never inside a `Work`.

    Args:
        email: an address without other faults.

    Raises:
        TooMany: one address had too many domains looked up.
    """
    chosen = call.hub.settings.accounts
    address = addresses.parse(email)
    if not chosen.check_mail_domains or address is None:
        return ()
    named = any(addresses.covers(pattern, address.domain) for pattern in chosen.allowed_domains)
    if named or address.domain.endswith(addresses.LOCAL_SUFFIXES):
        return ()
    place = limits.address_of(call.origin.ip)
    with working(call) as work:
        limits.count(work, limits.Limit(f"signup.domain:{place}", CHECKS_PER_HOUR, 60))
    return ("email.no_mail",) if _asking(chosen.name_servers).refuses(address.domain) else ()


@functools.lru_cache(8)
def _asking(servers: tuple[str, ...]) -> MailDomains:
    return MailDomains(servers)
