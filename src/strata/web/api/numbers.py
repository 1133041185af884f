"""Numbers in query strings."""

from __future__ import annotations

import re

from starlette.requests import Request

from strata.core.errors import Malformed
from strata.search.query import LARGEST, Span

MAX_DIGITS = 9

_BOUND = re.compile(r"(min|max):([0-9]{1,15}(?:\.[0-9]{1,9})?)([KMBT]?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


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


def span_of(request: Request, name: str) -> Span | None:
    """A span such as `min:6B,max:128B`, both ends included; None when it is not given.

    Raises:
        Malformed: it is written otherwise.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    bounds = {"min": 1, "max": LARGEST}
    for part in text.split(","):
        found = _BOUND.fullmatch(part.strip())
        if found is None:
            raise Malformed(f'"{name}" must be a span such as min:6B,max:128B')
        number = int(float(found[2]) * _UNITS[found[3].upper()])
        bounds[found[1].lower()] = min(number, LARGEST)
    return Span(max(1, bounds["min"]), bounds["max"])
