"""E-mail addresses: what counts as one, which are equal, and which may join."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import email_validator

from strata.accounts.mailboxes.disposable import is_disposable
from strata.core.settings.tree import Settings

LONGEST = 254  # characters, RFC 5321
# Domains of closed networks and test benches, which the library refuses: the Internet has none.
LOCAL_SUFFIXES = (".local", ".test", ".localhost", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Address:
    """A well-formed address."""

    text: str  # local part as typed
    key: str  # equal for equal addresses: case-folded, the domain in its ASCII form
    domain: str  # ASCII form, lower case

    @property
    def local_part(self) -> str:
        return self.text.rpartition("@")[0]


def parse(text: str) -> Address | None:
    """Read an address; None when it is none. Asks no name server."""
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST:
        return None
    closed = stripped.lower().endswith(LOCAL_SUFFIXES)
    try:
        valid = email_validator.validate_email(
            f"{stripped}.com" if closed else stripped, check_deliverability=False
        )
    except email_validator.EmailNotValidError:
        return None
    domain = valid.ascii_domain.lower().removesuffix(".com" if closed else "")
    shown = valid.domain.removesuffix(".com" if closed else "")
    return Address(f"{valid.local_part}@{shown}", key_of(f"{valid.local_part}@{domain}"), domain)


def key_of(text: str) -> str:
    """Case-fold an address of ASCII domain for comparison."""
    return unicodedata.normalize("NFC", text).casefold()


def faults(text: str, settings: Settings) -> tuple[str, ...]:
    """The message key of what keeps an address from signing up; a list that names it lets it in."""
    stripped = text.strip()
    if not stripped:
        return ("email.empty",)
    if len(stripped) > LONGEST:
        return ("email.too_long",)
    address = parse(stripped)
    return ("email.invalid",) if address is None else _domain_faults(address.domain, settings)


def _domain_faults(domain: str, settings: Settings) -> tuple[str, ...]:
    chosen = settings.accounts
    if any(covers(pattern, domain) for pattern in chosen.blocked_domains):
        return ("email.blocked_domain",)
    if chosen.allowed_domains:
        named = any(covers(pattern, domain) for pattern in chosen.allowed_domains)
        return () if named else ("email.not_listed",)
    refused = not chosen.allow_disposable and is_disposable(settings, domain)
    return ("email.disposable",) if refused else ()


def covers(pattern: str, domain: str) -> bool:
    """`example.com` covers itself; `*.example.com` covers what stands below it."""
    folded = pattern.strip().lower()
    if folded.startswith("*."):
        return domain.endswith(_ascii(folded[1:]))
    return domain == _ascii(folded)


def _ascii(domain: str) -> str:
    return ".".join(
        label if label.isascii() else label.encode("idna").decode() for label in domain.split(".")
    )


def masked(text: str) -> str:
    """`a•••@example.com`: enough to recognise one's own address, no more."""
    local_part, at, domain = text.rpartition("@")
    return f"{local_part[:1]}•••{at}{domain}"
