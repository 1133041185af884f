"""Cursors of lists that page by seek: the last row's place in the order, opaque to clients."""

from __future__ import annotations

import base64
from typing import TypeVar

import msgspec

from strata.core.errors import Malformed

BAD_CURSOR = '"cursor" is not one of ours; follow the Link header.'
LONGEST = 2_000  # characters

T = TypeVar("T")


def cursor_at(place: object) -> str:
    """Write a place, such as (moment, id), so that it fits a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str, shape: type[T]) -> T:
    """Read a place back.

    Args:
        shape: a msgspec Struct, whose bounds keep out what no column could hold, or a tuple whose
            members the caller bounds.

    Raises:
        Malformed: we did not write this cursor.
    """
    if len(cursor) > LONGEST:
        raise Malformed(BAD_CURSOR)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Malformed(BAD_CURSOR) from error
