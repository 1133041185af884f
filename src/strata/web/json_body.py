"""JSON that callers send, decoded and checked in one place: every refusal names the field."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from strata.core.errors import Malformed

T = TypeVar("T")

# An escaped NUL, not an escaped backslash before `u0000`. PostgreSQL takes none in a text, git none
# in a name.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def decoded(body: bytes, shape: type[T]) -> T:
    """Decode a body; an empty one reads as `{}`, unknown fields are ignored as the Hub does.

    Raises:
        Malformed: not JSON, a text with NUL, or a field of the wrong type; the message names it.
    """
    if b"\\u0000" in body and _NUL.search(body):
        raise Malformed("Invalid request body: it holds a character that cannot be kept (U+0000).")
    return parsed(body or b"{}", shape, "request body")


def parsed(text: bytes | msgspec.Raw, shape: type[T], what: str, *, at: str = "") -> T:
    """Decode JSON, also a piece of a longer body.

    Args:
        what: what the text is to the caller, as in "Invalid commit: …".
        at: the name of the field that holds the text, where it is one.

    Raises:
        Malformed: as `decoded`; the place is told from where the caller stands.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # the last: too deep
        raise Malformed(f"Invalid {what}: {_placed(str(error), at)}") from error


def _placed(problem: str, at: str) -> str:
    """The decoder names places from its own root, and the root itself not at all."""
    if not at:
        return problem
    problem, _, place = problem.partition(" - at `$")
    return f"{problem} - at `$.{at}{place or '`'}"
