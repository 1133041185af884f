"""Access tokens in texts that others read: the one place that looks for them (product §3.10).

What keeps a text that everybody reads, or that somebody sends to others, asks `require_none` first;
files have more to say (`content.writing.exposed`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from strata.core.call import Call
from strata.core.errors import Unprocessable
from strata.credentials.tokens.leaked import leaks
from strata.credentials.tokens.values import PREFIX, found_in

MOST_BYTES: Final = 1024 * 1024  # of a text that is looked through
MOST_VALUES: Final = 100  # of one text that are looked up
BINARY: Final = 8000  # bytes of the start in which no text has a NUL, as git has it
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # how `>` of Windows' shell begins


def is_text(start: bytes | bytearray) -> bool:
    """Whether what begins like this is looked through."""
    return start.startswith(UTF_16) or b"\0" not in start[:BINARY]


def values_in(content: bytes) -> Iterator[tuple[str, int]]:
    """What in a text may be a token of ours, with its line; nothing in what is no text."""
    if len(content) > MOST_BYTES or not is_text(content):
        return
    if content.startswith(UTF_16):
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
    if PREFIX.encode() not in content:
        return
    for number, found in enumerate(found_in(content)):
        if number >= MOST_VALUES:
            return
        yield found


def alive_in(call: Call, content: bytes) -> Iterator[int]:
    """The lines of a text in which there is an access token that works."""
    return (line for value, line in values_in(content) if leaks.alive(call, value))


def require_none(call: Call, *texts: str) -> None:
    """Insist that what others will read holds no access token that works.

    Raises:
        Unprocessable: names the line, never the token.
    """
    for text in texts:
        for line in alive_in(call, text.encode("utf-8", "replace")):
            raise Unprocessable(
                f"In line {line} of this text is an access token that works, and others can read "
                f"it here. Take it out, and refresh it on {call.origin.base_url}/settings/tokens. "
                "Nothing was written."
            )
