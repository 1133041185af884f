"""The values of tokens: their shapes, and how they are recognised in a text (product §3.10).

`hf_` and 34 letters, because every secret scanner knows that shape; the last six letters check
the others, so that a leaked value can be recognised without asking the database.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Iterator
from typing import Final

from strata.core.errors import Malformed
from strata.core.hub import Hub

PREFIX: Final = "hf_"
REFRESH_PREFIX: Final = "hf_oauth_refresh_"  # of what applications refresh with
BODY_LENGTH: Final = 28
CHECK_LENGTH: Final = 6
LONGEST_VALUE: Final = 256
SHORTEST_IMPORTED: Final = 12
STAMP_LENGTH: Final = 16
# What one of ours looks like in a text. Those of applications and CI jobs hold no check.
_OURS: Final = re.compile(
    rb"(?<![A-Za-z0-9_])hf_"
    rb"(?:[A-Za-z]{34}|(?:oauth|jwt)_[A-Za-z]{40}|oauth_refresh_[A-Za-z0-9]{40,43})"
    rb"(?![A-Za-z0-9_])"
)


def fresh_value() -> str:
    """`hf_`, 28 random letters (159 bits), 6 letters that check them."""
    body = "".join(secrets.choice(string.ascii_letters) for _ in range(BODY_LENGTH))
    return f"{PREFIX}{body}{_check(body)}"


def may_be_kept(value: str) -> bool:
    """Whether it is worth asking the database about a value.

    The check in ours says more, but values that an operator imported, whose programs go on with
    what they have, look like ours and need not hold it.
    """
    return value.startswith(PREFIX) and SHORTEST_IMPORTED <= len(value) <= LONGEST_VALUE


def is_well_formed(value: str) -> bool:
    """Whether a value is one that we could have issued; imported values need not be."""
    body = value.removeprefix(PREFIX)[:BODY_LENGTH]
    lettered = len(body) == BODY_LENGTH and body.isascii() and body.isalpha()
    return lettered and value == f"{PREFIX}{body}{_check(body)}"


def found_in(text: bytes) -> Iterator[tuple[str, int]]:
    """What in a text may be one of our tokens, each with its line, counted from 1."""
    for match in _OURS.finditer(text):
        value = match[0].decode()
        if "_" in value.removeprefix(PREFIX) or is_well_formed(value):
            yield value, text.count(b"\n", 0, match.start()) + 1


def kept(hub: Hub, value: str) -> dict[str, str]:
    """What is stored of a value."""
    return {
        "digest": hub.secrets.digest("token", value),
        "prefix": value[: len(PREFIX) + 4],
        "suffix": value[-4:],
    }


def require_importable(value: str) -> None:
    """Insist on a value that clients can send.

    Raises:
        Malformed: it has another shape.
    """
    shaped = (
        value.startswith(PREFIX) and value.isascii() and value.isprintable() and " " not in value
    )
    if not shaped or not SHORTEST_IMPORTED <= len(value) <= LONGEST_VALUE:
        raise Malformed(
            f"A token value starts with `{PREFIX}` and has {SHORTEST_IMPORTED} to {LONGEST_VALUE} "
            "visible ASCII characters."
        )


def _check(body: str) -> str:
    """Six letters that depend on all letters of the body."""
    number = int.from_bytes(hashlib.sha256(body.encode()).digest()[:8])
    check = ""
    for _ in range(CHECK_LENGTH):
        number, index = divmod(number, len(string.ascii_letters))
        check += string.ascii_letters[index]
    return check
