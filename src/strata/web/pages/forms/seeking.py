"""Pages of lists that are read by seek, as `?after=` of the address."""

from __future__ import annotations

from starlette.requests import Request

from strata.lib.db.seek import Place, Window

LONGEST = 60  # characters


def window_of(request: Request, *, keys: int, limit: int, name: str = "after") -> Window:
    """Which part of a list the address asks for; nonsense is its start.

    Args:
        name: of the part of the address, where a page has several lists.
    """
    words = request.query_params.get(name, "")[:LONGEST].split("-")
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19]
    return Window(limit, tuple(numbers) if len(numbers) == len(words) == keys else None)


def address_of(place: Place | None) -> str:
    """The value of `?after=` that leads to the next page; empty on the last."""
    return "-".join(str(number) for number in place) if place else ""
