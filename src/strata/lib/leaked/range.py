"""Ask a server for leaked passwords by the first five of forty digits (k-anonymity).

The server learns those five digits and answers with some hundred others; which one was meant stays
here. The protocol is that of `GET https://api.pwnedpasswords.com/range/{five digits}`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from strata.lib.http.guard import Allowed
from strata.lib.http.outbound import Message, Outbound, Unreachable

WITHIN_S: Final = 3  # somebody waits for a page
MOST_BYTES: Final = 1024 * 1024  # a thousand lines of 40 bytes are usual
_PREFIX: Final = 5
_OK: Final = 200
# With padding the length of the answer tells nobody on the way which five digits were asked for.
_HEADERS: Final = {"User-Agent": "strata", "Add-Padding": "true"}


def holds(outbound: Outbound, base: str, digest: str) -> bool:
    """Whether the server knows a SHA-1. Blocks: never inside a transaction.

    Args:
        base: what stands before the five digits; the operator chose it.
        digest: 40 upper-case hex digits.

    Raises:
        Unreachable, TargetRefused: it does not say.
    """
    address = f"{base.rstrip('/')}/{digest[:_PREFIX]}"
    chosen = urlsplit(base)
    allowed = Allowed(hosts=frozenset({chosen.hostname or ""}))
    guard = replace(outbound.guard, allowed=allowed, plain_http=chosen.scheme == "http")
    message = Message(b"", _HEADERS, method="GET")
    way = replace(outbound, guard=guard)
    reply = way.send(address, message, within_s=WITHIN_S, keep=MOST_BYTES)
    if reply.status != _OK or reply.truncated:
        raise Unreachable(f"status {reply.status}" if reply.status != _OK else "endless answer")
    return _counts(reply.body.decode("ascii", "replace"), digest[_PREFIX:]) > 0


def _counts(body: str, rest: str) -> int:
    """How often a password leaked; the padding of an answer has a count of 0."""
    for line in body.splitlines():
        digits, _, count = line.strip().partition(":")
        if digits.upper() == rest:
            return int(count) if count.isascii() and count.isdigit() else 1
    return 0
