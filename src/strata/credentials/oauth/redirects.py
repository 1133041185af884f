"""Where an application may have its visitors sent back to (hub-api 03 §5.1, RFC 8252, RFC 9700).

The address of a request equals a registered one, character by character. The one exception is for
programs on the visitor's own machine: on a loopback host that was registered, any port will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST: Final = 2000  # characters
MOST: Final = 20
# Schemes that a browser runs or opens itself; a program's own name one holds a dot (RFC 8252 §7.1).
_OWN_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
# A host goes into the policy of the page that sends there, where `;` and `,` begin something else.
_HOST: Final = re.compile(r"((\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]+)?)?")
_PLAIN: Final = re.compile(r"[!-\[\]-~]+")  # visible ASCII without the backslash


def fault(address: str) -> str:
    """The message key of what is wrong with an address to register; empty: nothing."""
    if len(address) > LONGEST or not _PLAIN.fullmatch(address):
        return "oauth.redirect_malformed"
    parts = _split(address)
    # A * would be a letter like any other, and whoever writes one means something else.
    if parts is None or frozenset("#*") & frozenset(address) or not _HOST.fullmatch(parts.netloc):
        return "oauth.redirect_malformed"
    if {".", ".."} & frozenset(parts.path.lower().replace("%2e", ".").split("/")):
        return "oauth.redirect_malformed"
    return _scheme_fault(parts)


def _scheme_fault(parts: SplitResult) -> str:
    if parts.scheme == "https":
        return "" if parts.hostname else "oauth.redirect_malformed"
    if parts.scheme == "http":
        return "" if parts.hostname in LOOPBACK else "oauth.redirect_http"
    return "" if _OWN_SCHEME.fullmatch(parts.scheme) else "oauth.redirect_scheme"


def is_registered(address: str, registered: Iterable[str]) -> bool:
    """Whether an application may have its visitors sent to this address."""
    if fault(address):
        return False
    return any(address == known or _differs_in_port(address, known) for known in registered)


def _differs_in_port(address: str, known: str) -> bool:
    """Whether both are the same place on the same loopback host."""
    asked, kept = _split(address), _split(known)
    if asked is None or kept is None or kept.scheme != "http" or kept.hostname not in LOOPBACK:
        return False
    same_host = asked.scheme == "http" and asked.hostname == kept.hostname
    return same_host and _behind_host(asked) == _behind_host(kept)


def _behind_host(parts: SplitResult) -> tuple[str, str]:
    return parts.path, parts.query


def shown(address: str) -> str:
    """The part that tells a person where they are sent: the whole host, or a program's scheme."""
    parts = urlsplit(address)
    return parts.netloc or f"{parts.scheme}:"


def form_target(address: str) -> str:
    """What the page that sends there must allow its form's answer to lead to."""
    parts = urlsplit(address)
    if not parts.netloc or parts.hostname == "::1":  # a policy has no way to write that host
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 — raises where it is no number
    except ValueError:
        return None
    return parts
