"""Take secrets out of what is written down for long: log lines and the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

REDACTED: Final = "[redacted]"

# Tokens of every kind in any text, whatever brought them there, and what follows a scheme's name or
# stands in an address.
_SECRET = re.compile(
    r"hf_[A-Za-z0-9_]{16,}"
    r"|(?i:bearer|basic|remoteauth)\s+[A-Za-z0-9+/=_.~-]{8,}"
    r"|(?i:(?<=[?&]token=)|(?<=[?&]code=)|(?<=[?&]secret=)|(?<=[?&]password=))[^&#\s\"']+"
)
NEVER: Final = frozenset(
    {"authorization", "cookie", "set-cookie", "password", "token", "secret", "code", "otp"}
)


def clean_text(text: str) -> str:
    """The text without anything that looks like a secret."""
    return _SECRET.sub(REDACTED, text)


def clean(value: object, name: str = "") -> object:
    """The same for a value as JSON has them, at any depth.

    Args:
        name: under which the value stands; what is named like a secret is one, if it is a text.
    """
    if isinstance(value, str):
        return REDACTED if name.lower() in NEVER and value else clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [clean(inner, name) for inner in value]
    return value
