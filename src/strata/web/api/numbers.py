"""Numbers in query strings."""

from __future__ import annotations

from starlette.requests import Request

from strata.core.errors import Malformed

MAX_DIGITS = 9


def count_of(request: Request, name: str) -> int | None:
    """A count from the query; None when it is not given.

    Raises:
        Malformed: not a number.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise Malformed(f'"{name}" must be a number')
    return int(text)
